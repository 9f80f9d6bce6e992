"""Transcription frames of one call become the events of a live call.

Frames carry no id of their line. A participant's line is open from its first intermediate frame to
the final one that lies over it; frames that come again, or after what replaces them, are left out.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from services.domain.live import Final, LanguageTold, LiveEvent, Partial, Revised, SpeakerTold
from services.domain.speech import Sentiment, SentimentLabel, Speaker, Utterance, Word
from services.telephony.acs.hearing.gate import FrameCounts
from services.telephony.acs.hearing.participants import Participant, Participants
from services.telephony.acs.hearing.placing import CallClock
from services.telephony.acs.wire.frames import LineFrame, TranscriptionBegan
from services.understanding.redaction import base_language

SAME_START_MS = 20
FINALS_KNOWN = 64
# A final line without a duration is as long as what was heard of it, and not longer than this.
LONGEST_UNTOLD_MS = 30_000
_SCORES = {
    SentimentLabel.POSITIVE: 1.0,
    SentimentLabel.NEUTRAL: 0.0,
    SentimentLabel.NEGATIVE: -1.0,
}


@dataclass
class _Party:
    """What is known of one participant's lines."""

    speaker: str | None
    open: Utterance | None = None
    finals: deque[Utterance] = field(default_factory=lambda: deque(maxlen=FINALS_KNOWN))
    left: set[str] = field(default_factory=set)
    """The lines that are final only because they were left as they were heard last."""

    def final_at(self, start_ms: int) -> Utterance | None:
        """Return the final line that begins here."""
        near = (one for one in self.finals if abs(one.start_ms - start_ms) <= SAME_START_MS)
        return next(near, None)

    def left_under(self, line: Utterance) -> Utterance | None:
        """Return the line that was left and that this one is, as it was meant to be."""
        near = (one for one in self.finals if one.id in self.left and _is_same(one, line))
        return next(near, None)

    def final_over(self, ms: int) -> Utterance | None:
        """Return the final line that lies over a place."""
        return next((one for one in self.finals if one.start_ms <= ms < one.end_ms), None)


@dataclass(frozen=True, kw_only=True)
class HeardBefore:
    """What an earlier process has heard of a call that goes on.

    The call is ``now_ms`` long by now, and was heard up to ``away_ms``; ``was_paused`` says that
    people wanted no words then. ``lines`` is the highest number of a line, ``finals`` are the last
    of them, ``speakers`` stand by raw identifiers.
    """

    now_ms: int
    away_ms: int
    was_paused: bool = False
    lines: int = 0
    finals: tuple[Utterance, ...] = field(default=(), repr=False)
    speakers: Mapping[str, Speaker] = field(default_factory=dict, repr=False)

    @property
    def heard_ms(self) -> int:
        """Up to where final lines reach."""
        return max((line.end_ms for line in self.finals), default=0)


