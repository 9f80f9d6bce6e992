"""What becomes of the service's answers, also of odd ones.

ms      0        1000      2000      3000      4000
A       |-hello-there-|              |-and-more-|
B                  |-hi-|
"""

import pytest
from assemblyai.types import TranscriptResponse

from services.domain.speech import SentimentLabel
from services.providers.assemblyai.lines import Wanted
from services.providers.assemblyai.mapping import silent_transcript, transcript_of

MIXED = Wanted(by_channel=False, detects_language=True)
BY_CHANNEL = Wanted(by_channel=True, detects_language=False)
DURATION_MS = 10_000


def word(text, start, end, confidence=0.9, **more):
    return {"text": text, "start": start, "end": end, "confidence": confidence, **more}


def utterance(speaker, *words, text=None, **more):
    return {
        "speaker": speaker,
        "text": text if text is not None else " ".join(w["text"] for w in words),
        "start": words[0]["start"] if words else more.pop("start"),
        "end": words[-1]["end"] if words else more.pop("end"),
        "confidence": 0.8,
        "words": list(words),
        **more,
    }


def read(wanted=MIXED, **answer):
    response = TranscriptResponse(
        **{"id": "x", "audio_url": "http://x", "status": "completed", **answer}
    )
    return transcript_of(response, DURATION_MS, wanted)


A = utterance("A", word("hello", 0, 500), word("there", 600, 1200))
B = utterance("B", word("hi", 1000, 1400))


def lines(transcript):
    return [(u.speaker, u.start_ms, u.end_ms, u.text) for u in transcript.utterances]


def test_speakers_are_numbered_as_they_are_heard():
    made = read(utterances=[B, A])
    assert lines(made) == [("s1", 0, 1200, "hello there"), ("s2", 1000, 1400, "hi")]
    assert [s.label for s in made.speakers] == ["Speaker 1", "Speaker 2"]
    assert [u.id for u in made.utterances] == ["u1", "u2"]


def test_spans_keep_overlaps_and_bridge_short_pauses():
    made = read(utterances=[A, B])
    assert [(s.speaker, s.start_ms, s.end_ms) for s in made.spans] == [
        ("s1", 0, 1200),
        ("s2", 1000, 1400),
    ]


def test_a_pause_begins_a_new_line_and_a_new_span():
    long = utterance("A", word("hello", 0, 500), word("and", 1500, 1700), word("more", 1750, 2000))
    made = read(utterances=[long])
    assert lines(made) == [("s1", 0, 500, "hello"), ("s1", 1500, 2000, "and more")]
    assert [(s.start_ms, s.end_ms) for s in made.spans] == [(0, 500), (1500, 2000)]
    assert made.utterances[1].confidence == pytest.approx(0.9)


@pytest.mark.parametrize("label", [None, "", "UNKNOWN"])
def test_a_speaker_that_is_not_told_is_nobody(label):
    made = read(utterances=[A, utterance(label, word("hm", 2000, 2200))])
    assert made.utterances[1].speaker is None
    assert {s.speaker for s in made.spans} == {"s1"}
    assert len(made.speakers) == 1


def test_channels_are_speakers_in_their_order():
    made = read(
        BY_CHANNEL,
        utterances=[
            utterance("2", word("hi", 0, 400), channel="2"),
            utterance("1", word("hello", 500, 900), channel="1"),
        ],
    )
    assert [(s.id, s.channel) for s in made.speakers] == [("s1", 0), ("s2", 1)]
    assert [(u.speaker, u.channel) for u in made.utterances] == [("s2", 1), ("s1", 0)]


def test_a_channel_can_stand_in_the_place_of_the_speaker():
    made = read(BY_CHANNEL, utterances=[utterance("2", word("hi", 0, 400))])
    assert [(s.id, s.channel) for s in made.speakers] == [("s1", 1)]


def test_one_channel_that_is_silent_stays_away():
    made = read(BY_CHANNEL, utterances=[utterance("2", word("hi", 0, 400), channel="2")])
    assert [(s.id, s.channel) for s in made.speakers] == [("s1", 1)]


def test_without_utterances_words_make_the_lines():
    told = [
        word("hello", 0, 400, speaker="A"),
        word("there", 450, 800, speaker="A"),
        word("hi", 900, 1200, speaker="B"),
    ]
    made = read(text="hello there hi", words=told)
    assert lines(made) == [("s1", 0, 800, "hello there"), ("s2", 900, 1200, "hi")]


def test_words_are_given_to_whom_they_were_told_at_that_time():
    told = [word("hello", 0, 400, speaker="A"), word("hi", 900, 1200, speaker="B")]
    made = read(text="hello hi there", words=told)
    assert lines(made) == [("s1", 0, 400, "hello"), ("s2", 900, 1200, "hi there")]


def test_words_without_speakers_are_nobodys():
    made = read(text="hello", words=[word("hello", 0, 400)])
    assert lines(made) == [(None, 0, 400, "hello")]
    assert made.speakers == made.spans == ()


def test_an_utterance_without_words_keeps_its_text_and_time():
    made = read(utterances=[utterance("A", text="  hello   there ", start=100, end=900)])
    assert lines(made) == [("s1", 100, 900, "hello there")]
    assert [(s.start_ms, s.end_ms) for s in made.spans] == [(100, 900)]


