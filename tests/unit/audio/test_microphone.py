"""The microphone, with a stand-in for PyAudio: this machine has no device."""

import sys
from types import SimpleNamespace

import pytest

from services.audio.microphone import OpenMicrophone, devices, microphone
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
        self.asked_for = how["input_device_index"]
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


class ListedAudio(FakeAudio):
    """A machine with a loudspeaker and two microphones."""

    def get_default_input_device_info(self):
        super().get_default_input_device_info()
        return {"index": 2}

    def get_device_count(self):
        return 3

    def get_device_info_by_index(self, number):
        name = ("Loudspeaker", "Webcam", "Headset")[number]
        return {"index": number, "name": name, "maxInputChannels": int(number > 0)}


def test_devices_are_those_that_hear_the_usual_one_first(install):
    audio = install(ListedAudio())
    assert [(one.number, one.name, one.is_default) for one in devices()] == [
        (2, "Headset", True),
        (1, "Webcam", False),
    ]
    assert audio.terminated


def test_without_a_usual_device_the_others_are_listed(install):
    install(ListedAudio(device=False))
    assert [one.is_default for one in devices()] == [False, False]


def test_no_devices_are_one_clear_sentence(install, monkeypatch):
    monkeypatch.setattr(ListedAudio, "get_device_count", lambda self: 1)
    audio = install(ListedAudio())
    with pytest.raises(NoMicrophone, match="No device for sound input was found"):
        devices()
    assert audio.terminated


def test_a_chosen_device_is_opened_and_let_go(install):
    audio = install(FakeAudio([b"a" * 1_600]))
    opened = OpenMicrophone(1)
    assert audio.asked_for == 1
    assert next(opened) == b"a" * 1_600
    opened.close()
    opened.close()
    assert audio.stream.closed
    assert audio.terminated


def test_one_that_was_never_listened_to_is_let_go_too(install):
    audio = install(FakeAudio([b"a" * 1_600]))
    OpenMicrophone().close()
    assert audio.stream.closed
    assert audio.terminated
