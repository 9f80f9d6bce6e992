"""Recordings to stream, and providers that stream them fast to an emulator."""

from collections.abc import Sequence

import numpy as np

from emulators.azure_speech.websocket import AzureSpeechEmulator
from emulators.azure_speech.websocket_script import Line
from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions
from services.domain.speech import Transcript
from services.domain.voices import VoiceSignature
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.provider import AzureSpeechProvider
from services.providers.azure_speech.streaming import pcm_of
from tests.unit.providers.azure_speech.sounds import KEY, recording_of

OPTIONS = ProcessingOptions(language="en", provider_options=(("speed", "50"),))

CALL = (
    Line(text="Good morning, this is Anna.", start_ms=500, end_ms=2_500, speaker="Guest-1"),
    Line(text="Hello, my bill is wrong.", start_ms=3_000, end_ms=5_500, speaker="Guest-2"),
    Line(text="Let me have a look at it.", start_ms=6_000, end_ms=9_000, speaker="Guest-1"),
    Line(text="Please do.", start_ms=9_400, end_ms=10_500, speaker="Guest-2"),
    Line(text="I can give you $12 back.", start_ms=11_000, end_ms=14_000, speaker="Guest-1"),
    Line(text="That is great, thank you.", start_ms=14_500, end_ms=17_000, speaker="Guest-2"),
    Line(text="Goodbye.", start_ms=18_000, end_ms=19_000, speaker="Guest-1"),
)
TWO_CHANNELS = tuple(
    Line(text=c.text, start_ms=c.start_ms, end_ms=c.end_ms, channel=n % 2)
    for n, c in enumerate(CALL)
)


def noise(seconds: float = 20, channels: int = 1) -> np.ndarray:
    """Return sound in which every place is unlike every other, float32, shape [n, channels]."""
    whole = np.random.default_rng(7).integers(-3000, 3000, (round(seconds * 16_000), channels))
    return (whole / 32768).astype(np.float32)


def call(*, separate: bool = False, seconds: float = 20) -> Recording:
    """Return a recording of 20 seconds."""
    return recording_of(noise(seconds, 2 if separate else 1), separate=separate)


def sound_of(recording: Recording) -> bytes:
    """Return a recording as it is streamed."""
    return pcm_of(recording, 0, recording.duration_ms)


def emulator_of(recording: Recording, *script, lines: Sequence[Line] = CALL, **more):
    """Return an emulator that knows what is said where in a recording."""
    return AzureSpeechEmulator(*script, lines=lines, sound=sound_of(recording), key=KEY, **more)


def provider_of(emulator: AzureSpeechEmulator, *voices: VoiceSignature, patience_s: float = 15):
    """Return a provider that reaches the emulator."""
    return AzureSpeechProvider(
        AzureAccess(key=KEY, host=emulator.host),
        participants=lambda _org_id: voices,
        patience_s=patience_s,
    )


def texts(transcript: Transcript) -> list[tuple[int, int, str]]:
    """Return what was said where."""
    return [(u.start_ms, u.end_ms, u.text) for u in transcript.utterances]


def said(lines: Sequence[Line]) -> list[tuple[int, int, str]]:
    """Return what the emulator says where."""
    return [(line.start_ms, line.end_ms, line.text) for line in lines]


def nobody_waits(_seconds: float) -> None:
    """Stand in for sleeping between attempts."""
