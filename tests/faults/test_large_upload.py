"""Large uploads stay neither in the web process's memory nor, broken off, on the disk."""

import hashlib
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.faults.machine import ORG, Machine, Server, about, end

pytestmark = pytest.mark.slow

SIZE_BYTES = 300_000_000
BY_PROGRAMS_BYTES = 120_000_000
GROWTH_BYTES = 50_000_000
BLOCK = bytes(range(256)) * 4096
API_TOKEN = "a-token-of-an-api-that-is-long-enough"
BEARER = {"Authorization": f"Bearer {API_TOKEN}"}
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def test_large_uploads(machine: Machine) -> None:
    server = machine.start_server(workers=False)
    assert server.upload(machine, BLOCK).status_code == 201
    with pytest.raises(ConnectionError):
        put(server, machine, broken_off())
    machine.settle(lambda: machine.leftovers() == [])
    assert len(machine.services.calls.list(ORG)) == 1
    before = peak_bytes(server.process.pid)
    answer = put(server, machine, blocks())
    assert answer.status_code == 201, answer.text
    assert peak_bytes(server.process.pid) - before < GROWTH_BYTES
    (large,) = machine.files_of(answer.json()["call_id"])
    assert large.stat().st_size > SIZE_BYTES
    end(server.process, signal.SIGTERM)


def test_large_recordings_of_programs(machine: Machine) -> None:
    server = machine.start_server(workers=False, PARTYLINE_API_TOKEN=API_TOKEN)
    with httpx.Client(base_url=f"{server.address}/api/v1", headers=BEARER, timeout=120) as program:
        assert program.post("/calls", content=BLOCK).status_code == 201
        before = peak_bytes(server.process.pid)
        ways: tuple[Callable[[], httpx.Response], ...] = (
            lambda: program.post("/calls", content=blocks(BY_PROGRAMS_BYTES)),
            lambda: program.post("/calls", content=in_a_form(BY_PROGRAMS_BYTES), headers=FORM),
            lambda: sent_in_pieces(program, BY_PROGRAMS_BYTES),
        )
        for send in ways:
            made = send()
            assert made.status_code == 201, made.text
            assert peak_bytes(server.process.pid) - before < GROWTH_BYTES
            path = f"/calls/{made.json()['id']}"
            assert program.get(path).json()["sha256"] == hash_of(blocks(BY_PROGRAMS_BYTES))
            assert machine.leftovers() == []
            assert program.delete(path).status_code == 204
    end(server.process, signal.SIGTERM)


def test_an_upload_goes_on_after_a_kill(machine: Machine) -> None:
    sent = b"".join(blocks(20_000_000))
    server = machine.start_server(workers=False, PARTYLINE_API_TOKEN=API_TOKEN)
    begun = httpx.post(f"{server.address}/api/v1/uploads", headers=BEARER, json={"size": len(sent)})
    path = begun.headers["location"]

    def until_killed() -> Iterator[bytes]:
        yield sent[:9_000_000]
        # What has arrived is on its way to the disk; whole pieces of it are kept.
        machine.settle(lambda: offset(server, path) > 0)
        end(server.process, signal.SIGKILL)
        yield sent[9_000_000:]

    with pytest.raises(httpx.TransportError):
        httpx.patch(server.address + path, headers=at_offset(0), content=until_killed(), timeout=30)
    server = machine.start_server(workers=False, PARTYLINE_API_TOKEN=API_TOKEN)
    arrived = offset(server, path)
    assert 0 < arrived <= 9_000_000
    rest = httpx.patch(
        server.address + path, headers=at_offset(arrived), content=sent[arrived:], timeout=30
    )
    assert rest.status_code == 204, rest.text
    made = httpx.post(f"{server.address}{path}/complete", headers=BEARER, timeout=30)
    (call,) = (row.call for row in machine.services.calls.list(ORG))
    assert made.json()["id"] == call.id
    assert call.content_hash == hashlib.sha256(sent).hexdigest()
    # Of the piece in hand at the kill a stray file may be left, which goes in time.
    assert not [one for one in machine.leftovers() if "#" not in one]
    end(server.process, signal.SIGTERM)


def at_offset(start: int) -> dict[str, str]:
    return BEARER | {"Upload-Offset": str(start)}


def offset(server: Server, path: str) -> int:
    return int(httpx.head(server.address + path, headers=BEARER).headers["upload-offset"])


def sent_in_pieces(program: httpx.Client, size: int) -> httpx.Response:
    """Send an upload in a few requests of many megabytes and complete it."""
    total = len(BLOCK) * (size // len(BLOCK) + 1)
    path = program.post("/uploads", json={"size": total}).headers["location"]
    path = path.removeprefix("/api/v1")
    at = 0
    while at < total:
        piece = min(total - at, 60 * len(BLOCK))
        content = (BLOCK for _ in range(piece // len(BLOCK)))
        answer = program.patch(path, content=content, headers={"Upload-Offset": str(at)})
        assert answer.status_code == 204, answer.text
        at += piece
    return program.post(f"{path}/complete")


def in_a_form(size: int) -> Iterator[bytes]:
    yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="large.wav"\r\n\r\n'
    yield from blocks(size)
    yield b"\r\n--b--\r\n"


def hash_of(content: Iterator[bytes]) -> str:
    made = hashlib.sha256()
    for block in content:
        made.update(block)
    return made.hexdigest()


def put(server: Server, machine: Machine, content: Iterator[bytes]) -> httpx.Response:
    return httpx.put(
        f"{server.address}/-/upload",
        headers=server.may_upload(machine) | about("large.wav"),
        content=content,
        timeout=120,
    )


def broken_off() -> Iterator[bytes]:
    """Send a little, then go away."""
    for _ in range(20):
        yield BLOCK
    raise ConnectionError


def blocks(size: int = SIZE_BYTES) -> Iterator[bytes]:
    for _ in range(size // len(BLOCK) + 1):
        yield BLOCK


def peak_bytes(pid: int) -> int:
    """Return the most memory a process has had resident so far."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024
