"""What is due goes, what is held stays, and whoever is killed loses and doubles nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
from sqlalchemy import Engine, inspect, text

from services.access.authority import Authority
from services.access.trails import KeptTrail
from services.domain.acts import Act, Outcome
from services.domain.calls import CallDetails
from services.domain.errors import (
    AccessDenied,
    HoldNotFound,
    InvalidRequest,
    NotFound,
    OnHold,
    StillInWork,
    StorageError,
)
from services.domain.people import LOCAL_USER, Reach, Role
from services.domain.retention import Kept, RetentionCounts, RetentionPeriod
from services.domain.speech import SpeakerRole
from services.domain.voices import KnownVoice, Voiceprint, VoiceQuality
from services.jobs.queue import JobQueue, prepare_queue
from services.jobs.removing import CallRemover
from services.storage.audio_vault import AudioVault, Rendition
from services.storage.calls import CallStore
from services.storage.database import open_engine
from services.storage.holds import HoldStore
from services.storage.known_voices import KnownVoiceStore
from services.storage.objects import ObjectStore
from services.storage.removals import RemovalStore
from services.storage.retention import RetentionStore
from services.storage.rollups import RollupStore
from services.storage.runs import RunStore
from services.storage.search import SearchIndex
from services.storage.transcripts import TranscriptStore
from services.upkeep.holding import HoldDesk
from services.upkeep.retaining import RetentionDesk, RetentionKeeper
from tests.builders import transcript, utterance
from tests.contract.stores import MASTER_KEY, add, analysed

ORG = LOCAL_USER.org_id
CANARY = "zanzibar"
NOW = datetime.now(UTC)
VIEWER = replace(LOCAL_USER, role=Role.VIEWER)


@dataclass
class House:
    """Calls of several ages, and what deletes them."""

    engine: Engine
    queue: JobQueue
    sound: ObjectStore

    def __post_init__(self) -> None:
        engine = self.engine
        self.calls, self.runs = CallStore(engine), RunStore(engine)
        self.transcripts = TranscriptStore(engine)
        self.vault = AudioVault(self.sound, MASTER_KEY)
        self.voices = KnownVoiceStore(engine, MASTER_KEY)
        self.removals = RemovalStore(engine)
        self.store = RetentionStore(engine)
        self.trail = KeptTrail()
        authority = Authority(self.calls, self.trail)
        self.desk = RetentionDesk(self.store, authority)
        self.holds = HoldDesk(HoldStore(engine), self.calls, authority)
        self.remover = CallRemover(self.calls, self.removals, self.vault, self.queue)
        self.is_alone = True
        self.keeper = RetentionKeeper(
            self.store, self.remover, self.vault, self.voices, authority, self.alone
        )

    @contextmanager
    def alone(self, _what: str) -> Iterator[bool]:
        yield self.is_alone

    def add(
        self, days: int, *, ref: str = "C-1", queue: str = "Billing", finished: bool = True
    ) -> str:
        held_at = NOW - timedelta(days=days)
        details = CallDetails(customer_ref=ref, queue=queue, started_at=held_at)
        call = add(self.calls, org_id=ORG, details=details)
        spoken = transcript(utterance(1, "s1", 0, f"hello {CANARY}"), transcript_id=f"t{call.id}")
        self.transcripts.save(ORG, call.id, 1, analysed(spoken))
        with self.vault.write(call.id, Rendition.ORIGINAL, self.calls.key(ORG, call.id)) as sink:
            sink.write(b"sound")
        with self.calls.transaction() as connection:
            self.queue.enqueue(connection, self.runs.get(ORG, call.id, 1))
        if finished:
            self.runs.cancelled(call.id, 1)
        return call.id

    def keep(self, kind: Kept, days: int | None, queue: str | None = None) -> None:
        self.desk.set(LOCAL_USER, RetentionPeriod(kind=kind, days=days, queue=queue))

    def ids(self) -> set[str]:
        return {row.call.id for row in self.calls.list(ORG)}

    def sounding(self) -> set[str]:
        return {stored.call_id for stored in self.vault.stored()}

    def text_of(self, call_id: str) -> set[str]:
        """Return the tables in which a word of the call, or its id, stands."""
        found = set()
        with self.engine.connect() as connection:
            for schema in (None, *(["dbos"] if self.engine.dialect.name != "sqlite" else [])):
                for name in inspect(connection).get_table_names(schema):
                    rows = connection.execute(
                        text(f"SELECT * FROM {f'{schema}.{name}' if schema else name}")
                    )
                    told = "\n".join(repr(tuple(row)) for row in rows)
                    found |= {name} if call_id in told else set()
        return found

    def words(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM shown_utterances")).scalar())


@pytest.fixture
def house(engine: Engine, database_url: str, tmp_path: Path) -> Iterator[House]:
    prepare_queue(database_url)
    queue = JobQueue(open_engine(database_url))
    yield House(engine=engine, queue=queue, sound=ObjectStore(str(tmp_path / "audio")))
    queue.close()


def test_what_is_due_goes_by_its_period_and_queue(house: House) -> None:
    young, old, oldest = house.add(5), house.add(40), house.add(400)
    sales, forever = house.add(40, queue="Sales"), house.add(4000, queue="Court")
    voice = KnownVoice(
        id="v1",
        org_id=ORG,
        name="Nora",
        role=SpeakerRole.AGENT,
        created_at=NOW - timedelta(days=50),
        speech_ms=20_000,
        quality=VoiceQuality.GOOD,
    )
    house.voices.add(voice, Voiceprint(packed=b"x" * 16))
    house.keep(Kept.CALL, 365)
    house.keep(Kept.AUDIO, 30)
    house.keep(Kept.AUDIO, 90, "Sales")
    house.keep(Kept.TEXT, 20, "Sales")
    house.keep(Kept.VOICEPRINTS, 30)
    for kind in (Kept.CALL, Kept.AUDIO):
        house.keep(kind, None, "Court")
    due = house.desk.preview(LOCAL_USER)
    assert due == RetentionCounts(calls=1, audio=1, text=1, voiceprints=1)

    sums = RollupStore(house.engine)
    sums.fold()
    run = house.keeper.run(ORG)
    assert run
    assert run.finished_at
    assert run.counts == due
    assert house.desk.runs(LOCAL_USER) == [run]
    assert house.ids() == {young, old, sales, forever}
    assert house.sounding() == {young, sales, forever}
    assert house.transcripts.active(ORG, old).utterances
    assert house.calls.get(ORG, sales).active_transcript_id is None
    assert house.store.lapsed(ORG, sales).keys() == {Kept.TEXT}
    assert house.calls.list(ORG)[0].figures is not None
    assert house.voices.list(ORG) == []
    assert house.text_of(oldest) == set()
    # Nothing waits to be written anew because its words are gone, and nothing is due twice.
    assert house.transcripts.in_older_form(10) == []
    assert house.desk.preview(LOCAL_USER).is_nothing
    sums.fold()
    assert sums.differing() == ()
    noted = [e for e in house.trail.entries if e.act is Act.RETENTION_CARRIED_OUT]
    assert [(e.subject, e.details["calls"]) for e in noted] == [(run.id, 1)]


def test_what_is_held_stays_until_it_is_released(house: House) -> None:
    mine, theirs = house.add(40, ref="C-1"), house.add(40, ref="C-2")
    house.keep(Kept.CALL, 30)
    on_call = house.holds.hold_call(LOCAL_USER, mine, "claim 17")
    on_customer = house.holds.hold_customer(LOCAL_USER, " C-2 ", "court order")
    assert house.desk.preview(LOCAL_USER) == RetentionCounts(held=2)
    run = house.keeper.run(ORG)
    assert run
    assert run.counts == RetentionCounts(held=2)
    for call_id in (mine, theirs):
        with pytest.raises(OnHold):
            house.calls.delete(ORG, call_id)
        with pytest.raises(OnHold):
            house.remover.remove(ORG, call_id)
    # Under another reference it would be held no more.
    with pytest.raises(OnHold):
        house.calls.update_details(ORG, theirs, CallDetails(customer_ref="C-3"))
    with pytest.raises(OnHold):
        house.store.delete_text(ORG, mine, run.id)
    assert (
        house.ids()
        == house.sounding()
        == {mine, theirs}
        == house.holds.held(LOCAL_USER, [mine, theirs, "?"])
    )
    assert [hold.reason for hold in house.holds.of_call(LOCAL_USER, theirs)] == ["court order"]

    for hold in (on_call, on_customer):
        house.holds.release(LOCAL_USER, hold.id)
    with pytest.raises(HoldNotFound):
        house.holds.release(LOCAL_USER, on_call.id)
    run = house.keeper.run(ORG)
    assert run
    assert run.counts.calls == 2
    assert house.ids() == house.sounding() == set()


def test_who_may(house: House) -> None:
    call_id = house.add(40)
    stranger = replace(LOCAL_USER, org_id="elsewhere")
    refusals = (
        lambda: house.desk.set(VIEWER, RetentionPeriod(kind=Kept.CALL, days=1)),
        lambda: house.desk.preview(VIEWER),
        lambda: house.holds.hold_call(VIEWER, call_id, "why"),
        lambda: house.holds.hold_customer(VIEWER, "C-1", "why"),
        lambda: house.holds.all(VIEWER),
    )
    for refused in refusals:
        with pytest.raises(AccessDenied):
            refused()
    assert {entry.outcome for entry in house.trail.entries} == {Outcome.REFUSED}
    few = replace(LOCAL_USER, reach=Reach(queues=frozenset({"Sales"})))
    with pytest.raises(AccessDenied):
        house.holds.hold_customer(few, "C-1", "why")
    with pytest.raises(NotFound):
        house.holds.hold_call(few, call_id, "why")
    hold = house.holds.hold_call(LOCAL_USER, call_id, "why")
    assert house.holds.all(LOCAL_USER) == [hold]
    assert house.holds.all(few) == []
    with pytest.raises(NotFound):
        house.holds.hold_call(stranger, call_id, "why")
    assert house.desk.periods(stranger) == []
    for reason in ("", "x" * 501):
        with pytest.raises(InvalidRequest):
            house.holds.hold_call(LOCAL_USER, call_id, reason)
    for period in (
        RetentionPeriod(kind=Kept.CALL, days=0),
        RetentionPeriod(kind=Kept.VOICEPRINTS, days=1, queue="Sales"),
    ):
        with pytest.raises(InvalidRequest):
            house.desk.set(LOCAL_USER, period)


def test_what_breaks_off_is_finished_by_the_next(house: House) -> None:
    calls = {house.add(40 + n) for n in range(3)}
    house.keep(Kept.CALL, 30)
    with mock.patch.object(house.vault, "delete", side_effect=StorageError):
        with pytest.raises(StorageError):
            house.keeper.run(ORG)
        # Rows and key are gone; what is left to do stands there.
        assert len(house.ids()) == 2
        assert len(house.removals.begun()) == 1
    (broken_off,) = house.desk.runs(LOCAL_USER)
    assert broken_off.finished_at is None
    assert house.keeper.run_due() == 3
    (run,) = house.desk.runs(LOCAL_USER)
    assert (run.id, run.counts.calls) == (broken_off.id, 3)
    assert house.ids() == house.sounding() == set()
    assert house.removals.begun() == []
    assert all(house.text_of(call_id) == set() for call_id in calls)
    # Once a day is enough, and one at a time.
    assert house.keeper.run_due() == 0
    house.is_alone = False
    assert house.keeper.run(ORG) is None


def test_a_call_in_work_is_left_alone(house: House) -> None:
    call_id = house.add(40, finished=False)
    house.keep(Kept.CALL, 30)
    run = house.keeper.run(ORG)
    assert run
    assert run.counts == RetentionCounts()
    with pytest.raises(StillInWork):
        house.remover.remove(ORG, call_id)
    assert house.ids() == house.sounding() == {call_id}


def test_words_leave_the_index_too(house: House) -> None:
    house.add(40)
    house.keep(Kept.TEXT, 30)
    assert house.words() == 1
    house.keeper.run(ORG)
    SearchIndex(house.engine).remove_deleted_words()
    assert house.words() == 0
