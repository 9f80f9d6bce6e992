"""Words of a transcript given to speakers that are heard anew."""

import io
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from services import pipeline
from services.audio.pcm import ArrayPcm
from services.audio.recording import FRAMES_PER_MS, ChannelLayout, Recording
from services.domain.calls import AudioFacts, ProcessingOptions, Stage
from services.domain.errors import Cancelled
from services.domain.part import Part
from services.domain.running import RunContext
from services.domain.speech import (
    PiiMention,
    PiiType,
    Speaker,
    SpeakerRole,
    Transcript,
    Utterance,
    Word,
)
from services.engine.engine import LocalEngine
from services.engine.pieces import pieces_of
from services.engine.relabelling import relabel
from services.engine.speakers.diarizer import Voice
from tests.builders import SENTIMENTS
from tests.unit.audio.sounds import RATE, noise
from tests.unit.providers.test_local import LoudIsSpeech

RECOGNISED = Speaker(id="s1", label="Nora", voice_id="v1", voice_confidence=0.9)
MS = 250  # of one character of a ruler


class DrawnVoices:
    """Stands for the diarizer: hears the voices that were drawn, and notes how many it may."""

    def __init__(self, *rulers: str) -> None:
        self.rulers = rulers
        self.asked: list[tuple[int, int | None]] = []

    def diarize(self, pcm, context, *, voices):
        self.asked.append((voices.least, voices.most))
        context.report(Stage.SPEAKERS, 0.5)
        return tuple(
            Voice(voiceprint=np.zeros(256, np.float32), spans=spans_of(r))
            for r in self.rulers[: voices.most]
        )


def spans_of(ruler: str, mark: str = "#") -> tuple[tuple[int, int], ...]:
    edges = np.flatnonzero(np.diff([0, *(c == mark for c in ruler), 0]))
    return tuple((int(a) * MS, int(b) * MS) for a, b in zip(edges[::2], edges[1::2], strict=True))


def sound(ruler: str):
    """Noise where a ruler has a mark; each voice has its own level."""
    samples = np.zeros(len(ruler) * MS * FRAMES_PER_MS, np.float32)
    for start, end in spans_of(ruler):
        part = slice(start * FRAMES_PER_MS, end * FRAMES_PER_MS)
        samples[part] = noise((end - start) / 1000, level=0.3)
    return samples


def recording(*rulers: str, separate: bool = False) -> Recording:
    tracks = [sound(r) for r in rulers]
    samples = np.stack(tracks, axis=1) if separate else np.maximum.reduce(tracks)
    facts = AudioFacts(
        duration_ms=len(samples) // 16,
        channels=len(rulers) if separate else 1,
        sample_rate=RATE,
        codec="pcm_s16le",
        container="wav",
    )
    layout = ChannelLayout.SEPARATE if separate else ChannelLayout.MIXED
    return Recording(
        facts=facts, layout=layout, pcm=ArrayPcm(samples), open_source=lambda: io.BytesIO()
    )


def written(ruler: str, *, said: str | None = None, number: int = 1, **changes) -> Utterance:
    """Return an utterance whose words lie as drawn: ``Hello....you``, one word a run of letters."""
    runs, at = [], 0
    for run in ruler.replace(".", " ").split():
        start = ruler.index(run, at)
        at = start + len(run)
        runs.append((run, start * MS, at * MS))
    texts = said.split() if said else [text for text, _, _ in runs]
    words = tuple(
        Word(text=text, start_ms=start, end_ms=end, confidence=0.5)
        for text, (_, start, end) in zip(texts, runs, strict=True)
    )
    made = Utterance(
        id=f"u{number}",
        speaker=None,
        start_ms=words[0].start_ms,
        end_ms=words[-1].end_ms,
        text=" ".join(texts),
        confidence=0.8,
        words=words,
        sentiment=SENTIMENTS["-"],
    )
    return replace(made, **changes)


def without_speakers(*utterances: Utterance, **changes) -> Transcript:
    made = Transcript(
        id="t1",
        provider="example",
        duration_ms=1,
        speakers=(),
        utterances=utterances,
        spans=(),
        language="en",
        stages={"recognition": "example", "sentiment": "example", "summary": "example"},
    )
    return replace(made, **changes)


def told_apart(transcript: Transcript, *voices: str, separate: bool = False, **options):
    engine = LocalEngine(
        activity=LoudIsSpeech(),
        whisper=None,  # type: ignore[arg-type]
        recogniser=None,  # type: ignore[arg-type]
        diarizer=DrawnVoices(*voices),  # type: ignore[arg-type]
    )
    source = recording(*voices, separate=separate)
    return relabel(engine, source, transcript, ProcessingOptions(**options), RunContext())


def lines(transcript: Transcript) -> list[tuple[str | None, str]]:
    return [(u.speaker, u.text) for u in transcript.utterances]


