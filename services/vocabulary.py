"""The words of an organisation as its people keep them: read, replaced, added to, taken from."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from services import telemetry
from services.access.authority import Authority
from services.domain.acts import Act
from services.domain.errors import InvalidRequest, VocabularyChanged
from services.domain.people import User
from services.domain.vocabulary import Pair, Vocabulary, clean_spelling, clean_terms
from services.storage.vocabularies import VocabularyStore

ATTEMPTS = 3


class VocabularyService:
    """Carries out what people do to their organisation's vocabulary.

    Whoever may see calls may read it; to change it is a right of its own. Changes apply to calls
    that are processed from then on.
    """

    def __init__(self, store: VocabularyStore, *, authority: Authority) -> None:
        """Work on this store."""
        self._store = store
        self._authority = authority

    def load(self, user: User) -> Vocabulary:
        """Return the vocabulary, an empty one when nothing has been kept yet.

        Raises AccessDenied.
        """
        self._authority.check(user, Act.CALL_VIEWED)
        return self._store.get(user.org_id)

    def keep(
        self, user: User, terms: Iterable[str], spelling: Iterable[Pair], *, based_on: int
    ) -> Vocabulary:
        """Keep these terms and spellings instead of those of version ``based_on``.

        Raises InvalidRequest when they can't be kept, VocabularyChanged when somebody else has
        kept others since, AccessDenied.
        """
        kept = Vocabulary(
            terms=clean_terms(terms), spelling=clean_spelling(spelling), version=based_on
        )
        return self._save(user, kept)

    def add(self, user: User, terms: Iterable[str]) -> Vocabulary:
        """Add terms; those there already stay as they are. Raises InvalidRequest, AccessDenied."""
        added = clean_terms(terms)
        return self._change(user, lambda v: replace(v, terms=clean_terms((*v.terms, *added))))

    def spell(self, user: User, spelling: Iterable[Pair]) -> Vocabulary:
        """Add spellings, or write what is heard in another way than before.

        Raises InvalidRequest, AccessDenied.
        """
        added = {heard.casefold(): (heard, written) for heard, written in clean_spelling(spelling)}

        def change(vocabulary: Vocabulary) -> Vocabulary:
            before = {heard.casefold(): (heard, written) for heard, written in vocabulary.spelling}
            return replace(vocabulary, spelling=clean_spelling((before | added).values()))

        return self._change(user, change)

    def remove(self, user: User, words: Iterable[str]) -> Vocabulary:
        """Take away terms, and spellings of what is heard so.

        Raises InvalidRequest when the vocabulary holds one of them neither as the one nor as the
        other; then nothing is taken away. Raises AccessDenied.
        """
        unwanted = {word.casefold() for word in clean_terms(words)}

        def change(vocabulary: Vocabulary) -> Vocabulary:
            held = {term.casefold() for term in vocabulary.terms}
            held |= {heard.casefold() for heard, _ in vocabulary.spelling}
            if not unwanted <= held:
                raise InvalidRequest("The vocabulary does not hold this word.")
            return replace(
                vocabulary,
                terms=tuple(t for t in vocabulary.terms if t.casefold() not in unwanted),
                spelling=tuple(s for s in vocabulary.spelling if s[0].casefold() not in unwanted),
            )

        return self._change(user, change)

    def _change(self, user: User, change: Callable[[Vocabulary], Vocabulary]) -> Vocabulary:
        """Make a change on top of the newest vocabulary, again if somebody else's came first."""
        for _ in range(ATTEMPTS - 1):
            try:
                return self._save(user, change(self.load(user)))
            except VocabularyChanged:
                continue
        return self._save(user, change(self.load(user)))

    def _save(self, user: User, vocabulary: Vocabulary) -> Vocabulary:
        self._authority.allow(user, Act.VOCABULARY_CHANGED)
        kept = self._store.save(user.org_id, vocabulary)
        telemetry.event("vocabulary.changed", terms=len(kept.terms), spellings=len(kept.spelling))
        return kept
