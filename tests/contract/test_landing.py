"""Calls that were held become ordinary calls, once, whatever happens meanwhile; on every database.

Wherever landing is killed, doing it again leads to one call, one transcript of captions, one run
that finishes it, and nothing else.
"""

import hashlib
import io
import os
import random
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from app.settings import Settings
from app.wiring import Services, build_services
from app.wiring.parts import master_key_of
from services.domain.calls import CallDetails, CallState, ProcessingOptions
from services.domain.errors import DataDamaged, DiskFull, NotFound, SoundNotReady, StorageError
from services.domain.findings import FindingKind
from services.domain.ids import new_id
from services.domain.live_calls import LiveSource, LiveState, RunningCall, SoundGap
from services.domain.people import LOCAL_USER
from services.jobs.queue import JobState
from services.live.recording.landing import Landed, Landing
from services.providers.registry import ProviderRegistry
from services.providers.scripted import ScriptedProvider
from services.storage.audio_vault import Rendition
from services.storage.calls import CallFilter
from services.storage.live_calls import LiveCallStore
from services.storage.live_tables import LIVE_CALLS
from services.storage.phone_words import PhoneWordStore
from services.storage.tape_records import HEADER_BYTES
from services.storage.tapes import TapeStore
from tests.contract.stores import analysed

ORG = LOCAL_USER.org_id
PROCESS = "web-1"
LONG_AGO = datetime.now(UTC) - timedelta(hours=1)
BEGAN = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
OPTIONS = ProcessingOptions(provider="scripted", redact=False)
SOUND = random.Random(5).randbytes(2 * 2 * 16_000 * 3)


