"""What was said in a call, laid out for matching: the words of each speaker's passages in a row."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from services.domain.speech import SpeakerRole, Utterance
from services.domain.word_places import Place, TimedPlace, timed_places
from services.understanding.rules.automaton import Automaton, Ends
from services.understanding.rules.folding import folded, places_of
from services.understanding.rules.spoken_numbers import numbers_in

NEIGHBOURS_WITHIN_MS = 5_000
MAX_PASSAGE_WORDS = 2_000


class Line(NamedTuple):
    """An utterance as words are quoted from it: where its folded and its timed words are."""

    utterance: Utterance
    words: Sequence[Place]
    timed: Sequence[TimedPlace]


class Passage:
    """What one speaker says without being answered: the words of neighbouring utterances.

    ``texts`` are the folded words; ``marks`` has a sign for what follows each, as ``FoldedWord``
    has it, a blank for nothing; ``sizes`` tells how many of them each utterance has.
    """

    def __init__(
        self,
        utterances: Sequence[Utterance],
        role: SpeakerRole,
        *,
        texts: Sequence[str],
        marks: str,
        sizes: Sequence[int],
        timed: Callable[[int], Sequence[TimedPlace]] | None = None,
    ) -> None:
        """Take words that were folded before; the utterances are looked at only to quote them.

        ``timed`` returns the timed words of an utterance (the first is 0) that has none of its own.
        """
        self.utterances = utterances
        self.role = role
        self.texts, self.marks, self.sizes = texts, marks, sizes
        self._timed = timed or self._own_times
        self._found: dict[Automaton, Mapping[int, Ends]] = {}
        self._lines: dict[int, Line] = {}

    @classmethod
    def of(cls, group: Sequence[Utterance], roles: Mapping[str, SpeakerRole]) -> "Passage":
        """Return the passage of utterances of one speaker, folding their words."""
        lines = [folded(utterance.text) for utterance in group]
        return cls(
            tuple(group),
            roles.get(group[0].speaker or "", SpeakerRole.UNKNOWN),
            texts=[word.text for words in lines for word in words],
            marks="".join(word.after or " " for words in lines for word in words),
            sizes=[len(words) for words in lines],
        )

    def found(self, phrases: Automaton) -> Mapping[int, Ends]:
        """Return where each of these phrases stands; asked again, what was found before."""
        found = self._found.get(phrases)
        if found is None:
            found = self._found[phrases] = phrases.found(self)
        return found

    @cached_property
    def every_word(self) -> Ends:
        """Where each word starts, and the place behind it."""
        return {at: at + 1 for at in range(len(self.texts))}

    @cached_property
    def numbers(self) -> Mapping[int, tuple[int, int]]:
        """Where numbers start: the place behind each, and how many digits it has."""
        return numbers_in(self.texts)

    @cached_property
    def sentence_at(self) -> Sequence[int]:
        """The number of the sentence to which each word belongs."""
        ends = accumulate(mark == "." for mark in self.marks)
        return [0, *ends]

    def quoted(self, start: int, end: int) -> Iterator[tuple[Line, int, int]]:
        """Yield the lines to which words [start, end) belong, and which of each line's words."""
        begins = 0
        for number, size in enumerate(self.sizes):
            behind = begins + size
            first, last = max(start, begins), min(end, behind)
            if first < last:
                yield self._line(number, begins), first - begins, last - begins
            if behind >= end:
                return
            begins = behind

    def _line(self, number: int, begins: int) -> Line:
        line = self._lines.get(number)
        if line is None:
            utterance = self.utterances[number]
            words = self.texts[begins : begins + self.sizes[number]]
            line = Line(utterance, places_of(utterance.text, words), self._timed(number))
            self._lines[number] = line
        return line

    def _own_times(self, number: int) -> Sequence[TimedPlace]:
        utterance = self.utterances[number]
        return timed_places(utterance.words, utterance.text)


def passages_of(
    utterances: Iterable[Utterance], roles: Mapping[str, SpeakerRole]
) -> tuple[Passage, ...]:
    """Return the passages of a call in order of their start.

    An utterance goes on with the one before by the same speaker when at most 5 s lie between them
    and nobody else says more than a backchannel.
    """
    return tuple(Passage.of(group, roles) for group in grouped(utterances))


def grouped(utterances: Iterable[Utterance]) -> list[list[Utterance]]:
    """Return the utterances of each passage."""
    groups: list[list[Utterance]] = []
    open_group: list[Utterance] | None = None
    size = 0
    for utterance in utterances:
        goes_on = (
            open_group is not None
            and utterance.speaker is not None
            and utterance.speaker == open_group[-1].speaker
            and utterance.start_ms - open_group[-1].end_ms <= NEIGHBOURS_WITHIN_MS
            and size < MAX_PASSAGE_WORDS
        )
        if goes_on and open_group is not None:
            open_group.append(utterance)
        elif utterance.is_backchannel:
            groups.append([utterance])
            continue
        else:
            open_group, size = [utterance], 0
            groups.append(open_group)
        size += utterance.text.count(" ") + 1
    return groups
