"""An installation in a temporary folder whose worker runs in this very process."""

import io
import math
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from app.settings import Settings
from app.wiring import Services, Worker, build_services, build_worker
from services.audio.recording import Recording
from services.domain.calls import (
    FINISHED_STATES,
    CallDetails,
    CallState,
    ProcessingOptions,
    RunProgress,
    Stage,
)
from services.domain.ids import new_id
from services.domain.people import LOCAL_USER
from services.domain.running import RunContext
from services.domain.speech import Span, Speaker, Transcript
from services.jobs.intake import Received
from services.providers.base import SpeechProvider
from services.providers.registry import ProviderRegistry
from services.providers.scripted import ScriptedProvider

SCRIPTED = ProcessingOptions(provider="scripted", redact=False)
WITHIN_S = 60.0


def tone(seconds: float = 25.0, pitch_hz: float = 300.0) -> bytes:
    """Return a WAV file with a tone, 8 kHz mono."""
    phases = np.arange(round(seconds * 8000)) * pitch_hz * math.tau / 8000
    frames = np.rint(8000 * np.sin(phases)).astype("<i2").tobytes()
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", "none"))
        writer.writeframes(frames)
    return file.getvalue()


@dataclass
class Installation:
    """Services over one data folder, and a worker when asked for."""

    settings: Settings
    services: Services
    stopping: Event = field(default_factory=Event)

    def take_in(
        self, sound: bytes | None = None, options: ProcessingOptions = SCRIPTED
    ) -> Received:
        with self.services.intake.begin(LOCAL_USER, "call.wav") as incoming:
            incoming.write(tone() if sound is None else sound)
            return incoming.commit(options, CallDetails())

    @contextmanager
    def working(self, worker_id: str = "local") -> Iterator[Worker]:
        worker = build_worker(self.settings, worker_id, stopping=self.stopping.is_set)
        with worker.running():
            yield worker
            worker.wait_until_idle(WITHIN_S)

    def progress(self, call_id: str) -> RunProgress:
        return self.services.desk.progress(LOCAL_USER, [call_id])[call_id]

    def wait(self, call_id: str, until: Callable[[RunProgress], bool]) -> RunProgress:
        deadline = time.monotonic() + WITHIN_S
        while not until(progress := self.progress(call_id)):
            assert time.monotonic() < deadline, f"still {progress}"
            time.sleep(0.1)
        return progress

    def ended(self, call_id: str) -> CallState:
        return self.wait(call_id, lambda p: p.state in FINISHED_STATES).state

    def reached(self, call_id: str, stage: Stage) -> None:
        self.wait(call_id, lambda p: p.stage is stage)


@pytest.fixture
def provider() -> SpeechProvider:
    return ScriptedProvider()


class HalvesLabeller:
    """Gives the first half of a transcript's lines to one speaker and the rest to another.

    Works through ten checkpoints and calls ``pause`` in each that it hasn't found.
    """

    def __init__(self) -> None:
        self.pause: Callable[[], None] = lambda: None
        self.asked: list[ProcessingOptions] = []

    def relabel(
        self,
        recording: Recording,
        transcript: Transcript,
        options: ProcessingOptions,
        context: RunContext,
    ) -> Transcript:
        self.asked.append(options)
        for part in range(10):
            context.report(Stage.SPEAKERS, part / 10)
            if f"speakers.{part}" not in context.checkpoints:
                self.pause()
                context.checkpoints[f"speakers.{part}"] = b"heard"
        half = recording.duration_ms // 2
        utterances = tuple(
            replace(u, speaker="s1" if u.start_ms < half else "s2", sentiment=None)
            for u in transcript.utterances
        )
        return replace(
            transcript,
            id=new_id(),
            utterances=utterances,
            speakers=(Speaker(id="s1", label="Speaker 1"), Speaker(id="s2", label="Speaker 2")),
            spans=tuple(
                Span(speaker=str(u.speaker), start_ms=u.start_ms, end_ms=u.end_ms)
                for u in utterances
            ),
            summary=None,
            stages={"recognition": transcript.stages["recognition"], "speakers": "halves"},
        )


@pytest.fixture
def labeller() -> HalvesLabeller:
    return HalvesLabeller()


@pytest.fixture
def installation(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    provider: SpeechProvider,
    labeller: HalvesLabeller,
) -> Iterator[Installation]:
    registry = ProviderRegistry({"scripted": lambda: provider})
    monkeypatch.setattr("app.wiring.services.build_providers", lambda *_: registry)
    monkeypatch.setattr("app.wiring.worker.build_labeller", lambda _settings: labeller)
    settings = Settings(data_dir=tmp_path / "data")
    services = build_services(settings)
    yield Installation(settings=settings, services=services)
    services.close()
