"""Attacked servers for the whole run, in processes of their own, reached by real sockets."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
START_WITHIN_S = 90
PUBLIC = "https://calls.example"
API_TOKEN = "an-api-token-of-forty-characters-and-more"
TWILIO_TOKEN = "a-token-of-twilio"
AUDIOHOOK_KEY, AUDIOHOOK_SECRET = "a-key", "YS1jbGllbnQtc2VjcmV0LW9mLWF1ZGlvaG9vaw=="
MOST_UPLOAD_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Attacked:
    """A running server. ``tokens``, ``expired`` and ``strangers`` are by purpose."""

    port: int
    pid: int
    call: str
    tokens: Mapping[str, str]
    expired: Mapping[str, str]
    strangers: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://localhost:{self.port}"

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    def raw(self, sent: bytes, *, within_s: float = 20.0, shuts: bool = False) -> bytes:
        """Send bytes as they are and return what comes until the server closes, or time is up."""
        read = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=within_s) as connection:
            try:
                connection.sendall(sent)
                if shuts:
                    connection.shutdown(socket.SHUT_WR)
                while block := connection.recv(65_536):
                    read += block
            except OSError:
                pass
        return read

    def resident_kb(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def descriptors(self) -> int:
        place = f"/proc/{self.pid}/fd"
        try:
            return len(os.listdir(place))
        except PermissionError:
            # Only root may look into our processes; newer kernels tell everybody how many.
            return os.stat(place).st_size

    def is_well(self) -> bool:
        with self.client() as client:
            return client.get("/healthz").status_code == 200


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """A server that holds no call."""
    with serving(tmp_path_factory.mktemp("attacked")) as server:
        yield server


@pytest.fixture(scope="session")
def holding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """A server that holds a call."""
    with serving(tmp_path_factory.mktemp("holding"), "holding") as server:
        yield server


@contextmanager
def serving(folder: Path, *how: str) -> Iterator[Attacked]:
    """Run a server; at the end it still answers, and nothing of its own has gone wrong."""
    data, told, log = folder / "data", folder / "told.json", folder / "log"
    data.mkdir()
    (data / "models").symlink_to(ROOT / "data" / "models")
    port = _free_port()
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "TMPDIR"}}
    settings = {
        "PYTHONPATH": str(ROOT),
        "PORT": str(port),
        "PARTYLINE_DATA_DIR": str(data),
        "PARTYLINE_SCRIPTED_PROVIDER": "true",
        "PARTYLINE_PROVIDER": "scripted",
        "PARTYLINE_API_TOKEN": API_TOKEN,
        "PARTYLINE_PUBLIC_URL": PUBLIC,
        "PARTYLINE_MAX_UPLOAD_BYTES": str(MOST_UPLOAD_BYTES),
        # Attackers are to meet what lies behind the limits, not the limits.
        "PARTYLINE_REQUESTS_PER_S": "0",
        "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
        "AUDIOHOOK_API_KEY": AUDIOHOOK_KEY,
        "AUDIOHOOK_CLIENT_SECRET": AUDIOHOOK_SECRET,
    }
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.attacks.attacked_server", str(told), *how],
            cwd=ROOT,
            env={**kept, **settings},
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_WITHIN_S
        while not (told.exists() and _answers(f"http://localhost:{port}/healthz")):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        server = Attacked(port=port, **json.loads(told.read_text()))
        yield server
        assert process.poll() is None, log.read_text()[-4_000:]
        assert server.is_well()
        # The framework takes what it can't read for a fault of its own; it ends that socket only.
        theirs = ('"where": "receive_bytes:', '"error": "DecodeError"')
        lines = log.read_text().splitlines()
        faults = [line for line in lines if "fault" in line and not any(t in line for t in theirs)]
        assert faults == []
        assert "Traceback" not in log.read_text()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A whole server, or a thousand files, take their time."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.slow)