def all_words(transcript: Transcript) -> list[Word]:
    return sorted((w for u in transcript.utterances for w in u.words), key=lambda w: w.start_ms)


class TestWordsOfAMixedCall:
    def test_one_long_line_becomes_a_line_for_each_voice(self):
        before = without_speakers(written("Hello.sir....what..isit.....mybill...iswrong"))
        after = told_apart(
            before,
            "##########..##########......................",
            "........................####################",
        )
        assert lines(after) == [("s1", "Hello sir what isit"), ("s2", "mybill iswrong")]
        assert [(s.id, s.label, s.role) for s in after.speakers] == [
            ("s1", "Speaker 1", SpeakerRole.UNKNOWN),
            ("s2", "Speaker 2", SpeakerRole.UNKNOWN),
        ]
        assert {s.speaker for s in after.spans} == {"s1", "s2"}
        assert set(after.loudness_dbfs) == {"s1", "s2"}

    def test_words_keep_text_time_and_confidence(self):
        before = without_speakers(written("Hello.sir....what..isit.....mybill...iswrong"))
        after = told_apart(
            before,
            "#####################.......................",
            "........................####################",
        )
        assert all_words(after) == list(before.utterances[0].words)
        assert after.duration_ms == 11_000
        assert (after.provider, after.language, after.id == before.id) == ("example", "en", False)
        for line in after.utterances:
            assert line.start_ms <= line.words[0].start_ms
            assert line.words[-1].end_ms <= line.end_ms

    def test_wrong_speakers_do_not_matter(self):
        before = without_speakers(
            written("Good.day", number=1, speaker="x"),
            written("...............thanks.bye", number=2, speaker="x"),
        )
        after = told_apart(
            before,
            "########.................",
            "...............##########",
        )
        assert lines(after) == [("s1", "Good day"), ("s2", "thanks bye")]

    def test_what_is_said_at_once_stays_with_the_sentence(self):
        #                             both talk here: vvvv
        before = without_speakers(written("one.two.three.four.five"))
        after = told_apart(
            before,
            "##################.....",
            "..............#########",
        )
        assert lines(after) == [("s1", "one two three four"), ("s2", "five")]

    def test_a_word_nobody_is_near_belongs_to_nobody(self):
        before = without_speakers(written("yes.....................what"))
        after = told_apart(
            before,
            "####........................",
        )
        assert lines(after) == [("s1", "yes"), (None, "what")]
        assert [u.id for u in after.utterances] == ["u1", "u2"]

    def test_what_was_understood_of_the_old_lines_is_left_out(self):
        before = without_speakers(written("yes.no"), speakers=(RECOGNISED,))
        stages = {**before.stages, "known_voices": "local voiceprints"}
        after = told_apart(replace(before, stages=stages), "######")
        (line,) = after.utterances
        assert [s.voice_id for s in after.speakers] == [None]
        assert (line.sentiment, after.summary) == (None, None)
        assert after.stages == {
            "recognition": "example",
            "speakers": "local voices",
            "holds": "local levels",
        }

    def test_a_line_that_stays_keeps_what_the_provider_says_of_its_sentiment(self):
        told = written("yes.no", provider_sentiment=SENTIMENTS["+"])
        (line,) = told_apart(without_speakers(told), "######").utterances
        assert line.provider_sentiment == SENTIMENTS["+"]

    def test_a_silent_recording_gives_words_to_nobody(self):
        after = told_apart(without_speakers(written("yes.no")), "......")
        assert lines(after) == [(None, "yes no")]
        assert after.speakers == after.spans == ()

    def test_without_words_there_are_still_speakers(self):
        after = told_apart(without_speakers(), "######....", ".......###")
        assert after.utterances == ()
        assert len(after.speakers) == 2

    def test_the_end_of_the_recording_is_the_end_of_the_words(self):
        after = told_apart(without_speakers(written("yes.........no")), "##########")
        assert after.utterances[-1].end_ms <= after.duration_ms == 2_500

    @pytest.mark.parametrize("separate", [False, True])
    def test_cancelling_is_noticed_while_it_listens(self, separate):
        diarizer = DrawnVoices("###")
        engine = LocalEngine(
            activity=LoudIsSpeech(),
            whisper=None,  # type: ignore[arg-type]
            recogniser=None,  # type: ignore[arg-type]
            diarizer=diarizer,  # type: ignore[arg-type]
        )
        asked: list[bool] = []

        def cancelled() -> bool:
            asked.append(len(asked) >= 2)
            return asked[-1]

        source = recording("###...", "...###", separate=separate)
        with pytest.raises(Cancelled):
            relabel(
                engine,
                source,
                without_speakers(),
                ProcessingOptions(),
                RunContext(is_cancelled=cancelled),
            )
        # Each channel is listened to by itself, and both stop at their next block.
        assert asked[:3] == [False, False, True]
        assert asked.count(True) <= (2 if separate else 1)
        assert diarizer.asked == []


