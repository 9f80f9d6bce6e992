"""What is remembered of copies and notices at services elsewhere, on every database."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from services.domain.calls import Call, ProcessingOptions
from services.domain.errors import InvalidToken, NotFound, ProviderBusy
from services.storage.calls import CallStore
from services.storage.provider_copies import DueCopy, ProviderCopyStore
from services.storage.provider_notices import ProviderNoticeStore
from services.storage.provider_tables import PROVIDER_COPIES
from services.storage.runs import RunStore
from services.storage.transcripts import TranscriptStore
from tests.contract.stores import ORG, add, analysed


@pytest.fixture
def copies(engine: Engine) -> ProviderCopyStore:
    """The store under test."""
    return ProviderCopyStore(engine)


def due(copies: ProviderCopyStore, **how: bool) -> list[str]:
    """Claim what is due and return the references."""
    return [copy.reference for copy in copies.claim(10, **how)]


def note(copies: ProviderCopyStore, call: Call, *references: str, run: int = 1) -> None:
    for reference in references:
        copies.note(ORG, call.id, run, "assemblyai", reference)


def test_a_copy_is_kept_as_long_as_its_call(
    calls: CallStore, runs: RunStore, transcripts: TranscriptStore, copies, made: Call
) -> None:
    note(copies, made, "a")
    assert due(copies) == []
    stored = transcripts.save(ORG, made.id, 1, analysed(provider="assemblyai"))
    runs.finish(made.id, 1, stored)
    assert due(copies) == []
    calls.delete(ORG, made.id)
    assert due(copies) == ["a"]


def test_nothing_but_the_reference_stays_of_a_deleted_call(
    engine: Engine, calls: CallStore, copies: ProviderCopyStore, made: Call
) -> None:
    other = add(calls)
    note(copies, made, "a")
    note(copies, other, "b")
    calls.delete(ORG, made.id)
    with engine.connect() as connection:
        rows = connection.execute(select(PROVIDER_COPIES).order_by("reference")).mappings().all()
    assert dict(rows[0]) == {
        "provider": "assemblyai",
        "reference": "a",
        "org_id": ORG,
        "call_id": None,
        "run": None,
        "tries": 0,
        "next_try_at": None,
        "error_code": None,
    }
    assert (rows[1]["call_id"], rows[1]["run"]) == (other.id, 1)


@pytest.mark.parametrize("ending", ["fail", "cancelled"])
def test_copies_of_runs_without_success_are_due(
    runs: RunStore, copies: ProviderCopyStore, made: Call, ending: str
) -> None:
    note(copies, made, "a", "b")
    if ending == "fail":
        runs.fail(made.id, 1, ProviderBusy())
    else:
        runs.cancelled(made.id, 1)
    assert due(copies) == ["a", "b"]


def test_copies_of_providers_that_were_passed_over_are_due(
    runs: RunStore, transcripts: TranscriptStore, copies: ProviderCopyStore, made: Call
) -> None:
    note(copies, made, "a")
    copies.note(ORG, made.id, 1, "azure", "b")
    stored = transcripts.save(ORG, made.id, 1, analysed(provider="azure"))
    runs.finish(made.id, 1, stored)
    assert due(copies) == ["a"]


def test_a_run_ends_without_touching_those_of_others(
    runs: RunStore, transcripts: TranscriptStore, copies: ProviderCopyStore, made: Call
) -> None:
    note(copies, made, "a")
    stored = transcripts.save(ORG, made.id, 1, analysed(provider="assemblyai"))
    runs.finish(made.id, 1, stored)
    runs.start(ORG, made.id, ProcessingOptions())
    note(copies, made, "b", run=2)
    runs.cancelled(made.id, 2)
    assert due(copies) == ["b"]


def test_copies_of_text_that_redaction_took_away_are_due(
    runs: RunStore, transcripts: TranscriptStore, copies: ProviderCopyStore, made: Call
) -> None:
    note(copies, made, "a")
    first = transcripts.save(ORG, made.id, 1, analysed(provider="assemblyai"))
    runs.finish(made.id, 1, first)
    runs.start(ORG, made.id, ProcessingOptions())
    note(copies, made, "b", run=2)
    transcripts.save(ORG, made.id, 2, analysed(provider="assemblyai", redacted=True))
    assert due(copies) == ["a"]


def test_a_run_may_end_without_leaving_a_copy(
    runs: RunStore, transcripts: TranscriptStore, copies: ProviderCopyStore, made: Call
) -> None:
    note(copies, made, "a")
    stored = transcripts.save(ORG, made.id, 1, analysed(provider="assemblyai", redacted=True))
    assert due(copies) == []
    runs.finish(made.id, 1, stored, leaves_copy=False)
    assert due(copies) == ["a"]


@pytest.mark.parametrize("gone", ["run", "call"])
def test_a_copy_noted_too_late_is_due_at_once(
    calls: CallStore, runs: RunStore, copies: ProviderCopyStore, made: Call, gone: str
) -> None:
    if gone == "run":
        runs.cancelled(made.id, 1)
    else:
        calls.delete(ORG, made.id)
    note(copies, made, "a")
    assert due(copies) == ["a"]


def test_noting_a_copy_again_changes_nothing(
    calls: CallStore, copies: ProviderCopyStore, made: Call
) -> None:
    note(copies, made, "a", "a")
    calls.delete(ORG, made.id)
    assert due(copies) == ["a"]


def test_what_one_worker_has_taken_up_no_other_does(
    calls: CallStore, copies: ProviderCopyStore, made: Call
) -> None:
    note(copies, made, "a", "b", "c")
    calls.delete(ORG, made.id)
    first = copies.claim(2)
    assert [copy.reference for copy in first] == ["a", "b"]
    assert due(copies) == ["c"]
    assert due(copies, failed_too=True) == []
    for copy in first:
        copies.forget(copy)
    assert due(copies, failed_too=True) == []


def test_what_could_not_be_deleted_comes_again_in_its_time(
    calls: CallStore, copies: ProviderCopyStore, made: Call
) -> None:
    note(copies, made, "a")
    calls.delete(ORG, made.id)
    (copy,) = copies.claim(1)
    assert copy == DueCopy(provider="assemblyai", reference="a", tries=1)
    copies.put_off(copy, "ProviderBusy", timedelta(hours=1))
    assert due(copies) == []
    (again,) = copies.claim(1, failed_too=True)
    assert again.tries == 2
    copies.put_off(again, "ProviderBusy", timedelta(0))
    assert due(copies) == ["a"]


def test_the_reference_is_not_shown_by_accident() -> None:
    assert "secret" not in repr(DueCopy(provider="assemblyai", reference="secret", tries=1))


def test_notices(engine: Engine) -> None:
    notices = ProviderNoticeStore(engine)
    notices.expect("assemblyai", "t1", "s1")
    notices.expect("assemblyai", "t2", "s2")
    for provider, token in (("azure", "t1"), ("assemblyai", "t3")):
        with pytest.raises(NotFound):
            notices.arrive(provider, token, "s1")
    for secret in ("", "s2", "S1"):
        with pytest.raises(InvalidToken):
            notices.arrive("assemblyai", "t1", secret)
    assert not notices.has_arrived("t1")
    for _ in range(2):
        notices.arrive("assemblyai", "t1", "s1")
        assert notices.has_arrived("t1")
    assert not notices.has_arrived("t2")
    notices.forget("t1")
    assert not notices.has_arrived("t1")
    assert notices.forget_older(timedelta(hours=1)) == 0
    assert notices.forget_older(timedelta(0)) == 1
    with pytest.raises(NotFound):
        notices.arrive("assemblyai", "t2", "s2")
