"""Lines out of what the service tells of its turns; no connection, no clock.

How a turn becomes lines:

- While it goes on it is one partial line, because speakers are told of final words only.
- Finished it is cut where the speaker changes. A word without a label has the turn's. ``UNKNOWN``
  means that too little was said to know the voice: such words are lines of nobody, given neither
  to a neighbour nor to a further speaker.
- Where formatted turns were asked for, a finished unformatted one stays a partial until its
  formatted form comes: that is the final. Should the next turn, the end of the call or
  ``settle`` come first, the unformatted form is the final, and a formatted form that is late
  revises it.
- Revised speakers cut an earlier line further where they have to, never join lines: the first
  piece keeps the line's id as Revised, the others are new finals.

- A turn that ends without words keeps those that were heard of it.

Turns are counted over all connections of a call.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from services.domain.live import Final, LiveEvent, Partial, Revised
from services.domain.speech import Speaker, Utterance
from services.providers.assemblyai.labels import Labels
from services.providers.assemblyai.turn_words import (
    NOBODY,
    LabelledWord,
    by_speaker,
    label_of,
    line_of,
    text_of,
)

if TYPE_CHECKING:
    from assemblyai.streaming.v3 import SpeakerRevisionItem, TurnEvent


@dataclass(frozen=True, kw_only=True)
class _Said:
    """A turn as it is known: its number in the call, its words and, finished, its text."""

    number: int
    words: tuple[LabelledWord, ...]
    text: str | None = None


@dataclass(kw_only=True)
class _Told:
    """The lines that a turn has become; each keeps its words."""

    lines: list[tuple[Utterance, tuple[LabelledWord, ...]]] = field(default_factory=list)

    def next_id(self, number: int, prefix: str) -> str:
        """Return the id of a further line of this turn."""
        count = len(self.lines) + 1
        return f"{prefix}{number}" if count == 1 else f"{prefix}{number}.{count}"


class Turns:
    """What was said so far over one stream of sound, and the events each message makes of it.

    ``speaker`` is who is heard on a channel of its own; None: the service tells voices apart.
    """

    def __init__(
        self, *, awaits_formatted: bool, prefix: str = "u", speaker: Speaker | None = None
    ) -> None:
        """Nothing is heard yet; line ids begin with ``prefix``."""
        self._awaits_formatted = awaits_formatted
        self._prefix = prefix
        self._channel = speaker.channel if speaker is not None else None
        self._labels = Labels(speaker)
        self._offset_ms = 0
        self._numbers: dict[int, int] = {}
        self._count = 0
        self._again: _Said | None = None
        self._open: _Said | None = None
        self._pending: _Said | None = None
        self._told: dict[int, _Told] = {}
        self._heard_ms = 0

    @property
    def is_open(self) -> bool:
        """Whether a turn goes on, or waits for its formatted form."""
        return self._open is not None or self._pending is not None

    @property
    def heard_ms(self) -> int:
        """End of the last final line in the call; the sound before it is done with."""
        return self._heard_ms

    @property
    def has_pending(self) -> bool:
        """Whether a finished turn waits for its formatted form."""
        return self._pending is not None

    def begin(self, offset_ms: int) -> list[LiveEvent]:
        """A connection opens whose sound starts at ``offset_ms`` of the call.

        Of the turn that was going on, the words before that are final; the rest is heard again,
        under the same line id unless words were kept.
        """
        events: list[LiveEvent] = []
        said = self._open or self._pending
        self._open = self._pending = None
        self._labels.begin(said.words if said is not None else ())
        if said is not None:
            kept = tuple(word for word in said.words if word.end_ms <= offset_ms)
            if kept:
                events += self._final(replace(said, words=kept, text=None))
            else:
                self._again = said
        self._offset_ms = offset_ms
        self._numbers = {}
        return events

    def heard(self, turn: "TurnEvent") -> list[LiveEvent]:
        """Return what a message about a turn tells."""
        number = self._number(turn.turn_order)
        words, events = self._words(turn)
        said = _Said(number=number, words=words, text=text_of(turn))
        if not words:
            return self._ended_without_words(said) if turn.end_of_turn else []
        if self._pending is not None and self._pending.number != number:
            events += self.settle()
        is_formatted = turn.turn_is_formatted or not self._awaits_formatted
        if number in self._told:
            return events + (self._retold(said) if is_formatted else [])
        if turn.end_of_turn and is_formatted:
            self._open = self._pending = None
            return events + self._final(said)
        if turn.end_of_turn:
            self._open, self._pending = None, said
        else:
            self._open = said
        return [*events, Partial(line=self._whole(said))]

    def revised(self, revisions: Iterable["SpeakerRevisionItem"]) -> list[LiveEvent]:
        """Return what becomes of earlier lines whose speakers are known better now."""
        events: list[LiveEvent] = []
        for one in revisions:
            number = self._numbers.get(one.turn_order)
            if number is None:
                continue
            labels = {
                word.start + self._offset_ms: label_of(word, one.speaker_label)
                for word in one.words
            }
            if self._pending is not None and self._pending.number == number:
                words, told = self._relabelled(self._pending.words, labels, one.speaker_label)
                self._pending = replace(self._pending, words=words)
                events += [*told, Partial(line=self._whole(self._pending))]
            elif number in self._told:
                events += self._respoken(number, labels, one.speaker_label)
        return events

    def settle(self) -> list[LiveEvent]:
        """Wait no longer for the formatted form of a finished turn."""
        said, self._pending = self._pending, None
        return self._final(said) if said is not None else []

    def close(self) -> list[LiveEvent]:
        """Nothing more is heard: what is unfinished is final as it is."""
        events = self.settle()
        said, self._open = self._open or self._again, None
        if said is not None:
            events += self._final(replace(said, text=None))
        return events

    # --- numbers, words and speakers -----------------------------------------------------------

    def _number(self, turn_order: int) -> int:
        """Return the number of a turn in the call: one heard again after a drop keeps its own."""
        if turn_order not in self._numbers:
            if self._again is not None and not self._numbers:
                self._numbers[turn_order] = self._again.number
            else:
                self._count += 1
                self._numbers[turn_order] = self._count
        return self._numbers[turn_order]

    def _words(self, turn: "TurnEvent") -> tuple[tuple[LabelledWord, ...], list[LiveEvent]]:
        words: list[LabelledWord] = []
        events: list[LiveEvent] = []
        for word in turn.words:
            start_ms, end_ms = word.start + self._offset_ms, word.end + self._offset_ms
            label = label_of(word, turn.speaker_label)
            speaker, told = self._labels.speaker(label, start_ms, end_ms)
            events += told
            words.append(
                LabelledWord(
                    text=word.text,
                    start_ms=start_ms,
                    end_ms=end_ms,
                    confidence=word.confidence,
                    speaker=speaker,
                )
            )
        return tuple(words), events

    # --- lines -----------------------------------------------------------------------------------

    def _whole(self, said: _Said) -> Utterance:
        """Return the one line that a turn is as long as it isn't final."""
        known = [word.speaker for word in said.words if word.speaker is not None]
        line = line_of(
            f"{self._prefix}{said.number}", said.words, channel=self._channel, text=said.text
        )
        return replace(line, speaker=known[0] if known else None)

    def _ended_without_words(self, said: _Said) -> list[LiveEvent]:
        """A turn may end with nothing to add; what was heard of it stays."""
        if self._open is None or self._open.number != said.number:
            return []
        return self.close()

    def _final(self, said: _Said) -> list[LiveEvent]:
        """Tell a turn's lines; they are remembered, because speakers can be revised."""
        self._heard_ms = max(self._heard_ms, _end_ms(said.words))
        if self._again is not None and self._again.number == said.number:
            self._again = None
        pieces = by_speaker(said.words)
        told = self._told.setdefault(said.number, _Told())
        events: list[LiveEvent] = []
        for words in pieces:
            line = line_of(
                told.next_id(said.number, self._prefix),
                words,
                channel=self._channel,
                text=said.text if len(pieces) == 1 else None,
            )
            told.lines.append((line, words))
            events.append(Final(line=line))
        return events

    def _retold(self, said: _Said) -> list[LiveEvent]:
        """A turn whose lines are told comes again: each word goes to the line of its moment."""
        lines = self._told[said.number].lines
        starts = [line.start_ms for line, _ in lines]
        text = said.text if len(lines) == 1 else None
        shares: list[list[LabelledWord]] = [[] for _ in starts]
        for word in said.words:
            at = max((n for n, start in enumerate(starts) if start <= word.start_ms), default=0)
            shares[at].append(word)
        events: list[LiveEvent] = []
        for at, share in enumerate(shares):
            events += self._replace(said.number, at, share, text) if share else []
        return events

    def _respoken(
        self, number: int, labels: Mapping[int, str | None], label: str | None
    ) -> list[LiveEvent]:
        events: list[LiveEvent] = []
        for at, (line, words) in enumerate(tuple(self._told[number].lines)):
            changed, told = self._relabelled(words, labels, label)
            if changed != words:
                events += [*told, *self._replace(number, at, changed, line.text)]
        return events

    def _relabelled(
        self, words: Sequence[LabelledWord], labels: Mapping[int, str | None], label: str | None
    ) -> tuple[tuple[LabelledWord, ...], list[LiveEvent]]:
        """Return the words with the labels of their moments; without any, with the turn's."""
        changed: list[LabelledWord] = []
        events: list[LiveEvent] = []
        for word in words:
            if labels and word.start_ms not in labels:
                changed.append(word)
                continue
            given = labels.get(word.start_ms, label if label != NOBODY else None)
            speaker, told = self._labels.speaker(given, word.start_ms, word.end_ms)
            events += told
            changed.append(replace(word, speaker=speaker))
        return tuple(changed), events

    def _replace(
        self, number: int, at: int, words: Sequence[LabelledWord], text: str | None
    ) -> list[LiveEvent]:
        """Put words in the place of a told line's: Revised, and finals for pieces cut off it."""
        told = self._told[number]
        old, _ = told.lines[at]
        first, *others = by_speaker(words)
        line = line_of(old.id, first, channel=self._channel, text=None if others else text)
        told.lines[at] = (line, first)
        events: list[LiveEvent] = [Revised(line=line)] if line != old else []
        for piece in others:
            cut = line_of(told.next_id(number, self._prefix), piece, channel=self._channel)
            told.lines.append((cut, piece))
            events.append(Final(line=cut))
        return events


def _end_ms(words: Sequence[LabelledWord]) -> int:
    return max(word.end_ms for word in words)
