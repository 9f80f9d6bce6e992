"""The emulator of Azure's HTTP services: what it answers, refuses, counts, and how it stops."""

import io
import json
import threading
import wave

import numpy as np
import pytest
import requests

from emulators.azure_speech.http_script import Behaviour, SpokenLine, default_call
from emulators.azure_speech.http_server import (
    KEY_HEADER,
    SIGN,
    TOKEN,
    TRANSCRIBE,
    AzureHttpEmulator,
)
from tests.threads import no_thread_left

URL = f"{TRANSCRIBE}?api-version=2025-10-15"


def wav(seconds: float = 10, *, rate: int = 16_000, channels: int = 1, level: float = 0.3) -> bytes:
    at = np.arange(round(seconds * rate)) / rate
    sound = (level * 32_767 * np.sin(2 * np.pi * 300 * at)).astype("<i2")
    sink = io.BytesIO()
    with wave.open(sink, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", "none"))
        file.writeframes(np.repeat(sound, channels).tobytes())
    return sink.getvalue()


def post(emulator, path, *, key="k", **given):
    headers = {KEY_HEADER: key} if key else {}
    with requests.Session() as session:
        session.trust_env = False
        return session.post(
            emulator.endpoint + path,
            headers=headers | given.pop("headers", {}),
            timeout=10,
            allow_redirects=False,
            **given,
        )


def transcribe(emulator, definition=None, audio=None, **given):
    files = {
        "audio": ("call.wav", wav() if audio is None else audio, "audio/wav"),
        "definition": (None, json.dumps(definition or {}), "application/json"),
    }
    return post(emulator, given.pop("path", URL), files=files, **given)


def test_a_call_is_spread_over_the_sound():
    with AzureHttpEmulator() as emulator:
        answer = transcribe(emulator, {"diarization": {"maxSpeakers": 2}}, wav(30)).json()
        assert answer["durationMilliseconds"] == 30_000
        assert {phrase["speaker"] for phrase in answer["phrases"]} == {1, 2}
        assert answer["phrases"][-1]["offsetMilliseconds"] > 20_000
        assert answer["combinedPhrases"][0]["text"].startswith("Thank you for calling")
        [seen] = emulator.requests
        assert seen.definition == {"diarization": {"maxSpeakers": 2}}
        assert seen.audio == wav(30)
        assert (emulator.connections, emulator.count(TRANSCRIBE)) == (1, 1)


def test_channels_are_told_apart_and_can_be_left_out():
    with AzureHttpEmulator() as emulator:
        answer = transcribe(emulator, {"channels": [0, 1]}, wav(30, channels=2)).json()
        assert {phrase["channel"] for phrase in answer["phrases"]} == {0, 1}
        assert [one["channel"] for one in answer["combinedPhrases"]] == [0, 1]
        one = transcribe(emulator, {"channels": [1]}, wav(30, channels=2)).json()
        assert {phrase["channel"] for phrase in one["phrases"]} == {1}


def test_nothing_is_heard_in_silence_nor_after_the_end():
    line = SpokenLine(text="Late words.", voice=0, start_ms=60_000, end_ms=61_000)
    with AzureHttpEmulator(lines=[line]) as emulator:
        assert transcribe(emulator).json()["phrases"] == []
    with AzureHttpEmulator() as emulator:
        assert transcribe(emulator, None, wav(level=0.0)).json()["phrases"] == []


def test_a_short_sound_is_a_short_call():
    assert default_call(300) == []
    assert [line.end_ms for line in default_call(1_000)] == [1_000]


@pytest.mark.parametrize(
    ("definition", "status"),
    [
        ({"locales": ["english"]}, 400),
        ({"locales": ["en-US"], "profanity": "Masked"}, 400),
        ({"profanityFilterMode": "masked"}, 400),
        ({"diarization": {"maxSpeakers": 1}}, 400),
        ({"diarization": {"maxSpeakers": 36}}, 400),
        ({"diarization": {"maxSpeakers": 2}, "channels": [0, 1]}, 400),
        ({"channels": [0, 1]}, 400),
        ({"channels": [2]}, 400),
        ({"locales": ["en-US", "es-ES"], "phraseList": {"phrases": ["x"]}}, 200),
    ],
)
def test_what_the_service_would_refuse_is_refused(definition, status):
    with AzureHttpEmulator() as emulator:
        assert transcribe(emulator, definition).status_code == status


def test_keys_versions_and_files_are_looked_at():
    with AzureHttpEmulator(key="right") as emulator:
        assert transcribe(emulator, key=None).status_code == 401
        assert transcribe(emulator, key="wrong").status_code == 401
        bearer = {"Authorization": "Bearer right"}
        assert transcribe(emulator, key=None, headers=bearer).status_code == 200
        assert transcribe(emulator, key="right", path=TRANSCRIBE).status_code == 400
        old = f"{TRANSCRIBE}?api-version=2019-01-01"
        assert transcribe(emulator, key="right", path=old).status_code == 400
        assert transcribe(emulator, audio=b"no sound", key="right").status_code == 422
        assert transcribe(emulator, audio=b"", key="right").status_code == 400
        assert post(emulator, URL, key="right", data=b"{}").status_code == 415
        assert post(emulator, "/elsewhere", key="right", data=b"").status_code == 404
        assert post(emulator, TOKEN, key="right", data=b"").text


@pytest.mark.parametrize(
    ("sample", "status"),
    [
        (wav(30), 200),
        (wav(30, rate=8_000), 400),
        (wav(30, channels=2), 400),
        (wav(1), 400),
        (b"RIFF0000WAVE", 400),
        (b"fLaC", 400),
    ],
)
def test_signatures_are_made_of_right_wav_files_only(sample, status):
    with AzureHttpEmulator() as emulator:
        answer = post(emulator, SIGN, data=sample)
        assert answer.status_code == status
        if status == 200:
            assert set(answer.json()["Signature"]) == {"Version", "Tag", "Data"}


def test_the_script_is_followed_and_its_last_behaviour_stays():
    with AzureHttpEmulator(Behaviour.BUSY_FOR_A_WHILE, Behaviour.GOOD, wait_s=2) as emulator:
        busy = transcribe(emulator)
        assert (busy.status_code, busy.headers["Retry-After"]) == (429, "2")
        assert [transcribe(emulator).status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("behaviour", [Behaviour.CUT_OFF, Behaviour.DROPPED])
def test_connections_can_be_lost(behaviour):
    with AzureHttpEmulator(behaviour, Behaviour.GOOD) as emulator:
        with pytest.raises(requests.RequestException):
            transcribe(emulator)
        assert transcribe(emulator).status_code == 200


@pytest.mark.parametrize(("behaviour", "delay_s"), [(Behaviour.SLOW, 0.0), (Behaviour.GOOD, 60.0)])
def test_stopping_ends_slow_answers_and_idle_connections(behaviour, delay_s):
    failed = []
    with (
        no_thread_left(),
        requests.Session() as idle,
        AzureHttpEmulator(Behaviour.GOOD, behaviour, delay_s=delay_s) as emulator,
    ):
        idle.trust_env = False
        idle.post(emulator.endpoint + TOKEN, headers={KEY_HEADER: "k"}, data=b"", timeout=10)
        emulator.arrived.clear()

        def wait() -> None:
            try:
                transcribe(emulator)
            except requests.RequestException as error:
                failed.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert emulator.arrived.wait(5)
    waiting.join(5)
    assert failed
