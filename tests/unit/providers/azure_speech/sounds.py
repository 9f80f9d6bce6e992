"""Recordings, options and a context for the tests beside this page."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from services.audio.channels import examine_channels
from services.audio.decode import decode
from services.audio.pcm import ArrayPcm, FilePcm
from services.audio.recording import ChannelLayout, Recording
from services.audio.wav import WavStream
from services.domain.calls import AudioFacts, ProcessingOptions
from services.domain.running import RunContext
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.capabilities import capabilities_of
from services.providers.capabilities import OptionValues

DEMO = Path(__file__).parents[4] / "demo"
KEY = "a-key-that-nobody-may-see"


def tones(seconds: float = 20, channels: int = 1) -> np.ndarray:
    """Return a tone a channel, float32, shape [n, channels]."""
    at = np.arange(round(seconds * 16_000))[:, None] / 16_000
    return (0.3 * np.sin(2 * np.pi * 220.0 * at * (1 + np.arange(channels)))).astype(np.float32)


def recording_of(
    samples: np.ndarray,
    *,
    separate: bool = False,
    container: str = "matroska,webm",
    codec: str = "opus",
    source: Callable[[], BinaryIO] | None = None,
    findings: tuple = (),
) -> Recording:
    """Return decoded sound whose uploaded file is of a kind the service isn't sent."""
    pcm = ArrayPcm(samples)
    facts = AudioFacts(
        duration_ms=pcm.frames // 16,
        channels=pcm.channels,
        sample_rate=16_000,
        codec=codec,
        container=container,
        findings=findings,
    )
    layout = ChannelLayout.SEPARATE if separate else ChannelLayout.MIXED
    wav = WavStream(pcm).read()
    return Recording(
        facts=facts, layout=layout, pcm=pcm, open_source=source or (lambda: io.BytesIO(wav))
    )


def demo_recording(pattern: str) -> Recording:
    """Return a demo call, decoded."""
    (file,) = DEMO.glob(pattern)
    sink = io.BytesIO()
    with file.open("rb") as source:
        decoded = decode(source, sink, RunContext(), max_duration_ms=600_000)
    pcm = FilePcm(sink, channels=decoded.channels, frames=decoded.frames)
    layout, findings = examine_channels(pcm)
    facts = replace(decoded.facts, findings=(*decoded.facts.findings, *findings))
    return Recording(facts=facts, layout=layout, pcm=pcm, open_source=lambda: file.open("rb"))


def access(endpoint: str) -> AzureAccess:
    """Return access to an emulator."""
    return AzureAccess(key=KEY, endpoint=endpoint)


def values_of(options: ProcessingOptions) -> OptionValues:
    """Return a run's values of the provider's options."""
    return OptionValues(capabilities_of(access("http://127.0.0.1:9")), options)
