"""The phrases of rules, made ready to be looked for together."""

from collections.abc import Iterable
from functools import lru_cache

from services.domain.rules import Phrase
from services.understanding.rules.automaton import Automaton, Ends
from services.understanding.rules.matching import matcher
from services.understanding.rules.patterns import InOrder, Like
from services.understanding.rules.spoken import Passage

_ANY_WORD = InOrder((Like(("", "")),))


class Together:
    """Phrases that are looked for at once."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Take these phrases. Raises BadRule."""
        texts = dict.fromkeys(texts)
        self.any_word = frozenset(text for text in texts if matcher(text).said == _ANY_WORD)
        """Those that any word fits, which nobody has to look for."""
        self.texts = tuple(text for text in texts if text not in self.any_word)
        self._number_of = {text: number for number, text in enumerate(self.texts)}
        self.automaton = Automaton(matcher(text).said for text in self.texts)

    def ends(self, text: str, passage: Passage) -> Ends:
        """Return where one of them stands in a passage."""
        if text in self.any_word:
            return passage.every_word
        return passage.found(self.automaton).get(self._number_of[text], {})


class AskedPhrases:
    """All phrases that some conditions ask for: those to be said, and those not to be beside."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        """Take these conditions. Raises BadRule."""
        phrases = tuple(phrases)
        said = [texts for p in phrases for texts in (p.any_of, p.within.after)]
        beside = [p.unless for p in phrases]
        self._known = frozenset([*said, *beside])
        anchored = any(p.within.after for p in phrases)
        self.roles = frozenset([p.said_by for p in phrases] + [None] * anchored)
        """Who is asked about; None among them: everybody."""
        self.said = Together(text for texts in said for text in texts)
        self.beside = Together(text for texts in beside for text in texts)

    def covers(self, phrase: Phrase) -> bool:
        """Whether these are among what a condition asks for."""
        return phrase.any_of in self._known and phrase.unless in self._known


@lru_cache(maxsize=256)
def asked_by(phrase: Phrase) -> AskedPhrases:
    """Return what one condition asks for. Raises BadRule."""
    return AskedPhrases([phrase])
