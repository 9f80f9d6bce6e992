"""What is due goes, what is held stays, and whoever is killed loses and doubles nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from unittest import mock

import pytest
from sqlalchemy import Connection, Engine, insert, inspect, text

from services.access.authority import Authority
from services.access.trails import KeptTrail
from services.domain.acts import Act, AuditEntry, Outcome
from services.domain.calls import CallDetails, Priority, ProcessingOptions
from services.domain.errors import (
    AccessDenied,
    AuditBroken,
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
from services.jobs.sounds import SoundKeeper, SoundPolicy
from services.storage.active import ActiveTranscripts
from services.storage.audio_vault import AudioVault, Rendition
from services.storage.calls import CallStore
from services.storage.database import open_engine
from services.storage.holds import HoldStore
from services.storage.known_voices import KnownVoiceStore
from services.storage.objects import ObjectStore
from services.storage.provider_copies import ProviderCopyStore
from services.storage.provider_tables import PROVIDER_COPIES
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


class BreakingTrail(KeptTrail):
    """Keeps nothing for organisations whose audit is broken; ``then`` something else happens."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: set[str] = set()
        self.then: dict[Act, Callable[[], object]] = {}

    def note(self, entry: AuditEntry) -> None:
        if entry.org_id in self.broken:
            raise AuditBroken
        super().note(entry)
        self.then.pop(entry.act, bool)()


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
        self.trail = BreakingTrail()
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

    copies = ProviderCopyStore(house.engine)
    named = {"of old": old, "of sales": sales, "of oldest": oldest, "of young": young}
    with house.engine.begin() as connection:
        kept = {"provider": "elsewhere", "org_id": ORG, "run": 1, "tries": 0}
        rows = [{**kept, "reference": name, "call_id": by} for name, by in named.items()]
        connection.execute(insert(PROVIDER_COPIES), rows)
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
    noted = [e for e in house.trail.entries if e.user_id == "retention"]
    assert (noted[0].subject, noted[0].details["calls"]) == (run.id, 1)
    assert [(e.act, e.subject, e.details["kind"]) for e in noted[1:]] == [
        (Act.CALL_DELETED, oldest, "call"),
        (Act.RETENTION_CARRIED_OUT, old, "audio"),
        (Act.RETENTION_CARRIED_OUT, sales, "text"),
        (Act.RETENTION_CARRIED_OUT, "v1", "voiceprints"),
    ]
    # What a provider keeps of the words and the sound goes as well, and nobody else's.
    assert {copy.reference for copy in copies.claim(10)} == {"of old", "of sales", "of oldest"}


def test_a_period_that_is_changed_meanwhile_is_the_next_runs(house: House) -> None:
    """What a run deletes is what it noted that it would."""
    gone, stays = house.add(400), house.add(40)
    house.keep(Kept.CALL, 365)
    house.trail.then[Act.CALL_DELETED] = lambda: house.keep(Kept.AUDIO, 30)
    run = house.keeper.run(ORG)
    assert run
    assert run.counts == RetentionCounts(calls=1)
    assert house.sounding() == {stays}
    assert gone not in house.ids()
    assert house.desk.preview(LOCAL_USER) == RetentionCounts(audio=1)


def test_a_hold_that_comes_while_something_of_its_customer_goes_waits_for_it(house: House) -> None:
    """Either it holds what is to go, or that was gone before: nothing slips through between."""
    holds, order = HoldStore(house.engine), list[str]()

    def place() -> None:
        house.holds.hold_customer(LOCAL_USER, "C-9", "court order")
        order.append("held")

    others = Thread(target=place, daemon=True)
    with holds.free_customer(ORG, "C-9") as connection:
        others.start()
        wait_for_a_waiting_writer(connection, others)
        order.append("gone")
    others.join(20)
    assert order == ["gone", "held"]
    with pytest.raises(OnHold), holds.free_customer(ORG, "C-9"):
        pass
    for org_id, another in (("elsewhere", "C-9"), (ORG, "C-8")):
        with holds.free_customer(org_id, another):
            pass


def wait_for_a_waiting_writer(connection: Connection, waiting: Thread) -> None:
    """Return once another transaction waits for this one, or has ended without waiting."""
    blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    if connection.dialect.name == "sqlite":
        # There is no telling who waits for the one writer; it isn't through at least.
        waiting.join(0.2)
        return
    while waiting.is_alive() and not connection.execute(text(blocked)).scalar():
        waiting.join(0.01)


def test_one_organisation_that_cannot_be_noted_does_not_keep_the_others(house: House) -> None:
    mine = house.add(40)
    house.keep(Kept.CALL, 30)
    theirs = RetentionPeriod(kind=Kept.CALL, days=30)
    house.store.set("a-broken-one", theirs, by="them")
    add(
        house.calls, org_id="a-broken-one", details=CallDetails(started_at=NOW - timedelta(days=40))
    )
    house.trail.broken.add("a-broken-one")
    house.store.set("zz", theirs, by="them")
    assert house.store.organisations() == ["a-broken-one", ORG, "zz"]
    assert house.keeper.run_due() == 1
    assert mine not in house.ids()
    assert len(house.calls.list("a-broken-one")) == 1


def test_redaction_that_was_under_way_leaves_what_is_held(house: House) -> None:
    """Whoever placed the hold came after the run: its words show, and nothing is lost."""
    call_id = house.add(1)
    hold = house.holds.hold_call(LOCAL_USER, call_id, "claim 17")
    keeper = SoundKeeper(
        house.calls,
        house.transcripts,
        ActiveTranscripts(house.engine),
        house.vault,
        SoundPolicy(keep_original=False),
        working_folder=Path("unused"),
        max_duration_ms=1,
        stopping=lambda: False,
    )

    def redact(run: int) -> set[bool]:
        options = replace(ProcessingOptions(provider="scripted"), redact=True)
        house.runs.start(ORG, call_id, options, queue="q", priority=Priority.SINGLE)
        spoken = transcript(utterance(1, "s1", 0, "hello [NAME]"), redacted=True)
        spoken = replace(spoken, id=f"{run}{call_id}")
        key = house.calls.key(ORG, call_id)
        with house.vault.write(call_id, Rendition.REDACTED, key, transcript_id=spoken.id) as sink:
            sink.write(b"beep")
        house.transcripts.save(ORG, call_id, run, analysed(spoken))
        house.runs.cancelled(call_id, run)
        keeper.tidy(call_id)
        return {version.redacted for version in house.transcripts.list_for_call(ORG, call_id)}

    assert redact(2) == {True, False}
    assert house.transcripts.active(ORG, call_id).redacted
    assert house.vault.has(call_id, Rendition.ORIGINAL)
    house.holds.release(LOCAL_USER, hold.id)
    assert redact(3) == {True}
    assert not house.vault.has(call_id, Rendition.ORIGINAL)


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
    tried = house.trail.entries[-1]
    assert (tried.act, tried.outcome) == (Act.HOLD_CHANGED, Outcome.REFUSED)
    assert tried.subject == on_call.id
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
