"""The desk: whose calls, which demo, what goes with a deleted call."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.domain.calls import CallDetails, CallState, ProcessingOptions
from services.domain.errors import (
    AccessDenied,
    EmptyFile,
    FileMissing,
    InvalidRequest,
    NotFound,
    OnHold,
    ProviderUnknown,
)
from services.domain.people import LOCAL_USER, Role, User
from services.jobs.intake import Received
from services.storage.calls import CallStore
from tests.builders import transcript, utterance
from tests.contract.stores import analysed
from tests.unit.jobs.conftest import SCRIPTED, Installation, tone
from tests.unit.jobs.test_processing import job_engine_rows

STRANGER = User(id="m", name="M", org_id="elsewhere", role=Role.ADMIN)


def test_a_stranger_finds_nothing(installation: Installation) -> None:
    call_id = installation.take_in().call_id
    desk = installation.services.desk
    for ask in (
        lambda: desk.retry(STRANGER, call_id),
        lambda: desk.rerun(STRANGER, call_id, SCRIPTED),
        lambda: desk.cancel(STRANGER, call_id),
        lambda: desk.delete(STRANGER, call_id),
        lambda: desk.open_playback(STRANGER, call_id),
    ):
        with pytest.raises(NotFound):
            ask()
    assert desk.progress(STRANGER, [call_id]) == {}
    assert installation.progress(call_id).state is CallState.WAITING


def test_a_deleted_call_leaves_nothing(installation: Installation) -> None:
    doomed, kept = installation.take_in().call_id, installation.take_in(tone(1.0)).call_id
    installation.services.desk.delete(LOCAL_USER, doomed)
    assert {c for c, _ in installation.services.vault.stored_calls()} == {kept}
    assert doomed not in job_engine_rows(installation)
    with pytest.raises(NotFound):
        installation.services.calls.get(LOCAL_USER.org_id, doomed)
    assert not installation.take_in().duplicate


def test_cancelling_twice_and_after_the_end_does_nothing(installation: Installation) -> None:
    call_id = installation.take_in().call_id
    for _ in range(2):
        installation.services.desk.cancel(LOCAL_USER, call_id)
    assert installation.progress(call_id).state is CallState.CANCELLED
    assert installation.services.desk.retry(LOCAL_USER, call_id).number == 2
    assert installation.progress(call_id).state is CallState.WAITING


def test_rerunning_needs_a_provider(installation: Installation) -> None:
    call_id = installation.take_in().call_id
    installation.services.desk.cancel(LOCAL_USER, call_id)
    with pytest.raises(ProviderUnknown):
        installation.services.desk.rerun(LOCAL_USER, call_id, ProcessingOptions(provider="nobody"))
    assert installation.services.calls.get(LOCAL_USER.org_id, call_id).run == 1


def test_redacting_takes_text_away_and_so_needs_a_right_and_no_hold(
    installation: Installation,
) -> None:
    services, call_id = installation.services, installation.take_in().call_id
    desk, org_id = services.desk, LOCAL_USER.org_id
    plain = transcript(utterance(1, "s1", 0, "card 4711"), redacted=False)
    services.transcripts.save(org_id, call_id, 1, analysed(plain))
    desk.cancel(LOCAL_USER, call_id)
    hold = services.keeping.holds.hold_call(LOCAL_USER, call_id, "claim 17")
    redacting = replace(SCRIPTED, redact=True)
    with pytest.raises(AccessDenied):
        desk.rerun(replace(LOCAL_USER, role=Role.VIEWER), call_id, redacting)
    with pytest.raises(OnHold):
        desk.rerun(LOCAL_USER, call_id, redacting)
    assert services.calls.get(org_id, call_id).run == 1
    services.keeping.holds.release(LOCAL_USER, hold.id)
    # Also while it is another one that shows.
    shown = transcript(utterance(1, "s1", 0, "card [CARD]"), redacted=True, transcript_id="t9")
    hold = services.keeping.holds.hold_call(LOCAL_USER, call_id, "claim 17")
    assert desk.rerun(LOCAL_USER, call_id, SCRIPTED).number == 2
    services.transcripts.save(org_id, call_id, 2, analysed(shown))
    desk.cancel(LOCAL_USER, call_id)
    services.keeping.holds.release(LOCAL_USER, hold.id)
    with pytest.raises(AccessDenied):
        desk.rerun(replace(LOCAL_USER, role=Role.VIEWER), call_id, redacting)
    assert desk.rerun(LOCAL_USER, call_id, redacting).number == 3


def test_a_part_that_cannot_be_is_refused_before_anything_is_stored(
    installation: Installation,
) -> None:
    with pytest.raises(InvalidRequest):
        installation.take_in(options=replace(SCRIPTED, start_ms=2_000, end_ms=1_000))
    assert list(installation.services.vault.stored_calls()) == []


def test_a_rerun_of_a_part_the_recording_does_not_have_is_refused(
    installation: Installation,
) -> None:
    call_id = installation.take_in().call_id
    with installation.working():
        installation.ended(call_id)
    with pytest.raises(InvalidRequest, match="starts after the end"):
        installation.services.desk.rerun(LOCAL_USER, call_id, replace(SCRIPTED, start_ms=60_000))
    assert installation.services.calls.get(LOCAL_USER.org_id, call_id).run == 1


def test_files_of_this_machine(installation: Installation, tmp_path: Path) -> None:
    intake = installation.services.intake
    file = tmp_path / "a.wav"
    with pytest.raises(FileMissing):
        intake.add_file(LOCAL_USER, file, "a.wav", SCRIPTED, CallDetails())
    file.write_bytes(b"")
    with pytest.raises(EmptyFile):
        intake.add_file(LOCAL_USER, file, "a.wav", SCRIPTED, CallDetails())
    file.write_bytes(tone(1.0))
    received = intake.add_file(LOCAL_USER, file, "a.wav", SCRIPTED, CallDetails())
    assert received.state is CallState.WAITING
    assert [c for c, _ in installation.services.vault.stored_calls()] == [received.call_id]


def test_one_content_coming_in_twice_at_once_is_one_call(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = installation.services.intake
    with intake.begin(LOCAL_USER, "1") as first, intake.begin(LOCAL_USER, "2") as second:
        first.write(b"same")
        second.write(b"same")
        one = first.commit(SCRIPTED, CallDetails())
        find = CallStore.find_by_hash
        # The second looked before the first was stored, as it may in another process.
        answers = iter([lambda *_: None, find])
        monkeypatch.setattr(CallStore, "find_by_hash", lambda *asked: next(answers)(*asked))
        two = second.commit(SCRIPTED, CallDetails())
    assert two == Received(call_id=one.call_id, duplicate=True, state=CallState.WAITING)
    assert [c for c, _ in installation.services.vault.stored_calls()] == [one.call_id]


def test_an_abandoned_upload_leaves_nothing(installation: Installation) -> None:
    with installation.services.intake.begin(LOCAL_USER, "x") as incoming:
        incoming.write(b"x" * 9_000_000)
    audio = installation.settings.data_dir / "audio"
    assert not [p for p in audio.rglob("*") if p.is_file()]


def test_no_worker_no_sign_of_life(installation: Installation) -> None:
    assert not installation.services.desk.worker_alive()
