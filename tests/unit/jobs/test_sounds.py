"""What people hear of a call: made before its transcript shows, and put right after a crash."""

from dataclasses import replace

import pytest

from app.settings import OriginalAudio
from app.wiring import build_worker
from services.domain.calls import CallState, SpeakerCount
from services.domain.errors import AccessDenied, OriginalDropped, SoundNotReady
from services.domain.people import LOCAL_USER, Role
from services.domain.sound import Listening, Original
from services.jobs.processing import OpenRun
from services.storage.audio_vault import Rendition
from tests.unit.jobs.conftest import SCRIPTED, Installation
from tests.unit.jobs.test_janitor import claim

ORG = LOCAL_USER.org_id
REDACTED = replace(SCRIPTED, redact=True)


def stored(installation: Installation, call_id: str) -> set[str]:
    return {
        sound.rendition.value + (f".{sound.transcript_id}" if sound.transcript_id else "")
        for sound in installation.services.vault.stored(call_id)
    }


def active(installation: Installation, call_id: str) -> str:
    return str(installation.services.calls.get(ORG, call_id).active_transcript_id)


def covered(installation: Installation, call_id: str) -> set[str]:
    """What is stored of a redacted call, and no more."""
    return {"original", f"redacted.{active(installation, call_id)}"}


def done(installation: Installation, options=REDACTED) -> str:
    call_id = installation.take_in(options=options).call_id
    with installation.working():
        assert installation.ended(call_id) is CallState.READY
    return call_id


def sweep(installation: Installation) -> None:
    build_worker(
        installation.settings, "keeper", stopping=installation.stopping.is_set
    ).sounds.sweep()


def again(installation: Installation, call_id: str, options) -> None:
    installation.services.desk.rerun(LOCAL_USER, call_id, options)
    with installation.working():
        assert installation.ended(call_id) is CallState.READY


def test_a_redacted_call_has_no_whole_sound_but_its_original(installation: Installation) -> None:
    call_id = done(installation)
    assert stored(installation, call_id) == {
        "original",
        f"redacted.{active(installation, call_id)}",
    }
    sound = installation.services.desk.sound_of(LOCAL_USER, call_id)
    assert (sound.listening, sound.original) == (Listening.COVERED, Original.KEPT)
    viewer = replace(LOCAL_USER, role=Role.VIEWER)
    assert installation.services.desk.sound_of(viewer, call_id).original is Original.NOT_ALLOWED


def test_viewers_cannot_bring_back_what_was_redacted(installation: Installation) -> None:
    call_id = done(installation)
    desk, viewer = installation.services.desk, replace(LOCAL_USER, role=Role.VIEWER)
    for refused in (
        lambda: desk.rerun(viewer, call_id, SCRIPTED),
        lambda: desk.open_original(viewer, call_id),
        lambda: desk.delete(viewer, call_id),
    ):
        with pytest.raises(AccessDenied):
            refused()
    assert len(installation.services.runs.list_for_call(ORG, call_id)) == 1
    desk.rerun(viewer, call_id, REDACTED)
    with installation.working():
        assert installation.ended(call_id) is CallState.READY
    assert stored(installation, call_id) == covered(installation, call_id)


def test_every_run_brings_its_own_sound(installation: Installation) -> None:
    call_id = done(installation)
    first = installation.services.desk.sound_of(LOCAL_USER, call_id).version
    again(installation, call_id, SCRIPTED)
    assert stored(installation, call_id) == {"original", "playback"}
    again(installation, call_id, REDACTED)
    assert stored(installation, call_id) == {
        "original",
        f"redacted.{active(installation, call_id)}",
    }
    assert installation.services.desk.sound_of(LOCAL_USER, call_id).version != first
    installation.services.desk.relabel(LOCAL_USER, call_id, SpeakerCount(exactly=2))
    with installation.working():
        assert installation.ended(call_id) is CallState.READY
    assert stored(installation, call_id) == {
        "original",
        f"redacted.{active(installation, call_id)}",
    }


