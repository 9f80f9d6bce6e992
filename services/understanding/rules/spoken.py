"""What was said in a call, laid out for matching: the words of each speaker's passages in a row."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from services.domain.speech import SpeakerRole, Utterance
from services.domain.word_places import word_places
from services.understanding.rules.folding import FoldedWord, folded
from services.understanding.rules.patterns import Like

NEIGHBOURS_WITHIN_MS = 5_000
MAX_PASSAGE_WORDS = 2_000
_OH = frozenset({"o", "oh"})
_SEVERAL = {"double": 2, "triple": 3, "treble": 3}
_BETWEEN_DIGITS = frozenset({"dash", "hyphen", "space"})


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
    ) -> None:
        """Take words that were folded before; the utterances are looked at only to quote them."""
        self.utterances = utterances
        self.role = role
        self.texts, self.marks, self.sizes = texts, marks, sizes

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


@dataclass(frozen=True, slots=True)
class Line:
    """An utterance as words are quoted from it: its folded words, and where its timed words are."""

    utterance: Utterance
    words: Sequence[FoldedWord]
    places: Sequence[tuple[int, int]] | None


class Vocabulary:
    """Different words, folded, and which of them start so."""

    def __init__(self, words: Set[str]) -> None:
        """Take the words."""
        self.words = words
        self._starting: dict[str, Sequence[str]] = {}

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.words)

    def starting(self, start: str) -> Sequence[str]:
        """Return the words that start so."""
        found = self._starting.get(start)
        if found is None:
            first = behind = bisect_left(self._sorted, start)
            while behind < len(self._sorted) and self._sorted[behind].startswith(start):
                behind += 1
            found = self._starting[start] = self._sorted[first:behind]
        return found


class WordStream:
    """The words of all passages of a call in one row, with what matching asks about them.

    ``passage_at`` tells where each word belongs, ``marks`` what follows it ;
    sets of passages are bits of a number, the first passage the lowest.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        """Lay the passages one behind the other."""
        self._passages = passages
        self.texts: list[str] = []
        self.passage_at: list[int] = []
        self.start_of: list[int] = []
        self.end_of: list[int] = []
        self._bits: dict[str, int] = {}
        bits = self._bits
        for number, passage in enumerate(passages):
            self.start_of.append(len(self.texts))
            self.texts += passage.texts
            self.passage_at += [number] * len(passage.texts)
            self.end_of.append(len(self.texts))
            bit = 1 << number
            for text in passage.texts:
                bits[text] = bits.get(text, 0) | bit
        self.marks = "".join(passage.marks for passage in passages)
        self.places: dict[str, list[int]] = {}
        for at, text in enumerate(self.texts):
            if text in self.places:
                self.places[text].append(at)
            else:
                self.places[text] = [at]
        self._of_form: dict[Like, tuple[str, ...]] = {}
        self._started: dict[str, int] = {}
        self._lines: dict[int, Line] = {}

    @cached_property
    def sentence_at(self) -> list[int]:
        """The number of the sentence to which each word belongs."""
        sentences: list[int] = []
        sentence = 0
        for passage in self._passages:
            for mark in passage.marks:
                sentences.append(sentence)
                sentence += mark == "."
            sentence += 1
        return sentences

    @cached_property
    def _line_starts(self) -> tuple[list[int], list[tuple[int, int]]]:
        """Where each line's words start; the passage and the number in it of each line."""
        starts: list[int] = []
        lines: list[tuple[int, int]] = []
        at = 0
        for number, passage in enumerate(self._passages):
            for line, size in enumerate(passage.sizes):
                if size:
                    starts.append(at)
                    lines.append((number, line))
                    at += size
        return starts, lines

    def quoted(self, start: int, end: int) -> Iterator[tuple[Line, int, int]]:
        """Yield the lines to which words [start, end) belong, and which of each line's words."""
        starts, lines = self._line_starts
        while start < end:
            number = bisect_right(starts, start) - 1
            behind = starts[number + 1] if number + 1 < len(starts) else len(self.texts)
            last = min(end, behind)
            yield self._line(number, lines[number]), start - starts[number], last - starts[number]
            start = last

    def _line(self, number: int, place: tuple[int, int]) -> Line:
        line = self._lines.get(number)
        if line is None:
            utterance = self._passages[place[0]].utterances[place[1]]
            places = word_places(utterance.words, utterance.text) if utterance.words else None
            line = self._lines[number] = Line(utterance, folded(utterance.text), places)
        return line

    def passages_with_all(self, groups: Sequence[tuple[Set[str], Sequence[str]]]) -> int:
        """Return the passages that hold something of every group: one of its words or starts."""
        every = (1 << len(self.end_of)) - 1
        bits_of = self._bits
        for words, starts in groups:
            some = 0
            for word in bits_of.keys() & words if len(words) > 1 else words:
                some |= bits_of.get(word, 0)
            for start in starts:
                some |= self._passages_with_start(start)
            every &= some
            if not every:
                break
        return every

    def _passages_with_start(self, start: str) -> int:
        bits = self._started.get(start)
        if bits is None:
            bits = 0
            for word in self._vocabulary.starting(start):
                bits |= self._bits[word]
            self._started[start] = bits
        return bits

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(self.places.keys())

    @cached_property
    def following(self) -> list[str]:
        """The word behind each word, whoever says it; an empty one at the end."""
        return [*self.texts[1:], ""]

    def of_form(self, form: Like) -> tuple[str, ...]:
        """Return the words of a form."""
        words = self._of_form.get(form)
        if words is None:
            words = tuple(w for w in self._vocabulary.starting(form.parts[0]) if form.fits(w))
            self._of_form[form] = words
        return words

    @cached_property
    def numbers(self) -> Mapping[int, tuple[int, int]]:
        """Where numbers start: the place behind each, and how many digits it has."""
        found: dict[int, tuple[int, int]] = {}
        begins = [w for w in self.places if w.isdigit() or w in _SEVERAL or w in _OH]
        behind = 0
        for at in sorted(at for word in begins for at in self.places[word]):
            if at < behind:
                continue
            end, digits = self._number_at(at)
            if digits:
                found[at] = (end, digits)
            behind = end
        return found

    def _number_at(self, start: int) -> tuple[int, int]:
        digits, end, at = 0, start, start
        last = self.end_of[self.passage_at[start]]
        while at < last:
            text = self.texts[at]
            following = self.texts[at + 1] if at + 1 < last else ""
            if text.isdigit():
                digits += len(text)
            elif text in _SEVERAL and (following.isdigit() or following in _OH):
                digits += _SEVERAL[text] - 1
            elif text in _OH and (digits or following.isdigit()):
                digits += 1
            elif not (text in _BETWEEN_DIGITS and digits):
                break
            at += 1
            if text not in _BETWEEN_DIGITS:
                end = at
        return end, digits


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
