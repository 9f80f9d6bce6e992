"""The lines that were told of a live call, and what later becomes known of them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Protocol

from services.domain.ids import new_id
from services.domain.live import Final, LineStage, LiveEvent, Revised, SpeakerTold
from services.domain.speech import Speaker, Utterance, Word
from services.engine.live.refining import RefinedLine
from services.engine.live.rewording import Rewording, is_likelier, together


class Piece(Protocol):
    """[start_ms, end_ms) of a stretch of speech belongs to a speaker, counted from 0."""

    @property
    def start_ms(self) -> int:
        """Where it begins."""

    @property
    def end_ms(self) -> int:
        """Where it ends."""

    @property
    def speaker(self) -> int:
        """Whose it is."""


@dataclass(frozen=True, kw_only=True)
class _Told:
    """A line as it was told last.

    ``stretch`` is the line as it was heard, before any cut; ``refined_as`` the line whose better
    words are its own: itself, or the one it was cut off.
    """

    line: Utterance
    stretch: str
    refined_as: str
    stage: LineStage = LineStage.CAPTION


class ToldLines:
    """Tells finished lines, and tells them again when speakers or words are known better.

    A line is never taken back and never grows into another: one whose voice changes in its middle
    is shortened, and the rest is told as a line of its own. Used by one thread.
    """

    def __init__(self, tell: Callable[[LiveEvent], None]) -> None:
        """Tell ``tell``."""
        self._tell = tell
        self._lines: dict[str, _Told] = {}
        self._speakers: set[str] = set()

    def speaker(self, number: int, channel: int | None, at_ms: int) -> str:
        """Return a speaker's id, after telling of one who is heard for the first time."""
        speaker = f"s{number + 1}"
        if speaker not in self._speakers:
            self._speakers.add(speaker)
            told = Speaker(id=speaker, label=f"Speaker {number + 1}", channel=channel)
            self._tell(SpeakerTold(speaker=told, at_ms=at_ms))
        return speaker

    def tell(self, line: Utterance, pieces: Sequence[Piece]) -> list[Utterance]:
        """Tell a line that is over, cut where another has the word; return what was told.

        Without ``pieces`` it belongs to the speaker whom it names.
        """
        parts = self._parts(line, pieces)
        for part in parts:
            self._lines[part.id] = _Told(line=part, stretch=line.id, refined_as=part.id)
            self._tell(Final(line=part))
        return parts

    def relabel(self, stretch: str, pieces: Sequence[Piece]) -> None:
        """Take who has said what of a stretch, as it is known now."""
        for told in self._of(stretch):
            first, *rest = self._parts(told.line, pieces)
            if first != told.line:
                self._revise(told, first, told.stage)
            for part in rest:
                self._lines[part.id] = replace(told, line=part)
                self._tell(Final(line=part, stage=told.stage))

    def refine(self, refined: Sequence[RefinedLine], vocabulary: Collection[str] = ()) -> None:
        """Take better words of lines of one channel, and of those that were cut off them since.

        Where nothing was heard, or the captions are likelier right, the words stay as they are.
        """
        rewordings = (one for line in refined if (one := self._rewording(line)) is not None)
        for group in together(rewordings):
            if is_likelier(group, vocabulary):
                for rewording in group:
                    self._reword(rewording)

    def _rewording(self, refined: RefinedLine) -> Rewording | None:
        parts = [
            told.line
            for told in self._lines.values()
            if told.refined_as == refined.line_id and told.stage is LineStage.CAPTION
        ]
        if not parts:
            return None
        parts.sort(key=lambda line: line.start_ms)
        return Rewording(lines=tuple(parts), words=tuple(refined.words))

    def _reword(self, rewording: Rewording) -> None:
        for line, words in rewording.by_line():
            if words:
                self._revise(self._lines[line.id], _worded(line, words), LineStage.REFINED)

    def _of(self, stretch: str) -> list[_Told]:
        return [told for told in self._lines.values() if told.stretch == stretch]

    def _revise(self, told: _Told, line: Utterance, stage: LineStage) -> None:
        self._lines[line.id] = replace(told, line=line, stage=stage)
        self._tell(Revised(line=line, stage=stage))

    def _parts(self, line: Utterance, pieces: Sequence[Piece]) -> list[Utterance]:
        """Cut a line where the voice changes; the first part keeps its id."""
        if not pieces:
            return [line]
        said = [(_whose(word, pieces), word) for word in line.words]
        parts: list[Utterance] = []
        for number, group in groupby(said, key=lambda one: one[0]):
            words = [word for _, word in group]
            part = line if len(words) == len(said) else _worded(line, words)
            speaker = self.speaker(number, line.channel, part.end_ms)
            identity = new_id() if parts else line.id
            parts.append(replace(part, id=identity, speaker=speaker))
        return parts


def _whose(word: Word, pieces: Sequence[Piece]) -> int:
    middle = (word.start_ms + word.end_ms) // 2
    return min(
        pieces, key=lambda piece: max(piece.start_ms - middle, middle - piece.end_ms, 0)
    ).speaker


def _worded(line: Utterance, words: Sequence[Word]) -> Utterance:
    """Return a line with other words; it ends where it did, or at the words' ends when cut."""
    start, end = line.start_ms, line.end_ms
    if line.words and words[0].start_ms > line.words[0].start_ms and words[0] in line.words:
        start = words[0].start_ms
    if line.words and words[-1] in line.words and words[-1] is not line.words[-1]:
        end = words[-1].end_ms
    kept = tuple(_inside(word, start, end) for word in words)
    known = [word.confidence for word in kept if word.confidence is not None]
    return replace(
        line,
        start_ms=start,
        end_ms=end,
        text=" ".join(word.text for word in kept),
        words=kept,
        confidence=round(sum(known) / len(known), 3) if known else None,
    )


def _inside(word: Word, start: int, end: int) -> Word:
    begins = min(max(word.start_ms, start), end - 1)
    return replace(word, start_ms=begins, end_ms=max(begins + 1, min(word.end_ms, end)))
