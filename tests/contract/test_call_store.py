"""What a store of calls promises, on every database."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine, func, insert, select

from services.domain.calls import (
    AudioFacts,
    CallDetails,
    CallState,
    Direction,
    ProcessingOptions,
)
from services.domain.errors import AlreadyStored, NotFound
from services.domain.findings import Finding, FindingKind
from services.domain.scorecards import ModelAnswer, Override
from services.domain.topics import Topic
from services.reading_rules import read_by_book
from services.scorecards.keeping import ScoreKeeper
from services.storage.calls import CallFilter, CallStore
from services.storage.checkpoints import RunCheckpoints
from services.storage.keys import DataKey, WrappedKey
from services.storage.models import CALLS, METADATA
from services.storage.phone_recordings import PhoneRecordingStore
from services.storage.phone_tables import PHONE_KEYS, PHONE_WORDS
from services.storage.provider_tables import PROVIDER_COPIES
from services.storage.request_keys import RequestKeyStore
from services.storage.retention_tables import CALL_LAPSES, CALL_REMOVALS, LEGAL_HOLDS
from services.storage.scorecards import ScorecardStore
from services.storage.scores import ScoreStore
from services.storage.search_tables import LINE_VECTORS
from services.storage.transcripts import TranscriptStore
from services.storage.uploads import Upload, UploadStore
from services.understanding.redaction import Redactor
from tests.builders import call, first_run
from tests.contract.stores import MASTER_KEY, ORG, OTHER, add, analysed

FULL = {
    "source_name": "Anruf ☎ 'x'; --.wav",
    "size_bytes": 5 * 2**40,
    "state": CallState.FAILED,
    "created_at": datetime(2026, 3, 1, 23, 59, 59, 123456, tzinfo=UTC),
    "details": CallDetails(
        agent_name="Zoë",
        queue="Störung",
        customer_ref="C-1",
        direction=Direction.OUTBOUND,
        started_at=datetime(2026, 2, 28, 8, 0, 0, 7, tzinfo=UTC),
    ),
    "audio": AudioFacts(
        duration_ms=86_400_000,
        channels=6,
        sample_rate=96_000,
        codec="flac",
        container="matroska",
        findings=(
            Finding(kind=FindingKind.LEAKAGE, channel=1, measured={"correlation": 0.25}),
            Finding(kind=FindingKind.TRUNCATED),
        ),
    ),
    "run": 1,
    "active_transcript_id": "t",
    "error_code": "DiskFull",
    "error_message": "The disk is full.",
    "is_demo": True,
    "reviewed_at": datetime(2026, 3, 2, tzinfo=UTC),
    "reviewed_by": "Bo",
}
BARE = {"details": CallDetails(), "audio": None}


@pytest.mark.parametrize("changes", [FULL, BARE], ids=["everything set", "nothing set"])
def test_a_call_comes_back_as_it_was_added(calls: CallStore, changes: dict[str, object]) -> None:
    options = ProcessingOptions(
        provider="azure", language="de", expected_speakers=3, redact=False, vocabulary=("Ü", "b")
    )
    made = add(calls, options=options, **changes)
    assert calls.get(ORG, made.id) == made
    row = calls.row(ORG, made.id)
    assert (row.call, row.figures, row.options) == (made, None, options)


def test_a_moment_in_another_zone_comes_back_in_utc(calls: CallStore) -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    made = add(calls, details=CallDetails(started_at=datetime(2026, 5, 1, 2, 0, tzinfo=india)))
    started = calls.get(ORG, made.id).details.started_at
    assert started == made.details.started_at
    assert started is not None
    assert started.tzinfo is UTC
    assert calls.list(ORG, CallFilter(last_day=date(2026, 4, 30)))
    assert not calls.list(ORG, CallFilter(first_day=date(2026, 5, 1)))


def test_text_no_database_takes_is_cleaned(calls: CallStore) -> None:
    made = add(calls, source_name="a\0b\udce9.wav")
    assert calls.get(ORG, made.id).source_name == "ab?.wav"


def test_the_same_content_is_one_call_per_organisation(calls: CallStore) -> None:
    first = add(calls, content_hash="same")
    with pytest.raises(AlreadyStored):
        add(calls, content_hash="same")
    second = add(calls, content_hash="same", org_id=OTHER)
    assert calls.find_by_hash(ORG, "same") == first
    assert calls.find_by_hash(OTHER, "same") == second
    assert calls.find_by_hash(ORG, "different") is None
    assert calls.count(ORG) == 1


def test_a_transaction_is_all_or_nothing(calls: CallStore) -> None:
    made = call()
    key = MASTER_KEY.new_data_key(made.id)

    def break_off() -> None:
        with calls.transaction() as connection:
            calls.add(made, first_run(made), key, connection=connection)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert calls.count(ORG) == 0


def test_another_organisation_finds_nothing(calls: CallStore, engine: Engine) -> None:
    made = add(calls)
    TranscriptStore(engine).save(ORG, made.id, 1, analysed())
    for ask in (
        lambda: calls.get(OTHER, made.id),
        lambda: calls.row(OTHER, made.id),
        lambda: calls.key(OTHER, made.id),
        lambda: calls.update_details(OTHER, made.id, CallDetails()),
        lambda: calls.mark_reviewed(OTHER, made.id, by="Eve"),
        lambda: calls.delete(OTHER, made.id),
    ):
        with pytest.raises(NotFound):
            ask()
    assert calls.list(OTHER) == []
    assert calls.count(OTHER) == 0
    assert calls.agents(OTHER) == calls.queues(OTHER) == ()
    assert calls.get(ORG, made.id).reviewed_by is None


def test_the_key_comes_back_and_opens(calls: CallStore) -> None:
    made = call()
    key = MASTER_KEY.new_data_key(made.id)
    calls.add(made, first_run(made), key)
    stored = calls.key(ORG, made.id)
    assert stored == key
    assert isinstance(MASTER_KEY.unwrap(stored, made.id), DataKey)


def test_details_change_days_and_figures_too(calls: CallStore, engine: Engine) -> None:
    made = add(calls)
    transcripts = TranscriptStore(engine)
    transcripts.save(ORG, made.id, 1, analysed())
    details = CallDetails(
        agent_name="Ida", queue="Sales", started_at=datetime(2026, 1, 7, 10, tzinfo=UTC)
    )
    changed = calls.update_details(ORG, made.id, details)
    assert changed == calls.get(ORG, made.id)
    assert changed.details == details
    figures = transcripts.figures(ORG, made.id)
    assert figures is not None
    assert (figures.agent_name, figures.queue) == ("Ida", "Sales")
    assert (figures.day, figures.week) == (date(2026, 1, 7), date(2026, 1, 5))
    assert calls.count(ORG, CallFilter(first_day=date(2026, 1, 7), last_day=date(2026, 1, 7)))


def test_audio_facts_are_set_for_a_call_that_exists(calls: CallStore) -> None:
    made = add(calls, audio=None)
    facts = call().audio
    assert facts is not None
    calls.set_audio(made.id, facts)
    assert calls.get(ORG, made.id).audio == facts
    with pytest.raises(NotFound):
        calls.set_audio("gone", facts)


def test_reviewed_can_be_set_and_taken_away(calls: CallStore) -> None:
    made = add(calls)
    calls.mark_reviewed(ORG, made.id, by="Bo")
    reviewed = calls.get(ORG, made.id)
    assert reviewed.reviewed_by == "Bo"
    assert reviewed.reviewed_at is not None
    assert calls.count(ORG, CallFilter(reviewed=True)) == 1
    calls.mark_reviewed(ORG, made.id, by=None)
    assert calls.get(ORG, made.id).reviewed_at is None
    assert calls.count(ORG, CallFilter(reviewed=False)) == 1


def test_deleting_leaves_no_row_behind(calls: CallStore, engine: Engine) -> None:
    made, kept = add(calls), add(calls)
    scores = ScoreStore(engine)
    keeper = ScoreKeeper(ScorecardStore(engine), scores, Redactor())
    transcripts = TranscriptStore(engine, read_by_book, also=(keeper,))
    said = Override(
        question_id="empathy", value=None, comment="c", author="Bo", made_at=datetime.now(UTC)
    )
    for each in (made, kept):
        spoken = analysed(topics=(Topic(id="fraud", confidence=0.9),))
        spoken_id = transcripts.save(ORG, each.id, 1, spoken)
        answer = ModelAnswer(prompt="p", value=None, why="words of the call", model="m")
        scores.save_model_answers(ORG, each.id, spoken_id, [answer])
        transcripts.save_edits(ORG, each.id, transcripts.edits(ORG, each.id))
        RunCheckpoints(engine, each.id, 1, DataKey.random())["recognise.0"] = b"words"
        scores.add_override(ORG, each.id, "call_quality", said, redacted=False)
        PhoneRecordingStore(engine).expect(f"service's {each.id}", each.id, datetime.now(UTC))
        handed_in_elsewhere(engine, each.id)
        lapse = {"call_id": each.id, "org_id": ORG, "kind": "audio", "at": datetime.now(UTC)}
        meaning = {"call_id": each.id, "org_id": ORG, "positions": b"", "vectors": b""}
        with engine.begin() as connection:
            connection.execute(insert(LINE_VECTORS).values(meaning))
            connection.execute(insert(CALL_LAPSES).values(lapse))
    with engine.connect() as connection:
        before = _rows(connection)
    calls.delete(ORG, made.id)
    with engine.connect() as connection:
        after = _rows(connection)
    assert all(after[name] * 2 == count for name, count in before.items())
    assert all(after.values())
    assert calls.existing([made.id, kept.id]) == {kept.id}
    with pytest.raises(NotFound):
        calls.delete(ORG, made.id)


def handed_in_elsewhere(engine: Engine, call_id: str) -> None:
    """Have a call come from an upload, asked for by a key."""
    RequestKeyStore(engine).note(ORG, f"key of {call_id}", call_id)
    store, now = UploadStore(engine), datetime.now(UTC)
    upload = Upload(
        id=f"u{call_id}"[:64],
        org_id=ORG,
        name="call.wav",
        options=ProcessingOptions(),
        details=CallDetails(),
        size_bytes=1,
        key=WrappedKey(key_id="k", sealed=b"sealed"),
        created_at=now,
        changed_at=now,
    )
    store.add(upload, most_open=10)
    store.finish(upload, call_id, duplicate=False)


def _rows(connection: object) -> dict[str, int]:
    """Count the rows of calls and of all that belongs to a call.

    References to copies at services elsewhere stay until those are deleted, but name no call.
    Words of phone calls go when the call is one. What is still to be deleted of a call outlives
    it, and a call on hold isn't deleted.
    """
    elsewhere = {PROVIDER_COPIES, PHONE_KEYS, PHONE_WORDS, CALL_REMOVALS, LEGAL_HOLDS}
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in METADATA.sorted_tables
        if table not in elsewhere
        if table is CALLS or {"call_id", "transcript_id"} & set(table.c.keys())
    }
