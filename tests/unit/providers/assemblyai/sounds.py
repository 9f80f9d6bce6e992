"""Short recordings, and providers that ask an emulated service in a hurry."""

import io

import numpy as np

from emulators.assemblyai.http import AssemblyAIEmulator
from services.audio.pcm import ArrayPcm
from services.audio.recording import ChannelLayout, Recording
from services.audio.wav import WavStream
from services.domain.calls import AudioFacts
from services.providers.assemblyai.access import AssemblyAIAccess
from services.providers.assemblyai.provider import AssemblyAIProvider
from services.providers.assemblyai.recorded import Pace

KEY = "a-very-secret-key"
HURRY = Pace(pauses_s=(0.02,), notice_s=0.02, without_notice_s=30.0, slice_s=0.02, timeout_s=5.0)


def recording(
    seconds: float = 20, channels: int = 1, *, separate: bool = False, container: str = "wav"
) -> Recording:
    """Return a recording of noise; its source is a WAV file of it."""
    frames = round(seconds * 16_000)
    rng = np.random.default_rng(5)
    pcm = ArrayPcm((rng.standard_normal((frames, channels)) * 0.1).astype(np.float32))
    return Recording(
        facts=AudioFacts(
            duration_ms=round(seconds * 1000),
            channels=channels,
            sample_rate=16_000,
            codec="pcm_s16le",
            container=container,
        ),
        layout=ChannelLayout.SEPARATE if separate else ChannelLayout.MIXED,
        pcm=pcm,
        open_source=lambda: io.BufferedReader(WavStream(pcm)),
    )


def provider(emulator: AssemblyAIEmulator, key: str | None = KEY, **more) -> AssemblyAIProvider:
    """Return a provider that asks this emulator."""
    access = AssemblyAIAccess(key=key, base_url=emulator.base_url)
    return AssemblyAIProvider(access, **{"pace": HURRY, **more})
