"""Phone calls of which words alone were sent become calls, once, and take a recording later.

On every database. Wherever it is killed, doing it again leads to one call and nothing else.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.settings import Settings
from app.wiring import Services, build_services
from app.wiring.parts import master_key_of
from services.domain.calls import CallDetails, CallState, ProcessingOptions
from services.domain.errors import (
    DiskFull,
    EmptyFile,
    FileMissing,
    InvalidRequest,
    NoRecording,
    NotFound,
    SoundNotReady,
)
from services.domain.findings import Finding, FindingKind
from services.domain.ids import new_id
from services.domain.live_calls import LiveSource, LiveState, RunningCall, SoundGap
from services.domain.people import LOCAL_USER
from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.domain.sound import Listening, Original
from services.jobs.queue import JobState
from services.live.recording.landing import Landed, Landing
from services.providers.registry import ProviderRegistry
from services.providers.scripted import ScriptedProvider
from services.storage.audio_vault import Rendition
from services.storage.live_calls import LiveCallStore
from services.storage.phone_tables import PHONE_KEYS, PHONE_WORDS
from services.storage.phone_words import PhoneWordStore
from services.storage.tapes import TapeStore
from tests.builders import transcript
from tests.contract.stores import analysed
from tests.contract.test_landing import Killed, killed_at

ORG = LOCAL_USER.org_id
BEGAN = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
OPTIONS = ProcessingOptions(provider="acs", redact=False, provider_options=(("pii", "mask"),))
DEFAULTS = ProcessingOptions(provider="scripted", fallback=("local",))
TOLD = [{"type": "final", "id": "u1", "text": "my bill is wrong"}]
SOUND = b"RIFF" + bytes(range(256)) * 40


@dataclass
class House:
    """An installation, and phone calls that are held in it."""

    services: Services
    live: LiveCallStore
    words: PhoneWordStore
    folder: Path

    @property
    def landing(self) -> Landing:
        return self.of("web-1")

    def of(self, process: str) -> Landing:
        services = self.services
        return Landing(
            process,
            engine=services.engine,
            live=self.live,
            tapes=TapeStore(self.folder / "live", master_key_of(services.settings)),
            vault=services.vault,
            calls=services.calls,
            runs=services.runs,
            transcripts=services.transcripts,
            queue=services.queue,
            providers=services.providers,
            words=self.words,
            defaults=DEFAULTS,
        )

    def held(self, **changes: object) -> str:
        """A phone call of which some words have been kept."""
        call_id = new_id()
        facts = PhoneFacts(service=PhoneService.ACS, way=PhoneWay.PLACED, connection_id=call_id)
        made = RunningCall(
            id=call_id,
            org_id=ORG,
            owner="nora",
            name="Harbor Energy",
            source=LiveSource.PHONE,
            state=LiveState.FINISHING,
            options=OPTIONS,
            details=CallDetails(agent_name="Nora Fields", queue="Billing"),
            channels=1,
            began_at=BEGAN,
            heartbeat_at=BEGAN,
            process="web-1",
            phone=facts,
        )
        self.live.add(replace(made, **changes))
        self.words.append(call_id, TOLD)
        return call_id

    def landed(self) -> str:
        """A call that has landed by its words."""
        call_id = self.held()
        assert self.landing.land_words(call_id, analysed()) is Landed.CALL
        return call_id

    def assert_nothing_held(self) -> None:
        assert self.live.running(ORG) == []
        with self.services.engine.connect() as connection:
            for table in (PHONE_KEYS, PHONE_WORDS):
                count = connection.execute(select(func.count()).select_from(table)).scalar()
                assert count == 0, table.name

    def assert_landed(self, call_id: str) -> None:
        """One call, its captions and a run that reads them are there, and nothing else."""
        services = self.services
        [row] = services.calls.list(ORG)
        assert (row.call.id, row.call.state) == (call_id, CallState.WAITING)
        [run] = services.runs.list_for_call(ORG, call_id)
        assert services.queue.states([run.workflow_id]) == {run.workflow_id: JobState.WAITING}
        [version] = services.transcripts.list_for_call(ORG, call_id)
        assert (version.provider, version.is_active) == ("scripted live", True)
        assert list(services.vault.stored()) == []
        self.assert_nothing_held()

    def sound_file(self, content: bytes = SOUND) -> Path:
        file = self.folder / "recording.wav"
        file.write_bytes(content)
        return file

    def original(self, call_id: str) -> bytes:
        key = self.services.calls.key(ORG, call_id)
        with self.services.vault.open(call_id, Rendition.ORIGINAL, key) as file:
            return file.read()


@pytest.fixture
def house(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    registry = ProviderRegistry({"scripted": ScriptedProvider})
    monkeypatch.setattr("app.wiring.services.build_providers", lambda *_: registry)
    settings = Settings(data_dir=tmp_path / "house", database=database_url)
    services = build_services(settings)
    words = PhoneWordStore(services.engine, master_key_of(settings))
    yield House(services, LiveCallStore(services.engine), words, tmp_path)
    services.close()


# --- landing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_words", [True, False], ids=["land_words", "land"])
def test_a_call_of_words_can_be_read_at_once(house, by_words):
    captions, call_id = analysed(), house.held()
    key = house.words.key(call_id)
    land = house.landing.land_words if by_words else house.landing.land
    assert land(call_id, captions) is Landed.CALL
    house.assert_landed(call_id)
    call = house.services.calls.get(ORG, call_id)
    assert (call.source_name, call.held_at, call.size_bytes) == ("Harbor Energy", BEGAN, 0)
    assert call.content_hash == hashlib.sha256(f"phone:{call_id}".encode()).hexdigest()
    assert (call.audio.duration_ms, call.audio.channels) == (captions.transcript.duration_ms, 0)
    assert [found.kind for found in call.audio.findings] == [FindingKind.NO_RECORDING]
    assert not call.has_recording
    assert house.services.calls.key(ORG, call_id) == key
    reviewed = house.services.review.load(LOCAL_USER, call_id)
    assert reviewed.transcript.utterances == captions.transcript.utterances
    assert reviewed.analysis.metrics.speech_ms == captions.analysis.metrics.speech_ms > 0
    assert house.services.transcripts.figures(ORG, call_id) is not None


def test_what_else_was_noticed_is_told(house):
    broken, call_id = Finding(kind=FindingKind.BROKEN_OFF), house.held()
    house.landing.land_words(call_id, analysed(), [broken])
    found = house.services.calls.get(ORG, call_id).audio.findings
    assert [one.kind for one in found] == [FindingKind.NO_RECORDING, FindingKind.BROKEN_OFF]


def test_one_that_was_interrupted_says_so_once(house):
    call_id = house.held(state=LiveState.INTERRUPTED)
    house.landing.land_words(call_id, analysed(), [Finding(kind=FindingKind.BROKEN_OFF)])
    other = house.held(state=LiveState.INTERRUPTED)
    house.landing.land(other, analysed())
    for landed in (call_id, other):
        found = house.services.calls.get(ORG, landed).audio.findings
        assert [one.kind for one in found] == [FindingKind.NO_RECORDING, FindingKind.BROKEN_OFF]


def test_landing_twice_is_landing_once(house):
    call_id = house.landed()
    assert house.landing.land_words(call_id, analysed()) is Landed.BEFORE
    assert house.landing.land_words("unknown", None) is Landed.BEFORE
    house.assert_landed(call_id)


@pytest.mark.parametrize("captions", ["none", "no lines", "no words"])
def test_a_call_in_which_nobody_said_a_word_leaves_nothing(house, captions):
    spoken = transcript()
    silent = replace(spoken, utterances=(), spans=())
    blank = replace(spoken, utterances=(replace(spoken.utterances[0], text=" ", words=()),))
    told = {"none": None, "no lines": analysed(silent), "no words": analysed(blank)}[captions]
    assert house.landing.land_words(house.held(), told) is Landed.TOO_SHORT
    house.assert_nothing_held()
    assert house.services.calls.list(ORG) == []


@pytest.mark.parametrize("redact", [True, False])
def test_a_call_of_which_all_words_are_missing_says_so(house, redact):
    """
    words    |.....|xxxxx|........|xxxx|
             0    1000  3000     9000 9500 ms
    """
    places = ((1_000, 3_000), (9_000, 9_500), (1_200, 1_700))
    gaps = tuple(SoundGap(start_ms=start_ms, end_ms=end_ms) for start_ms, end_ms in places)
    options = replace(OPTIONS, provider="scripted", redact=redact)
    call_id = house.held(options=options, gaps=gaps, received_ms=9_200)
    assert house.landing.land_words(call_id, None) is Landed.CALL
    house.assert_landed(call_id)
    audio = house.services.calls.get(ORG, call_id).audio
    missing = [one for one in audio.findings if one.kind is FindingKind.NOT_TRANSCRIBED]
    assert [one.measured["missing_ms"] for one in missing] == [2_000, 500]
    assert audio.duration_ms == 9_500
    shown = house.services.review.load(LOCAL_USER, call_id).transcript
    assert (shown.utterances, shown.redacted) == ((), redact)


def test_unredacted_words_are_not_stored_where_others_are_missing(house):
    redacting = replace(OPTIONS, redact=True)
    gap = SoundGap(start_ms=1_000, end_ms=3_000)
    call_id = house.held(options=redacting, gaps=(gap,))
    assert house.landing.land_words(call_id, analysed()) is Landed.CALL
    shown = house.services.review.load(LOCAL_USER, call_id).transcript
    assert (shown.utterances, shown.redacted) == ((), True)


def test_unredacted_words_of_a_redacted_call_are_not_stored(house):
    redacting = replace(OPTIONS, redact=True)
    call_id = house.held(options=redacting, name="Call to +44 7700 900417")
    assert house.landing.land_words(call_id, analysed()) is Landed.TOO_SHORT
    house.assert_nothing_held()
    other = house.held(options=redacting, name="Call to +44 7700 900417")
    assert house.landing.land_words(other, analysed(redacted=True)) is Landed.CALL
    assert "900417" not in house.services.calls.get(ORG, other).source_name


def test_a_call_that_another_process_took_over_is_left_to_it(house):
    call_id = house.held()
    [left] = house.live.silent_phones(datetime.now(UTC) - timedelta(seconds=20))
    assert house.live.take_up(left, "web-2")
    assert house.landing.land_words(call_id, analysed()) is Landed.ELSEWHERE
    assert house.words.read(call_id) == TOLD
    assert house.of("web-2").land_words(call_id, analysed()) is Landed.CALL
    house.assert_landed(call_id)


def test_a_call_without_kept_words_has_a_key_of_its_own(house):
    call_id = house.held()
    house.words.delete(call_id)
    assert house.landing.land_words(call_id, analysed()) is Landed.CALL
    key = house.services.calls.key(ORG, call_id)
    assert house.services.vault.data_key(call_id, key)


STEPS = {
    "touch": lambda house: (house.live, "touch"),
    "key": lambda house: (house.words, "key"),
    "words": lambda house: (house.words, "delete"),
    "remove": lambda house: (house.live, "remove"),
    "add": lambda house: (house.services.calls, "add"),
    "save": lambda house: (house.services.transcripts, "save"),
    "enqueue": lambda house: (house.services.queue, "enqueue"),
}


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_killed_anywhere_and_landed_again(house, done):
    for step, place in STEPS.items():
        call_id = house.held()
        with pytest.MonkeyPatch.context() as patched:
            killed_at(patched, *place(house), done=done)
            with pytest.raises(Killed):
                house.landing.land_words(call_id, analysed())
        assert house.services.calls.list(ORG) == [], step
        assert house.words.read(call_id) == TOLD, step
        assert house.landing.land_words(call_id, analysed()) is Landed.CALL, step
        house.assert_landed(call_id)
        house.services.desk.delete(LOCAL_USER, call_id)


# --- such a call among the others -----------------------------------------------------------------


def test_there_is_nothing_to_hear_and_everybody_says_so(house):
    call_id = house.landed()
    desk = house.services.desk
    sound = desk.sound_of(LOCAL_USER, call_id)
    assert (sound.listening, sound.original) == (Listening.UNRECORDED, Original.GONE)
    assert not sound.can_be_processed
    assert isinstance(desk.why_no_run(LOCAL_USER, call_id), NoRecording)
    house.services.runs.fail(call_id, 1, DiskFull())
    options = ProcessingOptions(provider="scripted", redact=False)
    for refused in (
        lambda: desk.open_playback(LOCAL_USER, call_id),
        lambda: desk.open_original(LOCAL_USER, call_id),
        lambda: desk.rerun(LOCAL_USER, call_id, options),
    ):
        with pytest.raises(NoRecording):
            refused()
    assert len(house.services.runs.list_for_call(ORG, call_id)) == 1


def test_its_words_can_be_read_once_more_when_that_failed(house):
    call_id = house.landed()
    house.services.runs.fail(call_id, 1, DiskFull())
    run = house.services.desk.retry(LOCAL_USER, call_id)
    assert (run.number, run.options) == (2, OPTIONS)
    assert house.services.calls.get(ORG, call_id).state is CallState.WAITING
    with pytest.raises(InvalidRequest):
        house.services.desk.retry(LOCAL_USER, call_id)


def test_deleting_leaves_nothing(house):
    call_id = house.landed()
    house.services.desk.delete(LOCAL_USER, call_id)
    assert house.services.calls.list(ORG) == []
    with pytest.raises(NotFound):
        house.landing.attach_recording(call_id, house.sound_file())
    assert list(house.services.vault.stored()) == []


# --- its recording --------------------------------------------------------------------------------


def test_a_recording_that_comes_later_is_the_calls_sound(house):
    call_id = house.landed()
    house.landing.attach_recording(call_id, house.sound_file())
    call = house.services.calls.get(ORG, call_id)
    assert call.has_recording
    assert call.audio is None
    assert (call.content_hash, call.size_bytes) == (hashlib.sha256(SOUND).hexdigest(), len(SOUND))
    assert house.original(call_id) == SOUND
    reading, hearing = house.services.runs.list_for_call(ORG, call_id)
    assert (reading.state, hearing.state) == (CallState.CANCELLED, CallState.WAITING)
    expected = replace(OPTIONS, provider="scripted", fallback=("local",), provider_options=())
    assert hearing.options == expected
    states = house.services.queue.states([reading.workflow_id, hearing.workflow_id])
    assert states[hearing.workflow_id] is JobState.WAITING
    assert states[reading.workflow_id] is not JobState.WAITING
    [captions] = house.services.transcripts.list_for_call(ORG, call_id)
    assert (captions.run, captions.is_active) == (1, True)
    sound = house.services.desk.sound_of(LOCAL_USER, call_id)
    assert (sound.listening, sound.original) == (Listening.PREPARING, Original.KEPT)
    with pytest.raises(SoundNotReady):
        house.services.desk.open_playback(LOCAL_USER, call_id)


def test_one_that_comes_after_the_words_were_read_is_heard_too(house):
    call_id = house.landed()
    [captions] = house.services.transcripts.list_for_call(ORG, call_id)
    house.services.runs.finish(call_id, 1, captions.id)
    house.landing.attach_recording(call_id, house.sound_file())
    runs = house.services.runs.list_for_call(ORG, call_id)
    assert [run.state for run in runs] == [CallState.READY, CallState.WAITING]


def test_a_recording_counts_once(house):
    call_id = house.landed()
    house.landing.attach_recording(call_id, house.sound_file())
    house.landing.attach_recording(call_id, house.sound_file(b"another"))
    assert house.original(call_id) == SOUND
    assert len(house.services.runs.list_for_call(ORG, call_id)) == 2


def test_the_same_sound_may_be_another_calls_already(house):
    first, second = house.landed(), house.landed()
    for call_id in (first, second):
        house.landing.attach_recording(call_id, house.sound_file())
    hashes = {house.services.calls.get(ORG, c).content_hash for c in (first, second)}
    assert hashes == {
        hashlib.sha256(SOUND).hexdigest(),
        hashlib.sha256(f"phone:{second}".encode()).hexdigest(),
    }


def test_what_is_no_recording_leaves_the_call_as_it_was(house):
    call_id = house.landed()
    with pytest.raises(EmptyFile):
        house.landing.attach_recording(call_id, house.sound_file(b""))
    with pytest.raises(FileMissing):
        house.landing.attach_recording(call_id, house.folder / "missing")
    house.assert_landed(call_id)


def test_a_running_call_takes_none(house):
    call_id = house.held()
    with pytest.raises(NotFound):
        house.landing.attach_recording(call_id, house.sound_file())
    assert list(house.services.vault.stored()) == []


ATTACHING = {
    "write": lambda house: (house.services.vault, "write"),
    "cancelled": lambda house: (house.services.runs, "cancelled"),
    "withdraw": lambda house: (house.services.queue, "withdraw"),
    "take": lambda house: (house.services.calls, "take_recording"),
    "start": lambda house: (house.services.runs, "start"),
    "enqueue": lambda house: (house.services.queue, "enqueue"),
}


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_recording_whose_taking_failed_anywhere_is_taken_again(house, done):
    for step, place in ATTACHING.items():
        call_id = house.landed()
        with pytest.MonkeyPatch.context() as patched:
            killed_at(patched, *place(house), done=done)
            with pytest.raises(Killed):
                house.landing.attach_recording(call_id, house.sound_file())
        assert not house.services.calls.get(ORG, call_id).has_recording, step
        assert list(house.services.vault.stored()) == [], step
        house.landing.attach_recording(call_id, house.sound_file())
        assert house.original(call_id) == SOUND, step
        runs = house.services.runs.list_for_call(ORG, call_id)
        assert [run.state for run in runs] == [CallState.CANCELLED, CallState.WAITING], step
        house.services.desk.delete(LOCAL_USER, call_id)