class TestHowManySpeak:
    THREE = (
        "####..............",
        "......####........",
        "............######",
    )

    @pytest.mark.parametrize(
        ("options", "asked", "found"),
        [
            ({}, (1, None), 3),
            ({"expected_speakers": 2}, (2, 2), 2),
            ({"min_speakers": 2, "max_speakers": 4}, (2, 4), 3),
            ({"max_speakers": 2}, (1, 2), 2),
            ({"min_speakers": 3}, (3, None), 3),
            ({"expected_speakers": 1, "min_speakers": 2}, (1, 1), 1),
        ],
    )
    def test_the_options_are_honoured(self, options, asked, found):
        diarizer = DrawnVoices(*self.THREE)
        engine = LocalEngine(
            activity=LoudIsSpeech(),
            whisper=None,  # type: ignore[arg-type]
            recogniser=None,  # type: ignore[arg-type]
            diarizer=diarizer,  # type: ignore[arg-type]
        )
        after = relabel(
            engine,
            recording(*self.THREE),
            without_speakers(written("yes.........no")),
            ProcessingOptions(**options),
            RunContext(),
        )
        assert diarizer.asked == [asked]
        assert len(after.speakers) == found

    def test_only_the_part_that_was_transcribed_is_listened_to(self):
        #          the part |
        voices = ("######..........", "..........######")
        engine = LocalEngine(
            activity=LoudIsSpeech(),
            whisper=None,  # type: ignore[arg-type]
            recogniser=None,  # type: ignore[arg-type]
            diarizer=DrawnVoices(*voices),  # type: ignore[arg-type]
        )

        class Labeller:
            def relabel(self, *given):
                return relabel(engine, *given)

        part = Part(start_ms=0, end_ms=8 * MS)
        before = replace(without_speakers(written("yes.no")), part=part)
        source = recording(*voices)
        after = pipeline.relabel(source, before, ProcessingOptions(), RunContext(), Labeller())
        assert len(after.speakers) == 1
        assert after.spans
        assert all(s.end_ms <= part.end_ms for s in after.spans)
        assert (after.part, after.duration_ms) == (part, source.duration_ms)
        assert [u.text for u in after.utterances] == [u.text for u in before.utterances]


class TestChannels:
    LEFT = "##########..............."
    RIGHT = "......###################"

    def test_words_go_to_the_channel_in_whose_spans_they_lie(self):
        before = without_speakers(written("Hello................well"))
        after = told_apart(before, self.LEFT, self.RIGHT, separate=True)
        assert [(u.speaker, u.channel, u.text) for u in after.utterances] == [
            ("s1", 0, "Hello"),
            ("s2", 1, "well"),
        ]
        assert [(s.id, s.channel) for s in after.speakers] == [("s1", 0), ("s2", 1)]
        assert after.stages["speakers"] == "local channels"

    def test_at_once_each_word_stays_on_the_channel_it_was_heard_on(self):
        before = without_speakers(
            written("......right", number=1, channel=0),
            written("......yes.I.know", number=2, channel=1),
        )
        after = told_apart(before, self.LEFT, self.RIGHT, separate=True)
        assert sorted(lines(after)) == [("s1", "right"), ("s2", "yes I know")]

    def test_an_echo_goes_to_whom_it_comes_from(self):
        before = without_speakers(written(".............well", channel=0))
        after = told_apart(before, self.LEFT, self.RIGHT, separate=True)
        assert lines(after) == [("s2", "well")]


class TestWordsWithoutTimes:
    def test_they_are_spread_over_their_utterance(self):
        whole = written("Good.day...well..bye", said="Goodday sir thankyou sir")
        untimed = replace(
            whole,
            words=tuple(
                replace(w, start_ms=whole.start_ms, end_ms=whole.end_ms, confidence=None)
                for w in whole.words
            ),
        )
        after = told_apart(
            without_speakers(untimed),
            "##########..........",
            "...........#########",
        )
        assert lines(after) == [("s1", "Goodday sir"), ("s2", "thankyou sir")]
        assert [w.confidence for w in all_words(after)] == [None] * 4
        assert [u.confidence for u in after.utterances] == [None, None]
        assert all(a.end_ms <= b.start_ms for a, b in pairwise(all_words(after)))

    def test_an_utterance_without_words_goes_whole_to_who_says_most_of_it(self):
        line = replace(written("Good.day....and.goodbye"), words=())
        after = told_apart(
            without_speakers(line, written("...........................ok", number=2)),
            "########.....................",
            "...........##################",
        )
        assert lines(after) == [("s2", "Good day and goodbye"), ("s2", "ok")]
        assert after.utterances[0].words == ()
        assert after.utterances[0].confidence == 0.8

    def test_most_of_it_is_meant_also_right_after_the_other_one_spoke(self):
        #                    Hello                  says 40 % of this line
        first = written("Hello", number=1)
        line = replace(written(".....Good.day....and.goodbye", number=2), words=())
        after = told_apart(
            without_speakers(first, line),
            "##############..............",
            "..............##############",
        )
        assert lines(after) == [("s1", "Hello"), ("s2", "Good day and goodbye")]

    def test_words_that_are_not_those_of_the_text_stay_together(self):
        line = replace(written("one.two.three.four"), text="It's 1234.")
        after = told_apart(
            without_speakers(line),
            "##############....",
            "..............####",
        )
        assert lines(after) == [("s1", "It's 1234.")]
        assert after.utterances[0].words == line.words


