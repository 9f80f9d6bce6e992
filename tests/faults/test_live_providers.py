"""Cloud services refuse, drop and limit live calls, through the recogniser's own process.

The services are emulated on loopback. Sound is given four times as fast as it would be spoken.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.settings import Settings
from app.wiring import Services, build_services
from emulators.assemblyai.streaming import AssemblyAIStreamingEmulator
from emulators.assemblyai.streaming_plans import TOO_MANY_SESSIONS, Fault, SessionPlan
from emulators.azure_speech.websocket import AzureSpeechEmulator
from emulators.azure_speech.websocket_script import Behaviour, Ending
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import ProviderBusy, ProviderRefusedKey
from services.domain.live_calls import LiveSource
from services.domain.people import LOCAL_USER
from services.live.telling.events import Told
from services.storage.audio_vault import Rendition

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ORG = LOCAL_USER.org_id
WITHIN_S = 90.0
WAV_HEADER = 44
CHUNK_MS = 100
SPEED = 4
CHUNK = bytes(range(256)) * 12 + bytes(128)
KEY = "a-good-key"
CLOUD = ("azure", "assemblyai")


def wait_until(done: Callable[[], object]) -> None:
    until = time.monotonic() + WITHIN_S
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)


@dataclass
class Caller:
    """Holds one call at the desk, and knows all that is told of it."""

    services: Services
    provider: str
    told: list[Told] = field(default_factory=list)
    sound: bytearray = field(default_factory=bytearray)

    def begin(self) -> None:
        options = ProcessingOptions(provider=self.provider, language="en", redact=False)
        live = self.services.live
        self.call = live.begin(
            LOCAL_USER, "x", options, CallDetails(), channels=1, source=LiveSource.BROWSER
        )
        live.follow(LOCAL_USER, self.call.id, 0, self.told.append)
        self.way = live.connect(LOCAL_USER, self.call.id, lambda _notice: None)

    def speak(self, seconds: float) -> None:
        for _ in range(round(seconds * 1000 / CHUNK_MS)):
            self.way.take(self.way.next_frame, CHUNK)
            self.sound += CHUNK
            time.sleep(CHUNK_MS / 1000 / SPEED)

    def speak_until(self, done: Callable[[], object]) -> None:
        until = time.monotonic() + WITHIN_S
        while not done():
            assert time.monotonic() < until, self.told[-3:]
            self.speak(0.5)

    def stop(self) -> None:
        self.way.stop(self.way.next_frame)
        wait_until(lambda: self.told[-1]["type"] == "landed")

    @property
    def finals(self) -> list[Told]:
        return [one for one in self.told if one["type"] == "final"]

    @property
    def later_finals(self) -> list[Told]:
        """Lines of sessions that stand in for a lost one."""
        return [one for one in self.finals if "-" in one["id"]]

    @property
    def errors(self) -> list[str]:
        return [one["code"] for one in self.told if one.get("kind") == "error"]

    @property
    def gaps(self) -> list[tuple[int, int]]:
        found = [one for one in self.told if one.get("kind") == "gap"]
        return [(one["start_ms"], one["end_ms"]) for one in found]

    def has_landed_whole(self) -> bool:
        key = self.services.calls.key(ORG, self.call.id)
        with self.services.vault.open(self.call.id, Rendition.ORIGINAL, key) as file:
            return file.read()[WAV_HEADER:] == bytes(self.sound)

    def longest_untold_ms(self) -> int:
        """Return the longest stretch that neither a line nor a gap tells of."""
        lines = [(one["start_ms"], one["end_ms"]) for one in self.finals]
        until = longest = 0
        for start_ms, end_ms in sorted([*lines, *self.gaps]):
            longest, until = max(longest, start_ms - until), max(until, end_ms)
        return longest


@dataclass
class Installation:
    """One installation for all tests here, with the services that it speaks with."""

    folder: Path
    services: Services
    azure: AzureSpeechEmulator
    assemblyai: AssemblyAIStreamingEmulator


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    with (
        AzureSpeechEmulator(key=KEY, even_in_silence=True) as azure,
        AssemblyAIStreamingEmulator(key=KEY) as assemblyai,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("AZURE_SPEECH_KEY", KEY)
        environment.setenv("AZURE_SPEECH_HOST", azure.host)
        environment.setenv("ASSEMBLYAI_API_KEY", KEY)
        environment.setenv("ASSEMBLYAI_STREAMING_HOST", assemblyai.host)
        environment.setenv("PYTHONPATH", str(ROOT))
        environment.setenv("PARTYLINE_DATA_DIR", str(folder))
        services = build_services(Settings(data_dir=folder))
        yield Installation(folder, services, azure, assemblyai)
        services.close()


@pytest.fixture
def azure(installation: Installation) -> AzureSpeechEmulator:
    """The service as it is at first: it takes the key and does as it should."""
    installation.azure.key = KEY
    installation.azure.behave()
    return installation.azure


@pytest.fixture
def assemblyai(installation: Installation) -> AssemblyAIStreamingEmulator:
    """The service as it is at first: it takes the key and does as it should."""
    emulator = installation.assemblyai
    emulator.key, emulator._plans, emulator.sessions, emulator.refused = KEY, [], [], 0
    return emulator


@pytest.fixture
def caller(
    installation: Installation,
    azure: AzureSpeechEmulator,
    assemblyai: AssemblyAIStreamingEmulator,
) -> Callable[[str], Caller]:
    return lambda provider: Caller(services=installation.services, provider=provider)


def nothing_is_left(caller: Caller, folder: Path) -> bool:
    tapes = folder / "live"
    return not caller.services.live.running(LOCAL_USER) and not (
        tapes.exists() and os.listdir(tapes)
    )


@pytest.mark.parametrize("provider", CLOUD)
def test_a_call_with_a_refused_key_does_not_begin_and_one_sentence_says_so(
    provider: str,
    caller: Callable[[str], Caller],
    azure: AzureSpeechEmulator,
    assemblyai: AssemblyAIStreamingEmulator,
    installation: Installation,
) -> None:
    azure.key = assemblyai.key = "another"
    held = caller(provider)
    with pytest.raises(ProviderRefusedKey, match=r"^The speech service refused the key\."):
        held.begin()
    assert nothing_is_left(held, installation.folder)
    azure.key = assemblyai.key = KEY
    held.begin()
    held.speak(6)
    held.stop()
    assert held.has_landed_whole()


@pytest.mark.parametrize("provider", CLOUD)
def test_a_call_for_which_there_is_no_room_does_not_begin(
    provider: str,
    caller: Callable[[str], Caller],
    azure: AzureSpeechEmulator,
    assemblyai: AssemblyAIStreamingEmulator,
    installation: Installation,
) -> None:
    azure.behave(Behaviour(refuse_with=429))
    assemblyai._plans = [SessionPlan(status=429)] * 10
    held = caller(provider)
    with pytest.raises(ProviderBusy):
        held.begin()
    assert nothing_is_left(held, installation.folder)


@pytest.mark.parametrize("provider", CLOUD)
def test_a_connection_that_drops_in_mid_call_costs_no_words(
    provider: str,
    caller: Callable[[str], Caller],
    azure: AzureSpeechEmulator,
    assemblyai: AssemblyAIStreamingEmulator,
) -> None:
    azure.behave(Behaviour(ending=Ending.DROP, at_ms=6_000), Behaviour())
    assemblyai._plans = [SessionPlan(fault=Fault.DROPPED, at_ms=6_000)]
    held = caller(provider)
    held.begin()
    held.speak(24)
    held.stop()
    assert held.has_landed_whole()
    assert held.errors == []
    assert held.longest_untold_ms() < 2_000, (held.finals, held.gaps)
    assert held.finals[-1]["end_ms"] > 18_000
    captions = held.services.transcripts.active(ORG, held.call.id)
    assert len(captions.utterances) == len({one["id"] for one in held.finals})
    assert [one["error_code"] for one in held.told if one["type"] == "ended"] == [None]


@pytest.mark.parametrize("provider", CLOUD)
def test_a_service_that_stays_away_for_a_while_is_told_and_gone_on_with(
    provider: str,
    caller: Callable[[str], Caller],
    azure: AzureSpeechEmulator,
    assemblyai: AssemblyAIStreamingEmulator,
) -> None:
    azure.behave(
        Behaviour(ending=Ending.DROP, at_ms=6_000), *[Behaviour(refuse_with=503)] * 6, Behaviour()
    )
    assemblyai._plans = [
        SessionPlan(fault=Fault.DROPPED, at_ms=6_000),
        *[SessionPlan(status=503)] * 8,
    ]
    held = caller(provider)
    held.begin()
    held.speak(6)
    held.speak_until(lambda: held.errors)
    held.speak_until(lambda: held.later_finals)
    held.stop()
    assert held.has_landed_whole()
    assert set(held.errors) == {"ProviderUnavailable"}, held.errors
    assert held.longest_untold_ms() < 2_000, (held.finals, held.gaps)
    assert [one["error_code"] for one in held.told if one["type"] == "ended"] == [None]


@pytest.mark.parametrize("provider", CLOUD)
def test_a_key_that_is_refused_in_mid_call_ends_captions_and_not_the_recording(
    provider: str,
    caller: Callable[[str], Caller],
    azure: AzureSpeechEmulator,
    assemblyai: AssemblyAIStreamingEmulator,
) -> None:
    azure.behave(Behaviour(ending=Ending.DROP, at_ms=6_000), Behaviour(refuse_with=401))
    assemblyai._plans = [SessionPlan(fault=Fault.DROPPED, at_ms=6_000), SessionPlan(status=401)]
    held = caller(provider)
    held.begin()
    held.speak(6)
    held.speak_until(lambda: held.errors)
    held.speak(4)
    tries = len(azure.connections), len(assemblyai.sessions), assemblyai.refused
    held.speak(6)
    held.stop()
    assert held.errors == ["ProviderRefusedKey"]
    assert (len(azure.connections), len(assemblyai.sessions), assemblyai.refused) == tries
    assert held.has_landed_whole()
    assert held.finals
    assert held.gaps[-1][1] == len(held.sound) // 32
    assert held.longest_untold_ms() < 2_000
    (ended,) = [one for one in held.told if one["type"] == "ended"]
    assert ended["error_code"] == "ProviderRefusedKey"
    assert ended["error_message"] == ProviderRefusedKey().user_message


def test_too_many_sessions_in_mid_call_is_told_and_tried_again(
    caller: Callable[[str], Caller], assemblyai: AssemblyAIStreamingEmulator
) -> None:
    too_many = SessionPlan(fault=Fault.ERROR, at_ms=6_000, code=TOO_MANY_SESSIONS)
    assemblyai._plans = [too_many, *[SessionPlan(status=429)] * 8]
    held = caller("assemblyai")
    held.begin()
    held.speak(6)
    held.speak_until(lambda: held.errors)
    held.speak_until(lambda: held.later_finals)
    held.stop()
    assert held.has_landed_whole()
    assert set(held.errors) == {"ProviderBusy"}
    assert held.longest_untold_ms() < 2_000
