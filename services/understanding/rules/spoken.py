"""What was said in a call, laid out for matching: the words of each speaker's passages in a row."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from services.domain.speech import SpeakerRole, Utterance
from services.understanding.rules.folding import FoldedWord, folded
from services.understanding.rules.patterns import Like

NEIGHBOURS_WITHIN_MS = 5_000
MAX_PASSAGE_WORDS = 2_000
_OH = frozenset({"o", "oh"})
_SEVERAL = {"double": 2, "triple": 3, "treble": 3}
_BETWEEN_DIGITS = frozenset({"dash", "hyphen", "space"})


class Passage:
    """What one speaker says without being answered: the words of neighbouring utterances."""

    def __init__(self, utterances: Sequence[Utterance], role: SpeakerRole) -> None:
        """Fold the words of these utterances."""
        self.utterances = tuple(utterances)
        self.role = role
        self.words: list[FoldedWord] = []
        self.lines: list[int] = []
        for line, utterance in enumerate(self.utterances):
            words = folded(utterance.text)
            self.words += words
            self.lines += [line] * len(words)

    @classmethod
    def of(cls, group: Sequence[Utterance], roles: Mapping[str, SpeakerRole]) -> "Passage":
        """Return the passage of utterances of one speaker."""
        return cls(group, roles.get(group[0].speaker or "", SpeakerRole.UNKNOWN))


class WordStream:
    """The words of all passages of a call in one row, with what matching asks about them.

    ``passage_at``, ``sentence_at`` and ``utterance_at`` tell where each word belongs; sets of
    passages are bits of a number, the first passage the lowest.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        """Lay the passages one behind the other."""
        self.words: list[FoldedWord] = []
        self.passage_at: list[int] = []
        self.sentence_at: list[int] = []
        self.utterance_at: list[Utterance] = []
        self.start_of: list[int] = []
        self.end_of: list[int] = []
        sentence = 0
        for number, passage in enumerate(passages):
            self.start_of.append(len(self.words))
            self.words += passage.words
            self.passage_at += [number] * len(passage.words)
            self.utterance_at += [passage.utterances[line] for line in passage.lines]
            for word in passage.words:
                self.sentence_at.append(sentence)
                sentence += word.after == "."
            sentence += 1
            self.end_of.append(len(self.words))
        self.texts = [word.text for word in self.words]
        self.places: dict[str, list[int]] = {}
        self._bits: dict[str, int] = {}
        for at, text in enumerate(self.texts):
            self.places.setdefault(text, []).append(at)
            self._bits[text] = self._bits.get(text, 0) | 1 << self.passage_at[at]
        self._of_form: dict[Like, tuple[str, ...]] = {}
        self._started: dict[str, int] = {}

    def passages_with_all(self, groups: Sequence[tuple[Sequence[str], Sequence[str]]]) -> int:
        """Return the passages that hold something of every group: one of its words or starts."""
        every = (1 << len(self.end_of)) - 1
        bits_of = self._bits
        for words, starts in groups:
            some = 0
            for word in words:
                if word in bits_of:
                    some |= bits_of[word]
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
            for word, its_bits in self._bits.items():
                if word.startswith(start):
                    bits |= its_bits
            self._started[start] = bits
        return bits

    def of_form(self, form: Like) -> tuple[str, ...]:
        """Return the words of a form."""
        words = self._of_form.get(form)
        if words is None:
            words = self._of_form[form] = tuple(w for w in self.places if form.fits(w))
        return words

    @cached_property
    def numbers(self) -> Mapping[int, tuple[int, int]]:
        """Where numbers start: the place behind each, and how many digits it has."""
        found: dict[int, tuple[int, int]] = {}
        at = 0
        while at < len(self.texts):
            end, digits = self._number_at(at)
            if digits:
                found[at] = (end, digits)
            at = max(end, at + 1)
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
