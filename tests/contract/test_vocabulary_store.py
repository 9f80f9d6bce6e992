"""What every store of vocabularies keeps to."""

import pytest
from sqlalchemy import Engine

from services.domain.errors import VocabularyChanged
from services.domain.vocabulary import Vocabulary
from services.storage.vocabularies import VocabularyStore
from tests.contract.stores import ORG, OTHER

WORDS = Vocabulary(
    terms=("AcmeTel", "Größe", "日本"), spelling=(("see pap", "CPAP"), ("o'riley", "O'Reilly"))
)


@pytest.fixture
def store(engine: Engine) -> VocabularyStore:
    return VocabularyStore(engine)


def test_it_begins_empty(store: VocabularyStore) -> None:
    assert store.get(ORG) == Vocabulary(terms=(), spelling=(), version=0)


def test_what_is_saved_is_there_in_its_order(store: VocabularyStore) -> None:
    saved = store.save(ORG, WORDS)
    assert saved == store.get(ORG)
    assert (saved.terms, saved.spelling, saved.version) == (WORDS.terms, WORDS.spelling, 1)


def test_each_organisation_has_its_own(store: VocabularyStore) -> None:
    store.save(ORG, WORDS)
    assert store.get(OTHER) == Vocabulary()
    store.save(OTHER, Vocabulary(terms=("theirs",)))
    assert store.get(ORG).terms == WORDS.terms


def test_versions_count_changes(store: VocabularyStore) -> None:
    first = store.save(ORG, WORDS)
    second = store.save(ORG, Vocabulary(version=first.version))
    assert second == store.get(ORG) == Vocabulary(version=2)


@pytest.mark.parametrize("based_on", [0, 2, 7])
def test_a_change_of_another_version_is_refused(store: VocabularyStore, based_on: int) -> None:
    kept = store.save(ORG, WORDS)
    with pytest.raises(VocabularyChanged):
        store.save(ORG, Vocabulary(terms=("lost",), version=based_on))
    assert store.get(ORG) == kept


def test_a_change_of_what_was_never_kept_is_refused(store: VocabularyStore) -> None:
    with pytest.raises(VocabularyChanged):
        store.save(ORG, Vocabulary(terms=("x",), version=1))
    assert store.get(ORG) == Vocabulary()
