"""What the stores of recordings from elsewhere promise, on every database."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine

from services.domain.calls import CallDetails, CallState, Direction, ProcessingOptions
from services.domain.errors import RequestKeyTaken, UploadNotFound, UploadOffset, UploadsFull
from services.domain.ids import new_id
from services.storage.call_pages import CallPages, PlaceInList
from services.storage.calls import CallFilter, CallStore
from services.storage.ingested_files import (
    Fate,
    IngestedFile,
    IngestedFileStore,
    file_identity,
)
from services.storage.request_keys import KnownRequest, RequestKeyStore
from services.storage.run_counts import RunCounts
from services.storage.runs import RunStore
from services.storage.uploads import Upload, UploadPart, UploadStore
from tests.contract.stores import MASTER_KEY, ORG, OTHER, add

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)


def upload(org_id: str = ORG, **changes: object) -> Upload:
    """An upload of 100 bytes."""
    made = Upload(
        id=new_id(),
        org_id=org_id,
        name="Anruf ☎.wav",
        options=ProcessingOptions(vocabulary=("a",), spelling=(("b", "c"),)),
        details=CallDetails(
            agent_name="Zoë", direction=Direction.INBOUND, started_at=NOW, external_ref="7"
        ),
        size_bytes=100,
        key=MASTER_KEY.new_data_key("u"),
        created_at=NOW,
        changed_at=NOW,
        content_hash="a" * 64,
    )
    return replace(made, **changes)


def test_a_file_is_known_as_it_was_noted_last(engine: Engine) -> None:
    store = IngestedFileStore(engine)
    files = [file_identity("file:///in", f"{n} \udcff☎.wav") for n in range(1200)]
    assert len(set(files)) == len(files)
    assert store.known(ORG, files) == {}
    refused = IngestedFile(
        file=files[0], mark="1", beside="b", fate=Fate.REFUSED, error_code="NotAudio"
    )
    store.note(ORG, refused)
    assert store.known(ORG, files) == {files[0]: refused}
    assert store.known(OTHER, files) == {}
    taken = IngestedFile(file=files[0], mark="2", fate=Fate.TAKEN)
    store.note(ORG, taken)
    store.note(ORG, replace(taken, file=files[-1]))
    assert store.known(ORG, files).keys() == {files[0], files[-1]}
    assert store.known(ORG, files)[files[0]] == taken
    assert taken.settles("2", "anything")
    assert not taken.settles("3", "")
    assert refused.settles("1", "b")
    assert not refused.settles("1", "c")


def test_a_note_is_there_with_its_transaction_or_not_at_all(
    engine: Engine, calls: CallStore
) -> None:
    store = IngestedFileStore(engine)
    taken = IngestedFile(file="f", mark="1", fate=Fate.TAKEN)

    def broken_off() -> None:
        with calls.transaction() as connection:
            store.note(ORG, taken, connection=connection)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    assert store.known(ORG, ["f"]) == {}


def test_a_key_belongs_to_one_call_as_long_as_that_is_there(
    engine: Engine, calls: CallStore
) -> None:
    store = RequestKeyStore(engine)
    one, other = add(calls), add(calls)
    for key in ("k", "☎" * 255, "a\x00b"):
        assert store.known(ORG, key) is None
        store.note(ORG, key, one.id, duplicate=True)
        store.note(ORG, key, one.id)
        with pytest.raises(RequestKeyTaken):
            store.note(ORG, key, other.id)
        assert store.known(ORG, key) == KnownRequest(call_id=one.id, duplicate=True)
        assert store.known(OTHER, key) is None
    assert store.forget_old() == 0
    calls.delete(ORG, one.id)
    assert store.known(ORG, "k") is None
    store.note(ORG, "k", other.id)


def test_an_upload_comes_back_as_it_was_added(engine: Engine) -> None:
    store = UploadStore(engine)
    made = upload()
    store.add(made, most_open=1)
    assert store.get(ORG, made.id) == made
    for org_id, upload_id in ((OTHER, made.id), (ORG, "none")):
        with pytest.raises(UploadNotFound):
            store.get(org_id, upload_id)
    with pytest.raises(UploadsFull):
        store.add(upload(), most_open=1)
    store.add(upload(OTHER), most_open=1)
    assert store.open_count() == 2
    assert store.existing([made.id, "none"]) == {made.id}


def test_many_that_add_at_once_add_no_more_than_may_be_open(engine: Engine) -> None:
    store = UploadStore(engine)
    together = Barrier(8)

    def add_one(_n: int) -> bool:
        together.wait()
        try:
            store.add(upload(), most_open=2)
        except UploadsFull:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        added = list(threads.map(add_one, range(8)))
    assert added.count(True) == store.open_count() == 2


def test_pieces_count_where_the_upload_stands(engine: Engine, calls: CallStore) -> None:
    store = UploadStore(engine)
    made = upload()
    store.add(made, most_open=9)
    first = UploadPart(start=0, size_bytes=60, name="p1")
    last = UploadPart(start=60, size_bytes=40, name="p2")
    with pytest.raises(UploadOffset):
        store.advance(made, last)
    store.advance(made, first)
    with pytest.raises(UploadOffset):
        store.advance(made, replace(first, name="p3"))
    store.advance(made, last)
    assert store.parts(made) == [first, last]
    assert store.get(ORG, made.id).offset_bytes == 100
    call = add(calls)
    store.finish(made, call.id, duplicate=True)
    with pytest.raises(UploadNotFound):
        store.finish(made, add(calls).id, duplicate=False)
    done = store.get(ORG, made.id)
    assert (done.call_id, done.duplicate) == (call.id, True)
    assert (done.name, done.details) == ("", CallDetails())
    assert store.parts(made) == []
    assert store.open_count() == 0
    with pytest.raises(UploadOffset):
        store.advance(made, replace(last, start=100))
    calls.delete(ORG, call.id)
    with pytest.raises(UploadNotFound):
        store.get(ORG, made.id)


def test_of_many_that_send_the_same_piece_one_counts(engine: Engine) -> None:
    store = UploadStore(engine)
    made = upload()
    store.add(made, most_open=9)

    def advance(n: int) -> bool:
        try:
            store.advance(made, UploadPart(start=0, size_bytes=n + 1, name=f"p{n}"))
        except UploadOffset:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        counted = list(threads.map(advance, range(8)))
    assert counted.count(True) == 1
    (part,) = store.parts(made)
    assert part.size_bytes == store.get(ORG, made.id).offset_bytes == counted.index(True) + 1


def test_old_uploads_are_found_and_go_with_their_pieces(engine: Engine) -> None:
    store = UploadStore(engine)
    old, young = upload(), upload(changed_at=NOW + timedelta(hours=1))
    for one in (old, young):
        store.add(one, most_open=9)
    store.advance(young, UploadPart(start=0, size_bytes=1, name="p"))
    assert store.unchanged_since(NOW + timedelta(minutes=1)) == [old]
    store.delete(young)
    store.delete(young)
    assert store.parts(young) == []
    assert store.existing([old.id, young.id]) == {old.id}


def test_pages_are_whole_whatever_has_the_same_moment(engine: Engine, calls: CallStore) -> None:
    moments = [NOW, NOW, NOW, NOW - timedelta(microseconds=1), NOW + timedelta(days=1)]
    made = [add(calls, details=CallDetails(started_at=at, queue="q")) for at in moments]
    add(calls, org_id=OTHER)
    pages = CallPages(engine)
    shown: list[str] = []
    after: PlaceInList | None = None
    while rows := pages.page(ORG, CallFilter(queues=("q",)), after, 2):
        shown += [row.call.id for row in rows]
        last = rows[-1].call
        after = PlaceInList(held_at=last.held_at, call_id=last.id)
    in_order = sorted(made, key=lambda call: (call.held_at, call.id), reverse=True)
    assert shown == [call.id for call in in_order]


def test_runs_are_counted_while_they_are_under_way(
    engine: Engine, calls: CallStore, runs: RunStore
) -> None:
    counts = RunCounts(engine)
    assert (counts.waiting(), counts.under_way()) == (0, [])
    waiting = [add(calls) for _ in range(3)] + [add(calls, org_id=OTHER, queue="calls-azure")]
    runs.begin(waiting[0].id, 1)
    runs.finish(add(calls).id, 1, "t")
    assert counts.waiting() == 3
    found = {(one.queue, one.state): one.runs for one in counts.under_way()}
    assert found == {
        ("calls", CallState.PROCESSING): 1,
        ("calls", CallState.WAITING): 2,
        ("calls-azure", CallState.WAITING): 1,
    }
    assert all(one.oldest_s >= 0 for one in counts.under_way())


def test_calls_are_found_by_their_reference_elsewhere(calls: CallStore) -> None:
    made = add(calls, details=CallDetails(external_ref="crm-1", customer_ref="C-1"))
    add(calls, details=CallDetails(external_ref="crm-12", customer_ref="C-12"))
    for wanted in (
        CallFilter(external_ref="crm-1"),
        CallFilter(customer_ref="C-1"),
        CallFilter(text="crm-1"),
    ):
        assert [row.call.id for row in calls.list(ORG, wanted)] == [made.id]
    assert calls.get(ORG, made.id).details.external_ref == "crm-1"
