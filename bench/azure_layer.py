"""What our layer adds to Azure's Speech SDK: the same call, service and pace for both.

``partyline bench azure-layer``. An emulated service hears a minute of sound, streamed at the SDK's
own pace (twice real time) and, to see what is left when nothing waits, at a hundred times that. The
bare SDK is used as Microsoft's samples do. They take turns; medians count.
"""

import io
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.results import RESULTS, keep, table
from emulators.azure_speech.websocket import AzureSpeechEmulator
from services.audio.pcm import ArrayPcm
from services.audio.recording import ChannelLayout, Recording
from services.domain.calls import AudioFacts, ProcessingOptions
from services.domain.running import RunContext
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.provider import AzureSpeechProvider
from services.providers.azure_speech.streaming import pcm_of

SECONDS = 60
KEY = "bench"
PACES = ((None, 3), (100, 9))
"""How much faster than real time, None for the SDK's own, and how many rounds."""


def measure(json_file: Path | None) -> int:
    """Measure, print a table, and write it; the exit status.

    Without ``json_file`` the figures are kept beside this script, under today's date.
    """
    recording = _recording()
    rows: list[dict[str, Any]] = []
    with AzureSpeechEmulator(key=KEY) as emulator:
        for speed, rounds in PACES:
            rows += _compared(emulator.host, recording, speed, rounds)
    print(table(rows))
    today = datetime.now(UTC).date().isoformat()
    keep("azure-layer", rows, json_file or RESULTS / f"azure-layer-{today}.json")
    return 0


def _compared(
    host: str, recording: Recording, speed: int | None, rounds: int
) -> list[dict[str, Any]]:
    ways: dict[str, Callable[[], int]] = {
        "bare SDK": lambda: _bare(host, recording, speed),
        "provider": lambda: _ours(host, recording, speed),
    }
    took: dict[str, list[float]] = {way: [] for way in ways}
    lines: dict[str, int] = {}
    for _ in range(rounds):
        for way, work in ways.items():
            began = time.perf_counter()
            lines[way] = work()
            took[way].append(time.perf_counter() - began)
    bare = median(took["bare SDK"])
    return [
        {
            "service": "azure conversation",
            "times_real_time": speed or "the SDK's own",
            "way": way,
            "lines": lines[way],
            "rounds": rounds,
            "median_s": median(took[way]),
            "fastest_s": min(took[way]),
            "slowest_s": max(took[way]),
            "added_percent": 100 * (median(took[way]) - bare) / bare,
        }
        for way in ways
    ]


def _bare(host: str, recording: Recording, speed: int | None) -> int:
    """Transcribe as the SDK's samples do; return the number of lines."""
    import azure.cognitiveservices.speech as sdk

    config = sdk.SpeechConfig(host=host, subscription=KEY)
    config.speech_recognition_language = "en-US"
    config.output_format = sdk.OutputFormat.Detailed
    config.request_word_level_timestamps()
    if speed:
        config.set_property_by_name("SPEECH-AudioThrottleAsPercentageOfRealTime", str(speed * 100))
    stream = sdk.audio.PushAudioInputStream(sdk.audio.AudioStreamFormat(16_000, 16, 1))
    transcriber = sdk.transcription.ConversationTranscriber(
        config, sdk.audio.AudioConfig(stream=stream)
    )
    lines: list[str] = []
    stopped = threading.Event()
    transcriber.transcribed.connect(lambda told: lines.append(told.result.text))
    transcriber.session_stopped.connect(lambda _told: stopped.set())
    transcriber.start_transcribing_async().get()
    stream.write(pcm_of(recording, 0, recording.duration_ms))
    stream.close()
    stopped.wait()
    transcriber.stop_transcribing_async().get()
    transcriber.transcribed.disconnect_all()
    transcriber.session_stopped.disconnect_all()
    return len([line for line in lines if line])


def _ours(host: str, recording: Recording, speed: int | None) -> int:
    given = (("speed", str(speed)),) if speed else ()
    options = ProcessingOptions(language="en", provider_options=given)
    provider = AzureSpeechProvider(AzureAccess(key=KEY, host=host))
    return len(provider.transcribe(recording, options, RunContext()).utterances)


def _recording() -> Recording:
    samples = np.random.default_rng(5).standard_normal((SECONDS * 16_000, 1)) * 0.1
    facts = AudioFacts(
        duration_ms=SECONDS * 1000, channels=1, sample_rate=16_000, codec="pcm", container="wav"
    )
    return Recording(
        facts=facts,
        layout=ChannelLayout.MIXED,
        pcm=ArrayPcm(samples.astype(np.float32)),
        open_source=lambda: io.BytesIO(),
    )