@dataclass
class House:
    """An installation, and calls that are held in it."""

    services: Services
    live: LiveCallStore
    tapes: TapeStore
    folder: Path

    @property
    def landing(self) -> Landing:
        """A landing of the process that holds the calls."""
        return self.of(PROCESS)

    def of(self, process: str) -> Landing:
        services = self.services
        return Landing(
            process,
            engine=services.engine,
            live=self.live,
            tapes=self.tapes,
            vault=services.vault,
            calls=services.calls,
            runs=services.runs,
            transcripts=services.transcripts,
            queue=services.queue,
            providers=services.providers,
            words=PhoneWordStore(services.engine, master_key_of(services.settings)),
        )

    def held(self, sound: bytes = SOUND, *, channels: int = 2, **changes: object) -> str:
        """A call that has been recorded and is not written any more."""
        made = RunningCall(
            id=new_id(),
            org_id=ORG,
            owner="nora",
            name="Harbor Energy",
            source=LiveSource.BROWSER,
            state=LiveState.RECORDING,
            options=OPTIONS,
            details=CallDetails(agent_name="Nora Fields", queue="Billing"),
            channels=channels,
            began_at=BEGAN,
            heartbeat_at=LONG_AGO,
            process=PROCESS,
        )
        made = replace(made, **changes)
        self.live.add(made)
        with self.tapes.create(made.id, channels) as tape:
            for start in range(0, len(sound), 6_400):
                tape.append(sound[start : start + 6_400])
        return made.id

    def original(self, call_id: str) -> bytes:
        key = self.services.calls.key(ORG, call_id)
        with self.services.vault.open(call_id, Rendition.ORIGINAL, key) as file:
            return file.read()

    def assert_landed(self, call_id: str, *, captions: bool, sound: bytes = SOUND) -> None:
        """One call, its sound, its captions and its finishing run are there, and nothing else."""
        services = self.services
        [row] = services.calls.list(ORG)
        assert row.call.id == call_id
        runs = services.runs.list_for_call(ORG, call_id)
        states = [CallState.READY, CallState.WAITING] if captions else [CallState.WAITING]
        assert [run.state for run in runs] == states
        assert row.call.state is CallState.WAITING
        jobs = services.queue.states(run.workflow_id for run in runs)
        assert jobs == {runs[-1].workflow_id: JobState.WAITING}
        versions = services.transcripts.list_for_call(ORG, call_id)
        assert [v.provider for v in versions] == (["scripted live"] if captions else [])
        if captions:
            assert row.call.active_transcript_id == versions[0].id == runs[0].transcript_id
        with wave.open(io.BytesIO(self.original(call_id))) as recording:
            assert recording.getparams()[:4] == (2, 2, 16_000, len(sound) // 4)
            assert recording.readframes(10**9) == sound
        self.assert_nothing_held()

    def assert_nothing_held(self) -> None:
        assert self.live.running(ORG) == []
        assert self.tapes.ids() == []


@pytest.fixture
def house(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    registry = ProviderRegistry({"scripted": ScriptedProvider})
    monkeypatch.setattr("app.wiring.services.build_providers", lambda *_: registry)
    settings = Settings(data_dir=tmp_path / "house", database=database_url)
    services = build_services(settings)
    folder = tmp_path / "live"
    tapes = TapeStore(folder, master_key_of(settings))
    yield House(services, LiveCallStore(services.engine), tapes, folder)
    services.close()


def test_a_call_with_captions_can_be_read_at_once(house):
    captions = analysed()
    call_id = house.held()
    assert house.landing.land(call_id, captions) is Landed.CALL
    house.assert_landed(call_id, captions=True)
    active = house.services.transcripts.active(ORG, call_id)
    assert replace(active, provider="scripted") == captions.transcript
    call = house.services.calls.get(ORG, call_id)
    assert (call.source_name, call.held_at) == ("Harbor Energy", BEGAN)
    assert (call.details.agent_name, call.details.queue) == ("Nora Fields", "Billing")
    content = house.original(call_id)
    assert (call.size_bytes, call.content_hash) == (
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    audio = call.audio
    assert (audio.duration_ms, audio.channels, audio.findings) == (3_000, 2, ())
    with pytest.raises(SoundNotReady):
        house.services.desk.open_playback(LOCAL_USER, call_id)


def test_a_call_without_captions_has_its_finishing_run_alone(house):
    call_id = house.held()
    assert house.landing.land(call_id, None) is Landed.CALL
    house.assert_landed(call_id, captions=False)


def test_landing_twice_is_landing_once(house):
    call_id = house.held()
    house.landing.land(call_id, analysed())
    assert house.landing.land(call_id, analysed()) is Landed.BEFORE
    assert house.landing.land("unknown", None) is Landed.BEFORE
    house.assert_landed(call_id, captions=True)


class Killed(Exception):
    """Stands for the death of the process."""


def killed_at(monkeypatch: pytest.MonkeyPatch, owner: object, step: str, *, done: bool) -> None:
    """Have a step kill the process before it does anything, or right after it is ``done``."""
    real: Callable[..., object] = getattr(owner, step)

    def dying(*arguments: object, **named: object) -> object:
        if done:
            real(*arguments, **named)
        raise Killed

    monkeypatch.setattr(owner, step, dying)


STEPS = {
    "load": lambda house: (house.live, "load"),
    "open": lambda house: (house.tapes, "open"),
    "touch": lambda house: (house.live, "touch"),
    "write": lambda house: (house.services.vault, "write"),
    "queue_for": lambda house: (house.services.queue, "queue_for"),
    "remove": lambda house: (house.live, "remove"),
    "add": lambda house: (house.services.calls, "add"),
    "save": lambda house: (house.services.transcripts, "save"),
    "finish": lambda house: (house.services.runs, "finish"),
    "start": lambda house: (house.services.runs, "start"),
    "enqueue": lambda house: (house.services.queue, "enqueue"),
    "delete": lambda house: (house.tapes, "delete"),
}


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_killed_anywhere_and_landed_again(house, done):
    for step, place in STEPS.items():
        call_id = house.held()
        with pytest.MonkeyPatch.context() as patched:
            killed_at(patched, *place(house), done=done)
            with pytest.raises(Killed):
                house.landing.land(call_id, analysed())
            committed = step == "delete"
            assert len(house.services.calls.list(ORG)) == committed, step
            assert len(house.live.running(ORG)) == (not committed), step
        again = house.landing.land(call_id, analysed())
        assert again is (Landed.BEFORE if committed else Landed.CALL), step
        house.assert_landed(call_id, captions=True)
        house.services.desk.delete(LOCAL_USER, call_id)


def test_killed_in_the_middle_of_the_sound(house, monkeypatch):
    call_id = house.held()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("services.storage.tape.BLOCK_FRAMES", 1_600)
        patched.setattr("services.live.recording.from_tape.TOUCH_EVERY_S", -1.0)
        real, touched = house.live.touch, []

        def touch(*arguments: str) -> bool:
            touched.append(arguments)
            if len(touched) == 20:
                raise Killed
            return real(*arguments)

        patched.setattr(house.live, "touch", touch)
        with pytest.raises(Killed):
            house.landing.land(call_id, None)
    assert not house.services.vault.has(call_id, Rendition.ORIGINAL)
    house.landing.land(call_id, None)
    house.assert_landed(call_id, captions=False)


def test_a_full_disk_leaves_the_call_to_be_landed_later(house):
    call_id = house.held()

    def full(*_arguments: object, **_named: object) -> None:
        raise DiskFull

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(house.services.calls, "add", full)
        with pytest.raises(DiskFull):
            house.landing.land(call_id, analysed())
    house.landing.land(call_id, analysed())
    house.assert_landed(call_id, captions=True)


def test_two_processes_at_once_land_one_call(house):
    """The second takes the call over while the first writes its sound, and is quicker."""
    call_id = house.held()
    real = house.live.touch

    def touch_late(asked: str, process: str) -> bool:
        if process == PROCESS:
            since = datetime.now(UTC) + timedelta(minutes=1)
            assert house.live.take_over("web-2", silent_since=since, among=[call_id])
            assert house.of("web-2").land(call_id, None) is Landed.CALL
        return real(asked, process)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(house.live, "touch", touch_late)
        assert house.landing.land(call_id, analysed()) is Landed.ELSEWHERE
    house.assert_landed(call_id, captions=False)


def test_a_race_up_to_the_last_step_lands_one_call_that_can_be_heard(house):
    call_id = house.held()
    real = house.services.queue.queue_for

    def queue_for(options: ProcessingOptions) -> str:
        with pytest.MonkeyPatch.context() as undone:
            undone.setattr(house.services.queue, "queue_for", real)
            assert house.landing.land(call_id, None) is Landed.CALL
        return real(options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(house.services.queue, "queue_for", queue_for)
        assert house.landing.land(call_id, analysed()) is Landed.ELSEWHERE
    house.assert_landed(call_id, captions=False)


@pytest.mark.parametrize("frames", [0, 7_999])
def test_next_to_no_sound_leaves_nothing(house, frames):
    call_id = house.held(SOUND[: 4 * frames])
    assert house.landing.land(call_id, None) is Landed.TOO_SHORT
    house.assert_nothing_held()
    assert house.services.calls.list(ORG) == []
    assert list(house.services.vault.stored()) == []


def test_half_a_second_is_a_call(house):
    call_id = house.held(SOUND[: 4 * 8_000])
    house.landing.land(call_id, None)
    house.assert_landed(call_id, captions=False, sound=SOUND[: 4 * 8_000])


def test_a_call_whose_tape_is_missing_goes(house):
    call_id = house.held()
    house.tapes.delete(call_id)
    assert house.landing.land(call_id, None) is Landed.TOO_SHORT
    house.assert_nothing_held()


def test_the_same_sound_twice_is_two_calls(house):
    calls = [house.held(), house.held(), house.held()]
    for call_id in calls:
        assert house.landing.land(call_id, analysed()) is Landed.CALL
    rows = house.services.calls.list(ORG)
    assert {row.call.id for row in rows} == set(calls)
    assert len({row.call.content_hash for row in rows}) == 3
    assert house.original(calls[0]) == house.original(calls[2])


def test_unredacted_captions_of_a_redacted_call_are_not_stored(house):
    call_id = house.held(
        options=replace(OPTIONS, redact=True), name="Call from +44 7700 900417.wav"
    )
    house.landing.land(call_id, analysed())
    house.assert_landed(call_id, captions=False)
    assert "900417" not in house.services.calls.get(ORG, call_id).source_name
    other = house.held(options=replace(OPTIONS, redact=True))
    house.landing.land(other, analysed(redacted=True))
    assert house.services.transcripts.active(ORG, other).redacted


def test_a_provider_that_is_gone_keeps_no_call_from_landing(house):
    options = replace(OPTIONS, provider="gone", provider_options=(("tone", "warm"),))
    call_id = house.held(options=options)
    assert house.landing.land(call_id, None) is Landed.CALL
    [run] = house.services.runs.list_for_call(ORG, call_id)
    assert run.options == replace(options, provider_options=())


def test_what_was_not_recorded_is_told_and_outlives_further_runs(house):
    gaps = (SoundGap(start_ms=62_000, end_ms=74_300), SoundGap(start_ms=9, end_ms=9))
    call_id = house.held(gaps=gaps)
    house.landing.land(call_id, None)
    [found] = house.services.calls.get(ORG, call_id).audio.findings
    assert found.sentence_with_figures == (
        "Nothing was recorded for a while, because the page was gone; there is silence instead "
        "(from 1:02 on, 12.3 s missing)."
    )
    decoded = replace(house.services.calls.get(ORG, call_id).audio, findings=())
    house.services.calls.set_audio(call_id, decoded)
    assert house.services.calls.get(ORG, call_id).audio.findings == (found,)


def test_many_gaps_are_told_together(house):
    gaps = tuple(SoundGap(start_ms=n * 100, end_ms=n * 100 + 10) for n in range(500))
    call_id = house.held(gaps=gaps)
    house.landing.land(call_id, None)
    findings = house.services.calls.get(ORG, call_id).audio.findings
    assert len(findings) == 21
    assert sum(found.measured["missing_ms"] for found in findings) == 5_000


def test_damaged_sound_is_silence_and_told(house):
    call_id = house.held()
    with (house.folder / f"{call_id}.tape").open("r+b") as file:
        file.seek(HEADER_BYTES + 2 * 6_448 + 500)
        file.write(b"\xff\xfe\xfd")
    house.landing.land(call_id, None)
    silent = SOUND[: 2 * 6_400] + bytes(6_400) + SOUND[3 * 6_400 :]
    house.assert_landed(call_id, captions=False, sound=silent)
    [found] = house.services.calls.get(ORG, call_id).audio.findings
    assert (found.kind, found.measured) == (
        FindingKind.SOUND_LOST,
        {"from_ms": 200.0, "missing_ms": 100.0},
    )


# --- calls whose process has died ---------------------------------------------------------------


def test_a_call_whose_process_died_is_landed_from_its_tape(house):
    call_id = house.held()
    assert house.of("web-2").recover() == [call_id]
    house.assert_landed(call_id, captions=False)
    [found] = house.services.calls.get(ORG, call_id).audio.findings
    assert found.kind is FindingKind.BROKEN_OFF
    assert house.of("web-3").recover() == []


def test_one_that_died_while_finishing_has_all_its_sound(house):
    call_id = house.held(state=LiveState.FINISHING)
    assert house.of("web-2").recover() == [call_id]
    assert house.services.calls.get(ORG, call_id).audio.findings == ()


def test_a_living_call_is_left_alone(house):
    beating = house.held(heartbeat_at=datetime.now(UTC))
    hung = house.held()
    with house.tapes.resume(hung):
        assert house.of("web-2").recover() == []
    assert {call.process for call in house.live.running(ORG)} == {PROCESS}
    assert house.of("web-2").recover() == [hung]
    assert [call.id for call in house.live.running(ORG)] == [beating]


def test_a_call_recorded_on_another_machine_is_left_to_it(house):
    call_id = house.held()
    (house.folder / f"{call_id}.tape").rename(house.folder / "elsewhere")
    assert house.of("web-2").recover() == []
    assert [call.process for call in house.live.running(ORG)] == [PROCESS]


def test_one_that_can_not_be_landed_keeps_no_other_from_it(house):
    bad, good = house.held(), house.held(SOUND[:400_000])
    with (house.folder / f"{bad}.tape").open("r+b") as file:
        file.write(b"?")
    assert house.of("web-2").recover() == [good]
    [left] = house.live.running(ORG)
    assert (left.id, left.state, house.tapes.ids()) == (bad, LiveState.INTERRUPTED, [bad])
    with pytest.raises(DataDamaged):
        house.landing.land(bad, None)
    assert house.services.calls.count(ORG, CallFilter()) == 1


def test_a_call_of_a_browser_waits_for_it_to_come_back(house):
    """Those that nobody can come back to, or whose sound is complete, wait for nobody."""
    here = house.held(source=LiveSource.MICROPHONE)
    ended = house.held(SOUND[:400_000], state=LiveState.FINISHING)
    half_a_minute_ago = datetime.now(UTC) - timedelta(seconds=30)
    young = house.held(SOUND[:300_000], heartbeat_at=half_a_minute_ago)
    old = house.held(SOUND[:200_000])
    assert set(house.of("web-2").recover(spare_browsers=True)) == {here, ended}
    assert {c.id for c in house.live.running(ORG) if c.goes_on} == {young, old}
    assert house.of("web-2").recover() == [old]
    assert [call.id for call in house.live.running(ORG)] == [young]


def test_landing_that_died_is_begun_anew_by_another(house):
    call_id = house.held()
    with pytest.MonkeyPatch.context() as patched:
        killed_at(patched, house.services.queue, "enqueue", done=True)
        assert house.of("web-2").recover() == []
    assert house.of("web-3").recover() == []
    with house.services.engine.begin() as connection:
        connection.execute(update(LIVE_CALLS).values(heartbeat_at=LONG_AGO))
    assert house.of("web-3").recover() == [call_id]
    house.assert_landed(call_id, captions=False)


def test_tapes_that_are_left_over_go(house):
    landed, young, running = house.held(), new_id(), house.held(heartbeat_at=datetime.now(UTC))
    with pytest.MonkeyPatch.context() as patched:
        killed_at(patched, house.tapes, "delete", done=False)
        with pytest.raises(Killed):
            house.landing.land(landed, None)
    strange = new_id()
    for call_id in (young, strange):
        house.tapes.create(call_id, 1).close()
    house.landing.recover()
    assert set(house.tapes.ids()) == {landed, young, running, strange}
    hours, weeks = (datetime.now(UTC).timestamp() - s for s in (3_600, 30 * 86_400))
    for call_id, changed in ((landed, hours), (young, hours), (running, weeks), (strange, weeks)):
        os.utime(house.folder / f"{call_id}.tape", (changed, changed))
    house.landing.recover()
    assert set(house.tapes.ids()) == {young, running}
    assert house.services.calls.get(ORG, landed)


def test_a_store_that_can_not_be_asked_is_told(house):
    def refuse(*_arguments: object) -> None:
        raise StorageError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(house.live, "load", refuse)
        with pytest.raises(StorageError):
            house.landing.land("any", None)
    with pytest.raises(NotFound):
        house.services.calls.get(ORG, "any")
