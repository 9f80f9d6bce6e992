"""The microphone, with a stand-in for PyAudio: this machine has no device."""

import sys
from types import SimpleNamespace

import pytest

from services.audio.microphone import microphone
from services.domain.errors import MicrophoneLost, NoMicrophone


class FakeStream:
    def __init__(self, chunks):
        self._chunks = iter(chunks)
        self.started = self.closed = False

    def start_stream(self):
        self.started = True

    def read(self, frames, exception_on_overflow):
        assert self.started
        assert (frames, exception_on_overflow) == (800, False)
        try:
            return next(self._chunks)
        except StopIteration:
            raise OSError(-9988, "Stream closed") from None

    def close(self):
        self.closed = True


class FakeAudio:
    """What ``pyaudio.PyAudio()`` returns."""

    def __init__(self, chunks=(), device=True, opens=True):
        self.stream = FakeStream(chunks)
        self.terminated = False
        self._device, self._opens = device, opens

    def get_default_input_device_info(self):
        if not self._device:
            raise OSError("No Default Input Device Available")
        return {"index": 0}

    def open(self, **how):
        if not self._opens:
            raise OSError(-9997, "Invalid sample rate")
        assert how["rate"] == 16_000
        assert how["channels"] == 1
        assert how["start"] is False
        return self.stream

    def terminate(self):
        self.terminated = True


@pytest.fixture
def install(monkeypatch):
    def put(audio):
        module = SimpleNamespace(PyAudio=lambda: audio, paInt16=8)
        monkeypatch.setitem(sys.modules, "pyaudio", module)
        return audio

    return put


def test_it_gives_chunks_and_is_closed_afterwards(install):
    audio = install(FakeAudio([b"a" * 1_600, b"b" * 1_600]))
    with microphone() as chunks:
        assert not audio.stream.started, "nobody listens yet"
        assert next(chunks) == b"a" * 1_600
    assert audio.stream.closed
    assert audio.terminated


def test_a_device_that_goes_away_is_told(install):
    audio = install(FakeAudio([b"a" * 1_600]))
    with pytest.raises(MicrophoneLost), microphone() as chunks:
        list(chunks)
    assert audio.stream.closed
    assert audio.terminated


@pytest.mark.parametrize("audio", [FakeAudio(device=False), FakeAudio(opens=False)])
def test_no_device_is_one_clear_sentence(install, audio):
    install(audio)
    with pytest.raises(NoMicrophone, match=r"No device for sound input was found\."), microphone():
        pass
    assert audio.terminated


def test_without_pyaudio_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    with pytest.raises(NoMicrophone, match="PyAudio is not installed"), microphone():
        pass
