"""With notices the service tells when it is done, and is asked only then, or now and then."""

import http.server
import json
import threading
import time
from dataclasses import replace

import pytest

from emulators.assemblyai.http import AssemblyAIEmulator
from emulators.assemblyai.http_requests import Failure, Place
from services.domain.calls import ProcessingOptions
from services.domain.errors import ProviderRejected
from services.domain.running import RunContext
from services.providers.notices import Expected
from tests.unit.providers.assemblyai.sounds import HURRY, provider, recording

OPTIONS = ProcessingOptions(language="en")


class Letterbox:
    """Notices kept in memory, with the address at which they arrive."""

    def __init__(self) -> None:
        self.expected: dict[str, str] = {}
        self.here: set[str] = set()
        self.forgotten: list[str] = []
        self.statuses = [204]
        box = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                token = self.path.rpartition("/")[2]
                status = box.statuses.pop(0) if len(box.statuses) > 1 else box.statuses[0]
                if self.headers["X-Secret"] == box.expected.get(token) and status < 300:
                    assert body["status"] in {"completed", "error"}
                    box.here.add(token)
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def expect(self) -> Expected:
        token = f"t{len(self.expected) + 1}"
        self.expected[token] = f"secret of {token}"
        return Expected(
            token=token,
            url=f"http://127.0.0.1:{self._server.server_port}/webhooks/{token}",
            header="X-Secret",
            secret=self.expected[token],
        )

    def arrived(self, token: str) -> bool:
        return token in self.here

    def forget(self, token: str) -> None:
        self.forgotten.append(token)


def transcribe(emulator, box, **more):
    return provider(emulator, notices=box, **more).transcribe(
        recording(6), OPTIONS, RunContext(), sleep=lambda _: None
    )


def test_one_look_is_enough_however_long_it_takes():
    with Letterbox() as box, AssemblyAIEmulator(processing_s=0.4) as emulator:
        assert transcribe(emulator, box).utterances
        assert emulator.count(Place.POLL) == 1
        assert box.here == {"t1"}
        assert box.forgotten == ["t1"]
        asked = emulator.asked()
        assert asked["webhook_auth_header_name"] == "X-Secret"
        assert asked["webhook_auth_header_value"] == "secret of t1"


def test_a_notice_is_sent_again_to_who_was_not_well():
    with Letterbox() as box, AssemblyAIEmulator(webhook_pause_s=0.05) as emulator:
        box.statuses = [500, 503, 204]
        assert transcribe(emulator, box).utterances
        # The answer to the last one is noted a moment after it has been given.
        until = time.monotonic() + 10
        while len(emulator.webhooks) < 3 and time.monotonic() < until:
            time.sleep(0.01)
        assert [sent.status for sent in emulator.webhooks] == [500, 503, 204]


def test_a_notice_that_never_comes_is_not_waited_for_for_ever():
    with Letterbox() as box, AssemblyAIEmulator() as emulator:
        box.statuses = [404]
        now_and_then = replace(HURRY, without_notice_s=0.5)
        assert transcribe(emulator, box, pace=now_and_then).utterances
        assert emulator.count(Place.POLL) >= 1
        assert box.forgotten == ["t1"]


def test_what_ends_in_an_error_is_told_too():
    with Letterbox() as box, AssemblyAIEmulator(job_errors=["Transcoding failed"]) as emulator:
        with pytest.raises(ProviderRejected):
            transcribe(emulator, box)
        assert box.forgotten == ["t1"]


def test_every_request_has_a_notice_of_its_own():
    with Letterbox() as box, AssemblyAIEmulator(job_errors=["Server error"]) as emulator:
        assert transcribe(emulator, box).utterances
        assert list(box.expected) == ["t1", "t2"]
        assert sorted(box.forgotten) == ["t1", "t2"]


def test_a_run_that_goes_on_waits_for_the_same_notice():
    class Killed(BaseException):
        pass

    class Dying(RunContext):
        def report(self, stage, fraction):
            if fraction >= 0.5:
                raise Killed

    kept = {}
    with Letterbox() as box, AssemblyAIEmulator(processing_s=0.3) as emulator:
        with pytest.raises(Killed):
            provider(emulator, notices=box).transcribe(
                recording(6), OPTIONS, Dying(checkpoints=kept)
            )
        context = RunContext(checkpoints=kept)
        assert provider(emulator, notices=box).transcribe(recording(6), OPTIONS, context).utterances
        assert list(box.expected) == ["t1"]
        assert emulator.count(Place.CREATE) == emulator.count(Place.POLL) == 1


def test_a_failed_look_after_the_notice_is_made_again():
    with (
        Letterbox() as box,
        AssemblyAIEmulator(failures={Place.POLL: [Failure.FAULT]}) as emulator,
    ):
        assert transcribe(emulator, box).utterances
        assert emulator.count(Place.POLL) == 2


def test_a_secret_is_not_written_anywhere():
    expected = Expected(token="t", url="http://x", header="X", secret="tell-nobody")
    assert "tell-nobody" not in repr(expected)
