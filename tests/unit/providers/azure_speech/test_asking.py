"""Requests leave nothing behind, however many there are and however they end."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulators.azure_speech.http_script import Behaviour
from emulators.azure_speech.http_server import TOKEN, AzureHttpEmulator
from services.domain.calls import ProcessingOptions
from services.domain.errors import PartylineError, ProviderUnavailable
from services.domain.running import RunContext
from services.providers.azure_speech import asking
from services.providers.azure_speech.asking import ask, posted
from services.providers.azure_speech.fast import transcribe_fast
from tests.threads import no_thread_left
from tests.unit.providers.azure_speech.sounds import access, recording_of, tones, values_of

OPTIONS = ProcessingOptions(language="en")
AT_ONCE, IN_A_ROW = 20, 60


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def one(endpoint: str, number: int) -> str:
    """Transcribe; every third request is cancelled while it is under way."""
    looks = []

    def is_cancelled() -> bool:
        looks.append(1)
        return number % 3 == 2 and len(looks) > 2

    context = RunContext(is_cancelled=is_cancelled)
    try:
        transcribe_fast(
            access(endpoint), recording_of(tones(2)), OPTIONS, values_of(OPTIONS), context
        )
    except PartylineError as error:
        return error.code
    return "done"


def test_many_at_once_and_in_a_row_leave_neither_threads_nor_sockets():
    script = [Behaviour.GOOD, Behaviour.DROPPED, Behaviour.BUSY, Behaviour.CUT_OFF] * 15
    with AzureHttpEmulator() as emulator:
        one(emulator.endpoint, 0)
    files = open_files()
    with (
        no_thread_left(),
        AzureHttpEmulator(*script, Behaviour.GOOD) as emulator,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        outcomes = list(pool.map(lambda n: one(emulator.endpoint, n), range(IN_A_ROW)))
        assert set(outcomes) <= {"done", "ProviderUnavailable", "ProviderBusy", "Cancelled"}
        assert len(set(outcomes)) == 4
    # What earlier tests left may be let go of meanwhile.
    assert open_files() <= files


def test_what_watches_may_end_a_request_with_anything():
    class Killed(BaseException):
        pass

    def watch(_gone_s: float) -> None:
        raise Killed

    with AzureHttpEmulator(Behaviour.SLOW) as emulator:
        with pytest.raises(Killed):
            ask(
                emulator.endpoint,
                lambda session: session.post(
                    emulator.endpoint + TOKEN, headers={"Ocp-Apim-Subscription-Key": "k"}
                ),
                timeout_s=20,
                watch=watch,
            )
        assert not any(t.name == "azure-request" for t in threading.enumerate())


def test_environment_proxies_are_not_asked_about_this_machine(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with AzureHttpEmulator() as emulator:
        token = posted(emulator.endpoint, TOKEN, "k", b"", "text/plain", timeout_s=5)
    assert token.startswith(b"emulated")


def test_an_answer_that_is_too_large_is_not_read(monkeypatch):
    monkeypatch.setattr(asking, "MOST_ANSWER_BYTES", 10)
    with AzureHttpEmulator() as emulator, pytest.raises(ProviderUnavailable):
        posted(emulator.endpoint, TOKEN, "k", b"", "text/plain", timeout_s=5)
