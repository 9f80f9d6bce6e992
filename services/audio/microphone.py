"""The microphone of this machine, by PyAudio; opened only while it is listened to."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from services.audio.recording import FRAMES_PER_MS, SAMPLE_RATE
from services.domain.errors import MicrophoneLost, NoMicrophone

CHUNK_MS = 50


@contextmanager
def microphone() -> Iterator[Iterator[bytes]]:
    """Open the default input and give its sound in chunks of 50 ms: 16 kHz, 16 bit, one channel.

    It listens from the first chunk that is asked for, without an end. Raises NoMicrophone; the
    chunks raise MicrophoneLost.
    """
    try:
        import pyaudio
    except ImportError:
        raise NoMicrophone("PyAudio is not installed here.") from None
    with _native_noise_off():
        audio = pyaudio.PyAudio()
    try:
        stream = _open(audio, pyaudio.paInt16)
        try:
            yield _chunks(stream)
        finally:
            stream.close()
    finally:
        audio.terminate()


def _open(audio: Any, sample_format: int) -> Any:
    try:
        with _native_noise_off():
            audio.get_default_input_device_info()
            return audio.open(
                format=sample_format,
                channels=1,
                rate=SAMPLE_RATE,
                input=True,
                frames_per_buffer=CHUNK_MS * FRAMES_PER_MS,
                start=False,
            )
    except (OSError, ValueError):
        raise NoMicrophone("No device for sound input was found.") from None


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
