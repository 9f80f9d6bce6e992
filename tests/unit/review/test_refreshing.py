"""What an older version kept about calls is written anew, as the calls are shown now."""

import pytest

from services.domain.edits import CallEdits
from services.domain.people import LOCAL_USER
from services.domain.searching import LineFilter
from services.domain.speech import SpeakerRole
from services.review.refreshing import Refresher
from services.searching import SearchService
from services.storage.calls import CallStore
from services.storage.database import open_engine
from services.storage.schema import migrate
from services.storage.search import SearchIndex
from services.storage.transcripts import TranscriptStore
from tests.authorities import authority_on
from tests.contract.stores import ORG, add, analysed


class Nobody:
    """Knows no voice."""

    def names(self, org_id: str) -> dict[str, str]:
        return {}


@pytest.fixture
def engine(tmp_path):
    made = open_engine(f"sqlite:///{tmp_path / 'calls.db'}")
    migrate(made)
    yield made
    made.dispose()


def as_before_the_update(engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM shown_utterances")
        connection.exec_driver_sql("UPDATE call_figures SET form = 0, overlap_ms = 77")


def test_older_calls_can_be_searched_after_an_update(engine, monkeypatch):
    monkeypatch.setattr("services.review.refreshing.CALLS_AT_ONCE", 2)
    calls, transcripts = CallStore(engine), TranscriptStore(engine)
    for _ in range(5):
        transcripts.save(ORG, add(calls).id, 1, analysed())
    swapped = calls.list(ORG)[0].call.id
    roles = {"s1": SpeakerRole.CUSTOMER, "s2": SpeakerRole.AGENT}
    transcripts.save_edits(ORG, swapped, CallEdits(roles=roles))
    as_before_the_update(engine)

    search = SearchService(SearchIndex(engine), authority=authority_on(engine))
    refresher = Refresher(calls, transcripts, Nobody())
    assert search.search(LOCAL_USER, "bill") == []
    assert refresher.refresh() == 5
    assert len(search.search(LOCAL_USER, "bill")) == 5
    by_agent = search.search(LOCAL_USER, "bill", LineFilter(said_by=SpeakerRole.AGENT))
    assert [line.call_id for line in by_agent] == [swapped]
    assert all(transcripts.figures(ORG, row.call.id).overlap_ms == 0 for row in calls.list(ORG))
    assert refresher.refresh() == 0


def test_it_stops_when_the_worker_does(engine):
    calls, transcripts = CallStore(engine), TranscriptStore(engine)
    transcripts.save(ORG, add(calls).id, 1, analysed())
    as_before_the_update(engine)
    assert Refresher(calls, transcripts, Nobody(), stopping=lambda: True).refresh() == 0
    assert len(transcripts.in_older_form(10)) == 1
