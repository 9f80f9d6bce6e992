"""What people may do with their organisation's vocabulary."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.domain.errors import AccessDenied, InvalidRequest, VocabularyChanged
from services.domain.people import LOCAL_USER, Role
from services.domain.vocabulary import Vocabulary
from services.storage.database import open_engine
from services.storage.schema import migrate
from services.storage.vocabularies import VocabularyStore
from services.vocabulary import ATTEMPTS, VocabularyService
from tests.authorities import authority

VIEWER = replace(LOCAL_USER, role=Role.VIEWER)
STRANGER = replace(LOCAL_USER, org_id="elsewhere")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VocabularyStore]:
    engine = open_engine(f"sqlite:///{tmp_path / 'words.db'}")
    migrate(engine)
    yield VocabularyStore(engine)
    engine.dispose()


@pytest.fixture
def service(store: VocabularyStore) -> VocabularyService:
    return VocabularyService(store, authority=authority())


def test_words_are_cleaned_before_they_are_kept(service: VocabularyService) -> None:
    kept = service.keep(LOCAL_USER, [" CPAP", "cpap"], [("see  pap", "CPAP")], based_on=0)
    assert kept == Vocabulary(terms=("CPAP",), spelling=(("see pap", "CPAP"),), version=1)
    assert service.load(LOCAL_USER) == kept
    assert service.load(STRANGER) == Vocabulary()


def test_what_cannot_be_kept_changes_nothing(service: VocabularyService) -> None:
    kept = service.add(LOCAL_USER, ["CPAP"])
    with pytest.raises(InvalidRequest):
        service.keep(LOCAL_USER, ["x" * 61], [], based_on=1)
    with pytest.raises(InvalidRequest):
        service.add(LOCAL_USER, [f"w{n}" for n in range(200)])
    with pytest.raises(VocabularyChanged):
        service.keep(LOCAL_USER, ["mine"], [], based_on=0)
    assert service.load(LOCAL_USER) == kept


def test_words_come_and_go(service: VocabularyService) -> None:
    service.add(LOCAL_USER, ["CPAP", "AcmeTel"])
    service.spell(LOCAL_USER, [("see pap", "CPAP"), ("acme tell", "Acmetel")])
    service.add(LOCAL_USER, ["acmetel", "Nora"])
    now = service.spell(LOCAL_USER, [("Acme tell", "AcmeTel")])
    assert now.terms == ("CPAP", "AcmeTel", "Nora")
    assert now.spelling == (("see pap", "CPAP"), ("Acme tell", "AcmeTel"))
    now = service.remove(LOCAL_USER, ["cpap", "ACME TELL"])
    assert (now.terms, now.spelling) == (("AcmeTel", "Nora"), (("see pap", "CPAP"),))


def test_what_is_not_there_cannot_be_removed(service: VocabularyService) -> None:
    kept = service.add(LOCAL_USER, ["CPAP"])
    with pytest.raises(InvalidRequest, match="does not hold this word"):
        service.remove(LOCAL_USER, ["CPAP", "Nora"])
    assert service.load(LOCAL_USER) == kept


def test_a_viewer_reads_and_changes_nothing(service: VocabularyService) -> None:
    kept = service.add(LOCAL_USER, ["CPAP"])
    for change in (
        lambda: service.add(VIEWER, ["x"]),
        lambda: service.remove(VIEWER, ["CPAP"]),
        lambda: service.spell(VIEWER, [("x", "y")]),
        lambda: service.keep(VIEWER, [], [], based_on=1),
    ):
        with pytest.raises(AccessDenied):
            change()
    assert service.load(VIEWER) == kept


class Overtaken(VocabularyStore):
    """A store in which somebody else is quicker, so many times."""

    def __init__(self, store: VocabularyStore, times: int) -> None:
        self._store = store
        self._times = times

    def get(self, org_id: str) -> Vocabulary:
        return self._store.get(org_id)

    def save(self, org_id: str, vocabulary: Vocabulary) -> Vocabulary:
        if self._times:
            self._times -= 1
            theirs = self._store.get(org_id)
            self._store.save(org_id, replace(theirs, terms=(*theirs.terms, f"t{self._times}")))
        return self._store.save(org_id, vocabulary)


def test_an_added_word_goes_on_top_of_somebody_elses(store: VocabularyStore) -> None:
    service = VocabularyService(Overtaken(store, ATTEMPTS - 1), authority=authority())
    assert service.add(LOCAL_USER, ["mine"]).terms == ("t1", "t0", "mine")
    with pytest.raises(VocabularyChanged):
        VocabularyService(Overtaken(store, ATTEMPTS), authority=authority()).add(
            LOCAL_USER, ["late"]
        )
