"""The microphones of this machine, by PyAudio; opened only while they are listened to."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Self

from services.audio.recording import FRAMES_PER_MS, SAMPLE_RATE
from services.domain.errors import MicrophoneLost, NoMicrophone

CHUNK_MS = 50
NO_DEVICE = "No device for sound input was found."


@dataclass(frozen=True, kw_only=True)
class InputDevice:
    """A device for sound input. ``number`` is PyAudio's, and holds until one comes or goes."""

    number: int
    name: str
    is_default: bool = False


def devices() -> list[InputDevice]:
    """Return the devices that can be listened to, the usual one first. Raises NoMicrophone."""
    with _sound_system() as (audio, _):
        try:
            default = audio.get_default_input_device_info()["index"]
        except (OSError, ValueError):
            default = None
        known = [audio.get_device_info_by_index(n) for n in range(audio.get_device_count())]
    found = [
        InputDevice(
            number=int(one["index"]), name=str(one["name"]), is_default=one["index"] == default
        )
        for one in known
        if one["maxInputChannels"] > 0
    ]
    if not found:
        raise NoMicrophone(NO_DEVICE)
    return sorted(found, key=lambda one: not one.is_default)


@contextmanager
def microphone(device: int | None = None) -> Iterator[Iterator[bytes]]:
    """Open a device and give its sound in chunks of 50 ms: 16 kHz, 16 bit, one channel.

    None is the usual device. It listens from the first chunk that is asked for, without an end.
    Raises NoMicrophone; the chunks raise MicrophoneLost.
    """
    with _sound_system() as (audio, sample_format):
        stream = _open(audio, sample_format, device)
        try:
            yield _chunks(stream)
        finally:
            stream.close()


class OpenMicrophone(Iterator[bytes]):
    """The chunks of a microphone that is open until it is closed, in whatever thread."""

    def __init__(self, device: int | None = None) -> None:
        """Open it. Raises NoMicrophone."""
        self._open = ExitStack()
        self._chunks = self._open.enter_context(microphone(device))

    def __iter__(self) -> Self:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next chunk. Raises MicrophoneLost."""
        return next(self._chunks)

    def close(self) -> None:
        """Let go of the device; safe to call twice."""
        self._open.close()


@contextmanager
def _sound_system() -> Iterator[tuple[Any, Any]]:
    """Give PyAudio and its word for samples of 16 bit. Raises NoMicrophone."""
    try:
        import pyaudio
    except ImportError:
        raise NoMicrophone("PyAudio is not installed here.") from None
    with _native_noise_off():
        audio = pyaudio.PyAudio()
    try:
        yield audio, pyaudio.paInt16
    finally:
        audio.terminate()


def _open(audio: Any, sample_format: int, device: int | None) -> Any:
    try:
        with _native_noise_off():
            if device is None:
                audio.get_default_input_device_info()
            return audio.open(
                format=sample_format,
                channels=1,
                rate=SAMPLE_RATE,
                input=True,
                input_device_index=device,
                frames_per_buffer=CHUNK_MS * FRAMES_PER_MS,
                start=False,
            )
    except (OSError, ValueError):
        raise NoMicrophone(NO_DEVICE) from None


def _chunks(stream: Any) -> Iterator[bytes]:
    try:
        stream.start_stream()
        while True:
            yield stream.read(CHUNK_MS * FRAMES_PER_MS, exception_on_overflow=False)
    except OSError:
        raise MicrophoneLost from None


@contextmanager
def _native_noise_off() -> Iterator[None]:
    """Keep what the libraries of the sound system write out of standard error."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