def test_nothing_lies_outside_the_recording():
    made = read(
        utterances=[utterance("A", word("late", 9_900, 10_400), word("er", 10_400, 10_900))]
    )
    (line,) = made.utterances
    assert line.end_ms <= DURATION_MS
    assert all(w.end_ms <= DURATION_MS for w in line.words)
    assert all(s.end_ms <= DURATION_MS for s in made.spans)


def test_words_out_of_order_are_put_in_order():
    made = read(utterances=[utterance("A", word("one", 500, 700), word("two", 400, 900))])
    starts = [w.start_ms for w in made.utterances[0].words]
    assert starts == sorted(starts)


def test_confidence_is_between_nothing_and_one():
    made = read(utterances=[utterance("A", word("hello", 0, 500, confidence=1.2))])
    assert made.utterances[0].words[0].confidence == 1.0


@pytest.mark.parametrize(
    ("told", "ours"), [("en", "en"), ("en_us", "en"), ("pt-BR", "pt"), (None, None)]
)
def test_the_language_is_a_short_code(told, ours):
    assert read(utterances=[A], language_code=told).language == ours


def test_a_confidence_in_the_language_is_only_what_was_detected():
    assert read(utterances=[A], language_confidence=0.7).language_confidence == 0.7
    assert read(BY_CHANNEL, utterances=[A], language_confidence=0.7).language_confidence is None


def feeling(kind, start, end, speaker="A", confidence=0.8, **more):
    return {**word("x", start, end, confidence), "sentiment": kind, "speaker": speaker, **more}


@pytest.mark.parametrize(
    ("feelings", "label", "score"),
    [
        ([feeling("POSITIVE", 0, 1200)], SentimentLabel.POSITIVE, 0.8),
        ([feeling("NEGATIVE", 0, 1200)], SentimentLabel.NEGATIVE, -0.8),
        ([feeling("NEUTRAL", 0, 1200)], SentimentLabel.NEUTRAL, 0.0),
        (
            [feeling("NEGATIVE", 0, 900), feeling("POSITIVE", 900, 1200)],
            SentimentLabel.NEGATIVE,
            -0.4,
        ),
        (
            [feeling("NEGATIVE", 0, 600), feeling("POSITIVE", 600, 1200)],
            SentimentLabel.NEUTRAL,
            0.0,
        ),
    ],
)
def test_sentiment_of_a_line_is_that_of_its_sentences(feelings, label, score):
    made = read(utterances=[A], sentiment_analysis_results=feelings)
    found = made.utterances[0].provider_sentiment
    assert (found.label, found.score) == (label, pytest.approx(score))


def test_sentiment_of_somebody_else_is_not_ours():
    made = read(utterances=[A, B], sentiment_analysis_results=[feeling("POSITIVE", 0, 1400, "B")])
    assert made.utterances[0].provider_sentiment is None
    assert made.utterances[1].provider_sentiment is not None


def test_what_was_taken_out_there_never_comes_through_by_the_words():
    wanted = Wanted(by_channel=False, detects_language=False, redacts=True)
    forgotten = utterance(
        "A", word("I'm", 0, 200), word("Nora", 250, 400), word("Fields.", 450, 700),
        text="I'm [PERSON_NAME].",
    )  # fmt: skip
    made = read(wanted, utterances=[forgotten])
    (line,) = made.utterances
    assert line.text == "I'm [PERSON]."
    assert [w.text for w in line.words] == ["I'm", "[PERSON]."]
    assert (line.words[1].start_ms, line.words[1].end_ms) == (250, 700)
    assert made.redacted


@pytest.mark.parametrize("signs", [True, False])
def test_a_redacted_text_without_words_gets_our_placeholders(signs):
    wanted = Wanted(by_channel=False, detects_language=False, redacts=True, hides_by_signs=signs)
    told = "I'm #### ######." if signs else "I'm [PERSON_NAME]."
    made = read(wanted, utterances=[utterance("A", text=told, start=0, end=900)])
    assert made.utterances[0].text == ("I'm [OTHER]." if signs else "I'm [PERSON].")


@pytest.mark.parametrize(
    ("told", "reason", "rest"),
    [
        ("- One.\n- Two.\n\n- Three.", "One.", ["Two.", "Three."]),
        ("  • One", "One", []),
        (
            "She called about a bill. It was put right.",
            "She called about a bill. It was put right.",
            [],
        ),
    ],
)
def test_a_summary_in_its_points(told, reason, rest):
    summary = read(utterances=[A], summary=told).summary
    assert summary.reason.text == reason
    assert [s.text for s in summary.actions] == rest


@pytest.mark.parametrize("told", [None, "", "\n - \n"])
def test_no_summary_is_none(told):
    assert read(utterances=[A], summary=told).summary is None


def test_the_model_that_did_it_is_named():
    made = read(utterances=[A], speech_model_used="universal-2")
    assert made.stages["recognition"] == "assemblyai universal-2"
    odd = read(utterances=[A], speech_model_used="<b>the call's words</b>")
    assert odd.stages["recognition"] == "assemblyai model"


def test_nobody_speaks():
    assert read(text="", words=[]).utterances == ()
    assert silent_transcript(500).duration_ms == 500