class TestConfidence:
    def test_a_line_that_stays_as_it_was_keeps_its_own(self):
        after = told_apart(without_speakers(written("yes.no")), "######")
        assert after.utterances[0].confidence == 0.8

    def test_a_new_line_has_that_of_its_words_or_none(self):
        known = written("yes.no........maybe")
        voices = ("######.............", "..............#####")
        after = told_apart(without_speakers(known), *voices)
        assert [u.confidence for u in after.utterances] == [0.5, 0.5]
        first, *others = known.words
        partly = replace(known, words=(replace(first, confidence=None), *others))
        after = told_apart(without_speakers(partly), *voices)
        assert [u.confidence for u in after.utterances] == [None, 0.5]


class TestPersonalData:
    def test_a_mention_on_a_boundary_stays_with_who_says_most_of_it(self):
        #                                   ------- Nora Fields -------
        line = written("ask.for....Nora......Fields.....please")
        text = line.text
        at = text.index("Nora")
        mention = PiiMention(type=PiiType.PERSON, start_char=at, end_char=at + len("Nora Fields"))
        after = told_apart(
            without_speakers(replace(line, pii=(mention,))),
            "###############.......................",
            "................######################",
        )
        assert lines(after) == [("s1", "ask for"), ("s2", "Nora Fields please")]
        (moved,) = after.utterances[1].pii
        assert after.utterances[1].text[moved.start_char : moved.end_char] == "Nora Fields"
        assert after.utterances[0].pii == ()

    def test_a_placeholder_goes_to_who_says_most_of_it(self):
        line = written("ask.for.PPPPPPPPPPPPPPPPPPPPP.ok", said="ask for [PERSON] ok")
        after = told_apart(
            without_speakers(line, redacted=True),
            "################................",
            "................################",
        )
        assert lines(after) == [("s1", "ask for"), ("s2", "[PERSON] ok")]

    def test_placeholders_are_found_again_where_they_stand(self):
        line = written(
            "call.me....on....number....and.ask.....for....her",
            said="call me on [PHONE]. and ask for [PERSON]",
        )
        marks = [(PiiType.PHONE, "[PHONE]"), (PiiType.PERSON, "[PERSON]")]
        pii = tuple(
            PiiMention(
                type=kind,
                start_char=line.text.index(mark),
                end_char=line.text.index(mark) + len(mark),
            )
            for kind, mark in marks
        )
        after = told_apart(
            without_speakers(replace(line, pii=pii), redacted=True),
            "########################.........................",
            "...........................######################",
        )
        assert lines(after) == [("s1", "call me on [PHONE]."), ("s2", "and ask for [PERSON]")]
        assert after.redacted
        for u in after.utterances:
            for m in u.pii:
                assert u.text[m.start_char : m.end_char] == f"[{m.type}]"
        assert [m.type for u in after.utterances for m in u.pii] == [k for k, _ in marks]

    def test_a_placeholder_in_several_words_is_not_parted(self):
        line = written("its....[.......PHONE....].....ok", said="its [ PHONE ] ok")
        line = replace(line, text="its [PHONE] ok")
        (its, placeholder, ok) = pieces_of([line], until_ms=60_000)
        assert [its.plain, placeholder.plain, ok.plain] == ["its", "[PHONE]", "ok"]
        assert len(placeholder.words) == 3


def test_languages_without_spaces_are_joined_as_written():
    said = Utterance(
        id="u1",
        speaker=None,
        start_ms=0,
        end_ms=1_000,
        text="こんにちは",
        words=tuple(
            Word(text=t, start_ms=n * 250, end_ms=n * 250 + 250)
            for n, t in enumerate(["こん", "にち", "は"])
        ),
    )
    more = replace(
        said,
        id="u2",
        start_ms=1_000,
        end_ms=2_000,
        words=tuple(
            replace(w, start_ms=w.start_ms + 1_000, end_ms=w.end_ms + 1_000) for w in said.words
        ),
    )
    after = told_apart(without_speakers(said, more), "########")
    assert lines(after) == [("s1", "こんにちはこんにちは")]