class PhoneLines:
    """Tells the lines of one call; its methods are called one at a time."""

    def __init__(
        self,
        tell: Callable[[LiveEvent], None],
        counts: FrameCounts,
        *,
        language: str | None = None,
        participants: Iterable[Participant] = (),
        before: HeardBefore | None = None,
    ) -> None:
        """Tell ``tell``; ``language`` is the one that is listened for, None when unknown."""
        self._tell = tell
        self._counts = counts
        self._language = base_language(language) if language else None
        self._participants = Participants(participants, before.speakers if before else None)
        self._parties: dict[str | None, _Party] = {}
        self._clock = CallClock()
        self._lines = before.lines if before else 0
        self.heard_ms = before.heard_ms if before else 0
        """Up to where final lines reach, in the call."""
        for line in before.finals if before else ():
            raw_id = self._participants.raw_id_of(line.speaker) if line.speaker else None
            self._party(raw_id, line.start_ms).finals.append(line)

    def raw_id_of(self, speaker_id: str) -> str | None:
        """Return the raw identifier of a speaker that was told."""
        return self._participants.raw_id_of(speaker_id)

    def reconnected(self, now_ms: int) -> None:
        """Take that another connection goes on with the call. What was open stays as it was."""
        self.close()
        self._clock.reconnected(now_ms)

    def began(self, frame: TranscriptionBegan, now_ms: int) -> None:
        """Take the first frame of a connection: it may name another language than before."""
        if frame.locale and not frame.locales:
            self._hear_language(frame.locale, now_ms)

    def know(self, participant: Participant, now_ms: int) -> None:
        """Take who a participant is."""
        speaker = self._participants.know(participant)
        if speaker is not None:
            self._tell(SpeakerTold(speaker=speaker, at_ms=now_ms))

    def chosen(self, language: str, now_ms: int) -> None:
        """Take that a person has asked for another language."""
        self._language = base_language(language)
        self._tell(LanguageTold(language=self._language, chosen=True, at_ms=now_ms))

    def take(self, frame: LineFrame, now_ms: int) -> None:
        """Tell what a frame says, ``now_ms`` into the call."""
        party = self._party(frame.participant, now_ms)
        line = self._placed(frame, party, now_ms)
        if not line.text and party.open is None:
            self._counts.other += 1
            return
        if frame.language and line.text:
            self._hear_language(frame.language, line.start_ms)
        if frame.is_final:
            self._take_final(party, line)
        else:
            self._take_intermediate(party, line)

    def close(self) -> None:
        """Leave the lines that are open as they were heard last."""
        for party in self._parties.values():
            self._leave(party)

    # --- lines ----------------------------------------------------------------------------------

    def _take_intermediate(self, party: _Party, line: Utterance) -> None:
        opened = party.open
        outdated = party.final_over(line.start_ms) or party.final_at(line.start_ms)
        if not line.text or outdated or (opened and line.end_ms < opened.end_ms):
            self._counts.outdated += 1
            return
        if opened is not None and line.start_ms >= opened.end_ms:
            self._leave(party)
            opened = None
        self._counts.taken += 1
        party.open = replace(line, id=opened.id if opened else self._new_id())
        self._tell(Partial(line=party.open))

    def _take_final(self, party: _Party, line: Utterance) -> None:
        before = party.final_at(line.start_ms) or party.left_under(line)
        if before is not None and (before.text == line.text or not line.text):
            self._counts.repeated += 1
            return
        self._counts.taken += 1
        if before is not None:
            party.left.discard(before.id)
            line = replace(line, id=before.id)
            party.finals[party.finals.index(before)] = line
            self._tell(Revised(line=line))
            return
        opened = party.open
        if opened is not None and not line.text:
            # Nothing was understood in the end; what people have read stays.
            self._leave(party)
            return
        if opened is not None and opened.end_ms <= line.start_ms:
            self._leave(party)
        elif opened is not None and opened.start_ms < line.end_ms:
            line, party.open = replace(line, id=opened.id), None
        self._finish(party, line if line.id else replace(line, id=self._new_id()))

    def _leave(self, party: _Party) -> None:
        if party.open is not None:
            line, party.open = party.open, None
            party.left.add(line.id)
            self._finish(party, line)

    def _finish(self, party: _Party, line: Utterance) -> None:
        party.finals.append(line)
        self.heard_ms = max(self.heard_ms, line.end_ms)
        self._tell(Final(line=line))

    def _new_id(self) -> str:
        self._lines += 1
        return f"u{self._lines}"

    def _party(self, raw_id: str | None, now_ms: int) -> _Party:
        speaker, is_new = self._participants.hear(raw_id) if raw_id else (None, False)
        key = raw_id if speaker else None
        if key not in self._parties:
            self._parties[key] = _Party(speaker=speaker.id if speaker else None)
        if speaker is not None and is_new:
            self._tell(SpeakerTold(speaker=speaker, at_ms=now_ms))
        return self._parties[key]

    def _hear_language(self, locale: str, at_ms: int) -> None:
        language = base_language(locale)
        if language != self._language:
            self._language = language
            self._tell(LanguageTold(language=language, chosen=False, at_ms=at_ms))

    # --- times ----------------------------------------------------------------------------------

    def _placed(self, frame: LineFrame, party: _Party, now_ms: int) -> Utterance:
        """Return a frame as a line of the call that has no id yet."""
        start_ms = self._start(frame, party, now_ms)
        if frame.at and not (party.final_at(start_ms) and self._is_known(party, frame, start_ms)):
            settled = self._clock.settle(frame.at, self.heard_ms)
            start_ms = self._start(frame, party, now_ms) if settled else start_ms
        words = self._words(frame, start_ms, now_ms)
        end_ms = self._end(frame, start_ms, words, now_ms)
        return Utterance(
            id="",
            speaker=party.speaker,
            start_ms=start_ms,
            end_ms=end_ms,
            text=frame.text,
            confidence=frame.confidence,
            words=tuple(replace(w, end_ms=min(w.end_ms, end_ms)) for w in words),
            provider_sentiment=_sentiment(frame.sentiment),
        )

    def _is_known(self, party: _Party, frame: LineFrame, start_ms: int) -> bool:
        before = party.final_at(start_ms)
        return before is not None and before.text == frame.text

    def _start(self, frame: LineFrame, party: _Party, now_ms: int) -> int:
        at = frame.at or (frame.words[0].at if frame.words else None)
        length_ms = frame.duration_ms or 0
        if at is not None:
            return self._clock.place(at, length_ms=length_ms, now_ms=now_ms)
        if party.open is not None:
            return party.open.start_ms
        last_ms = party.finals[-1].end_ms if party.finals else 0
        return max(last_ms, now_ms - length_ms)

    def _words(self, frame: LineFrame, start_ms: int, now_ms: int) -> tuple[Word, ...]:
        """Return the words in their order, each to its end or to where the next begins."""
        placed = sorted(
            (
                max(start_ms, self._clock.place(w.at, length_ms=0, now_ms=now_ms)),
                number,
                w,
            )
            for number, w in enumerate(frame.words)
        )
        words = []
        for (begin_ms, _, word), after in zip_longest(placed, placed[1:]):
            length_ms = word.duration_ms
            next_ms = after[0] if after else begin_ms + (length_ms or 0)
            end_ms = begin_ms + length_ms if length_ms is not None else next_ms
            words.append(Word(text=word.text, start_ms=begin_ms, end_ms=max(begin_ms, end_ms)))
        return tuple(words)

    def _end(self, frame: LineFrame, start_ms: int, words: tuple[Word, ...], now_ms: int) -> int:
        last_ms = words[-1].end_ms if words else 0
        if frame.duration_ms is not None:
            return max(start_ms + frame.duration_ms, start_ms + 1)
        untold_ms = min(now_ms, start_ms + LONGEST_UNTOLD_MS)
        return max(start_ms + 1, last_ms or untold_ms)


def _is_same(left: Utterance, line: Utterance) -> bool:
    """Say whether two lines lie over each other for half of the shorter one, or more."""
    shared_ms = min(left.end_ms, line.end_ms) - max(left.start_ms, line.start_ms)
    shorter_ms = min(left.end_ms - left.start_ms, line.end_ms - line.start_ms)
    return 2 * shared_ms >= shorter_ms > 0


def _sentiment(label: SentimentLabel | None) -> Sentiment | None:
    """Return a sentiment of which only the label is told: its score is the end of the scale."""
    return None if label is None else Sentiment(label=label, score=_SCORES[label])