@pytest.mark.parametrize("moment", ["store_transcript", "write_heard"])
def test_a_run_that_dies_while_it_stores_shows_nothing_and_is_finished_later(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    class Killed(BaseException):
        """Ends the attempt as a kill does: nothing is recorded."""

    def die(*_given: object, **_named: object) -> None:
        raise Killed

    call_id = claim(installation, "local", REDACTED).removesuffix(".1")
    worker = build_worker(installation.settings, "local", stopping=installation.stopping.is_set)
    workshop = worker.engine._open_run.args[0]
    with monkeypatch.context() as patched:
        patched.setattr(f"services.jobs.processing.{moment}", die)
        run = OpenRun(workshop, call_id, 1, f"{call_id}.1")
        for step in (run.begin, run.prepare, run.transcribe):
            step()
        with pytest.raises(Killed):
            run.finish()
        run.close()
    assert installation.services.calls.get(ORG, call_id).active_transcript_id is None
    assert "playback" not in stored(installation, call_id)
    with installation.working():
        assert installation.ended(call_id) is CallState.READY
    assert stored(installation, call_id) == {
        "original",
        f"redacted.{active(installation, call_id)}",
    }


def test_a_call_of_an_earlier_version_is_not_heard_until_the_worker_has_covered_it(
    installation: Installation,
) -> None:
    call_id = done(installation)
    services, transcript_id = installation.services, active(installation, call_id)
    key = services.calls.key(ORG, call_id)
    services.vault.remove(call_id, Rendition.REDACTED, transcript_id=transcript_id)
    with services.vault.write(call_id, Rendition.PLAYBACK, key) as sink:
        sink.write(b"with everything in it")
    with pytest.raises(SoundNotReady):
        services.desk.open_playback(LOCAL_USER, call_id)
    assert services.desk.sound_of(LOCAL_USER, call_id).listening is Listening.PREPARING
    sweep(installation)
    assert stored(installation, call_id) == {"original", f"redacted.{transcript_id}"}
    assert services.desk.open_playback(LOCAL_USER, call_id)[1] > 1000


def test_a_lost_whole_sound_is_made_again(installation: Installation) -> None:
    call_id = done(installation, SCRIPTED)
    installation.services.vault.remove(call_id, Rendition.PLAYBACK)
    sweep(installation)
    assert stored(installation, call_id) == {"original", "playback"}


def test_a_sweep_leaves_a_run_that_is_under_way_alone(installation: Installation) -> None:
    call_id = done(installation)
    services, key = installation.services, installation.services.calls.key(ORG, call_id)
    services.desk.rerun(LOCAL_USER, call_id, REDACTED)
    with services.vault.write(call_id, Rendition.REDACTED, key, transcript_id="next") as sink:
        sink.write(b"not active yet")
    sweep(installation)
    assert "redacted.next" in stored(installation, call_id)
    services.desk.cancel(LOCAL_USER, call_id)
    sweep(installation)
    assert "redacted.next" not in stored(installation, call_id)


class TestOriginalsDropped:
    @pytest.fixture
    def dropping(self, installation: Installation) -> Installation:
        settings = installation.settings.model_copy(update={"original_audio": OriginalAudio.DROP})
        return replace(installation, settings=settings)

    def test_once_the_covered_sound_is_there(self, dropping: Installation) -> None:
        call_id = done(dropping)
        assert stored(dropping, call_id) == {f"redacted.{active(dropping, call_id)}"}
        desk = dropping.services.desk
        assert desk.open_playback(LOCAL_USER, call_id)[1] > 1000
        sound = desk.sound_of(LOCAL_USER, call_id)
        assert (sound.listening, sound.original) == (Listening.COVERED, Original.DROPPED)
        for ask in (
            lambda: desk.rerun(LOCAL_USER, call_id, REDACTED),
            lambda: desk.relabel(LOCAL_USER, call_id, SpeakerCount()),
            lambda: desk.open_original(LOCAL_USER, call_id),
        ):
            with pytest.raises(OriginalDropped):
                ask()
        assert isinstance(desk.why_no_run(LOCAL_USER, call_id), OriginalDropped)
        assert dropping.take_in(options=REDACTED).duplicate

    def test_not_of_calls_that_are_not_redacted(self, dropping: Installation) -> None:
        call_id = done(dropping, SCRIPTED)
        sweep(dropping)
        assert stored(dropping, call_id) == {"original", "playback"}

    def test_of_calls_stored_before(
        self, installation: Installation, dropping: Installation
    ) -> None:
        call_id = done(installation)
        sweep(dropping)
        assert stored(dropping, call_id) == {f"redacted.{active(dropping, call_id)}"}
