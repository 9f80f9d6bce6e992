"""What our layer adds to a provider's own SDK: the same call, service and pauses for both.

``partyline bench provider-layer``. An emulated service works for five seconds on a two-minute call.
The bare SDK uploads it, asks for a transcript and looks every tenth of a second; so does the
provider, which also remembers, maps and can be stopped. They take turns; medians count.
"""

import io
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.results import RESULTS, keep, table
from emulators.assemblyai.http import AssemblyAIEmulator
from services.audio.pcm import ArrayPcm
from services.audio.recording import ChannelLayout, Recording
from services.audio.wav import WavStream
from services.domain.calls import AudioFacts, ProcessingOptions
from services.domain.running import RunContext
from services.providers.assemblyai.access import AssemblyAIAccess
from services.providers.assemblyai.provider import AssemblyAIProvider
from services.providers.assemblyai.recorded import Pace

SECONDS = 120
WORK_S = 5.0
LOOK_EVERY_S = 0.1
ROUNDS = 7
KEY = "bench"


def measure(json_file: Path | None) -> int:
    """Measure, print a table, and write it; the exit status.

    Without ``json_file`` the figures are kept beside this script, under today's date.
    """
    recording = _recording()
    with AssemblyAIEmulator(processing_s=WORK_S) as emulator:
        ways: dict[str, Callable[[], int]] = {
            "bare SDK": lambda: _bare(emulator.base_url, recording),
            "provider": lambda: _ours(emulator.base_url, recording),
        }
        took: dict[str, list[float]] = {way: [] for way in ways}
        lines = {way: work() for way, work in ways.items()}
        for _ in range(ROUNDS):
            for way, work in ways.items():
                began = time.perf_counter()
                work()
                took[way].append(time.perf_counter() - began)
    bare = median(took["bare SDK"])
    rows: list[dict[str, Any]] = [
        {
            "service": "assemblyai recorded",
            "way": way,
            "lines": lines[way],
            "rounds": ROUNDS,
            "median_s": median(took[way]),
            "fastest_s": min(took[way]),
            "slowest_s": max(took[way]),
            "added_percent": 100 * (median(took[way]) - bare) / bare,
        }
        for way in ways
    ]
    print(table(rows))
    today = datetime.now(UTC).date().isoformat()
    keep("provider-layer", rows, json_file or RESULTS / f"provider-layer-{today}.json")
    return 0


def _bare(base_url: str, recording: Recording) -> int:
    """Transcribe as the SDK's own documentation does; return the number of utterances."""
    import assemblyai

    settings = assemblyai.types.Settings(
        api_key=KEY, base_url=base_url, polling_interval=LOOK_EVERY_S
    )
    client = assemblyai.Client(settings=settings)
    config = assemblyai.TranscriptionConfig(
        language_code="en", speaker_labels=True, disfluencies=True
    )
    with recording.open_source() as sound:
        made = assemblyai.Transcriber(client=client).transcribe(sound, config)
    client.http_client.close()
    return len(made.utterances or ())


def _ours(base_url: str, recording: Recording) -> int:
    access = AssemblyAIAccess(key=KEY, base_url=base_url)
    provider = AssemblyAIProvider(access, pace=Pace(pauses_s=(LOOK_EVERY_S,)))
    made = provider.transcribe(recording, ProcessingOptions(language="en"), RunContext())
    return len(made.utterances)


def _recording() -> Recording:
    samples = np.random.default_rng(5).standard_normal((SECONDS * 16_000, 1)) * 0.1
    pcm = ArrayPcm(samples.astype(np.float32))
    facts = AudioFacts(
        duration_ms=SECONDS * 1000,
        channels=1,
        sample_rate=16_000,
        codec="pcm_s16le",
        container="wav",
    )
    return Recording(
        facts=facts,
        layout=ChannelLayout.MIXED,
        pcm=pcm,
        open_source=lambda: io.BufferedReader(WavStream(pcm)),
    )
