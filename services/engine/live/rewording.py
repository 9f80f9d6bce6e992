"""Whether better words of some lines are really better than the captions that are shown.

The captions of English come from a model that is about as good as the one that reads lines again:
each is right where the other isn't. Both say how sure they are of each word.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from services.domain.speech import Utterance, Word
from services.engine.live.wording import plain

# Of the words that both hear, the second model is a little less sure.
HANDICAP = 0.1
# It sometimes leaves out a stretch, and is sure of the rest. Where it heard fewer words than this
# share of the caption's, the caption stays; for a term of the vocabulary less is enough.
LEAST_SHARE = 0.9
LEAST_SHARE_WITH_TERM = 0.5
# Lines that lie closer together were cut without a pause: a word at the cut may go to either, so
# they are reworded together or not at all.
CLOSE_MS = 100


@dataclass(frozen=True, kw_only=True)
class Rewording:
    """Lines as they are shown, in the order of time, and the better words for all of them."""

    lines: tuple[Utterance, ...]
    words: tuple[Word, ...]

    @property
    def start_ms(self) -> int:
        """Where the first line begins."""
        return self.lines[0].start_ms

    @property
    def end_ms(self) -> int:
        """Where the last line ends."""
        return max(line.end_ms for line in self.lines)

    def by_line(self) -> list[tuple[Utterance, tuple[Word, ...]]]:
        """Return each line with those of the words that lie in it, or nearest to it."""
        given: dict[str, list[Word]] = {line.id: [] for line in self.lines}
        for word in self.words:
            given[min(self.lines, key=lambda line: _distance(line, word)).id].append(word)
        return [(line, tuple(given[line.id])) for line in self.lines]


def together(rewordings: Iterable[Rewording]) -> list[list[Rewording]]:
    """Return rewordings of one channel in groups between which there are pauses."""
    groups: list[list[Rewording]] = []
    end_ms = 0
    for one in sorted(rewordings, key=lambda one: one.start_ms):
        if groups and one.start_ms - end_ms < CLOSE_MS:
            groups[-1].append(one)
        else:
            groups.append([one])
        end_ms = one.end_ms
    return groups


def is_likelier(group: Sequence[Rewording], vocabulary: Collection[str] = ()) -> bool:
    """Say whether the new words are likelier right than those that are shown.

    They are where they are about as many and about as sure, or where they have more of the
    ``vocabulary``, which captions don't know. They are, too, where nobody can tell how sure the
    captions are.
    """
    shown = [word for one in group for line in one.lines for word in line.words]
    words = [word for one in group for word in one.words]
    before, now = _mean(shown), _mean(words)
    if before is None or now is None:
        return True
    share = _length(words) / max(1, _length(shown))
    if _known(words, vocabulary) > _known(shown, vocabulary):
        return share >= LEAST_SHARE_WITH_TERM
    return now >= before - HANDICAP and share >= LEAST_SHARE


def _length(words: Sequence[Word]) -> int:
    """Return how many words there are, each digit counting as one: a number may be written out."""
    return sum(max(1, sum(map(str.isdigit, word.text))) for word in words if plain(word.text))


def _mean(words: Sequence[Word]) -> float | None:
    """Return the mean confidence, None where it isn't known of every word."""
    known = [word.confidence for word in words if word.confidence is not None]
    return sum(known) / len(known) if known and len(known) == len(words) else None


def _known(words: Sequence[Word], vocabulary: Collection[str]) -> int:
    """Count the terms of the vocabulary in a row of words."""
    said = f" {_plain(word.text for word in words)} "
    terms = (_plain(term.split()) for term in vocabulary)
    return sum(said.count(f" {term} ") for term in terms if term)


def _plain(words: Iterable[str]) -> str:
    return " ".join(bare for word in words if (bare := plain(word)))


def _distance(line: Utterance, word: Word) -> int:
    middle = (word.start_ms + word.end_ms) // 2
    return max(line.start_ms - middle, middle - line.end_ms, 0)
