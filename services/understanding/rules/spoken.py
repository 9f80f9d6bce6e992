"""What was said in a call, laid out for matching: the words of each speaker's passages in a row."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from services.domain.speech import SpeakerRole, Utterance
from services.domain.word_places import Place, word_places
from services.understanding.rules.folding import FoldedWord, folded, tokens
from services.understanding.rules.patterns import Like

NEIGHBOURS_WITHIN_MS = 5_000
MAX_PASSAGE_WORDS = 2_000
_OH = frozenset({"o", "oh"})
_SEVERAL = {"double": 2, "triple": 3, "treble": 3}
_BETWEEN_DIGITS = frozenset({"dash", "hyphen", "space"})


class Passage:
    """What one speaker says without being answered: the words of neighbouring utterances."""

    def __init__(self, utterances: Sequence[Utterance], role: SpeakerRole) -> None:
        """Take these utterances; their words are folded when they are first asked for."""
        self.utterances = tuple(utterances)
        self.role = role
        self._word_places: dict[int, list[Place] | None] = {}

    def word_places(self, line: int) -> list[Place] | None:
        """Return where an utterance's timed words stand in its text; None when they don't fit."""
        if line not in self._word_places:
            said = self.utterances[line]
            self._word_places[line] = word_places(said.words, said.text) if said.words else None
        return self._word_places[line]

    @cached_property
    def tokens(self) -> frozenset[str]:
        """The different words as they are written, in small letters."""
        return frozenset(word for utterance in self.utterances for word in tokens(utterance.text))

    @cached_property
    def _laid_out(self) -> tuple[list[FoldedWord], list[int], list[int]]:
        words: list[FoldedWord] = []
        lines: list[int] = []
        sentences: list[int] = []
        sentence = 0
        for line, utterance in enumerate(self.utterances):
            for word in folded(utterance.text):
                words.append(word)
                lines.append(line)
                sentences.append(sentence)
                sentence += word.after == "."
        return words, lines, sentences

    @cached_property
    def words(self) -> list[FoldedWord]:
        """The words in their order."""
        return self._laid_out[0]

    @cached_property
    def lines(self) -> list[int]:
        """The utterance in which each word stands."""
        return self._laid_out[1]

    @cached_property
    def sentences(self) -> list[int]:
        """The sentence in which each word stands."""
        return self._laid_out[2]

    @cached_property
    def texts(self) -> list[str]:
        """The words as they are compared."""
        return [word.text for word in self.words]

    @classmethod
    def of(cls, group: Sequence[Utterance], roles: Mapping[str, SpeakerRole]) -> "Passage":
        """Return the passage of utterances of one speaker."""
        return cls(group, roles.get(group[0].speaker or "", SpeakerRole.UNKNOWN))

    @cached_property
    def places(self) -> Mapping[str, list[int]]:
        """Where each word stands."""
        places: dict[str, list[int]] = {}
        for at, text in enumerate(self.texts):
            places.setdefault(text, []).append(at)
        return places

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
        while at < len(self.texts):
            text = self.texts[at]
            following = self.texts[at + 1] if at + 1 < len(self.texts) else ""
            if text[0].isdigit() and text.isdigit():
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

    def of_form(self, form: Like) -> list[int]:
        """Return where words of a form stand."""
        return sorted(at for word in self.places if form.fits(word) for at in self.places[word])


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
