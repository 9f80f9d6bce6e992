"""Paths that lead out, and bodies that are too large, too slow, cut off or without an end."""

import contextlib
import json
import socket
import time

import pytest

from services.access.tokens import Purpose
from services.storage.database import POOL_SIZE
from tests.attacks.conftest import API_TOKEN, MOST_UPLOAD_BYTES, Attacked

SLOW_WITHIN_S = 20.0
OUT = "etc/passwd"
WAYS_OUT = [
    "../../../../../../etc/passwd",
    "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "%252e%252e%252f%252e%252e%252fetc%252fpasswd",
    "..\\..\\..\\..\\etc\\passwd",
    "..%5c..%5c..%5c..%5cetc%5cpasswd",
    "%c0%ae%c0%ae%c0%af%c0%ae%c0%ae%c0%afetc%c0%afpasswd",
    "%ef%bc%8e%ef%bc%8e%ef%bc%8f%ef%bc%8e%ef%bc%8e%ef%bc%8fetc%ef%bc%8fpasswd",
    "%e2%80%a5%e2%88%95%e2%80%a5%e2%88%95etc%e2%88%95passwd",
    "....//....//....//etc/passwd",
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "file:%2f%2f%2fetc%2fpasswd",
    "..;/..;/etc/passwd",
    "x%00.html",
    "x%0d%0aSet-Cookie:%20evil=1",
    "x%0aSet-Cookie:%20evil=1",
    "%",
    "%zz",
    "%u002e%u002e",
    "a" * 5_000,
    "%f0%9f%98%80" * 50,
    "${jndi:x}",
    "'%20OR%201=1--",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    ".",
    "..",
    "%2e",
]
PLACES = [
    "/-/audio/{way}",
    "/-/audio/{way}/original",
    "/-/review/{way}",
    "/api/v1/calls/{way}",
    "/api/v1/calls/{way}/runs",
    "/api/v1/calls/x/runs/{way}",
    "/api/v1/uploads/{way}",
    "/api/v1/phone/calls/{way}",
    "/webhooks/{way}/x",
    "/webhooks/assemblyai/{way}",
    "/static/{way}",
    "/media/{way}",
    "/component/{way}",
    "/_stcore/{way}",
    "/_stcore/bidi-components/{way}",
    "/app/static/{way}",
    "/{way}",
]


@pytest.mark.parametrize("place", PLACES)
def test_no_path_leads_out(attacked: Attacked, place: str) -> None:
    token = attacked.tokens[Purpose.REVIEW]
    for way in WAYS_OUT:
        path = place.format(way=way)
        request = (
            f"GET {path}?token={token} HTTP/1.1\r\nHost: localhost:{attacked.port}\r\n"
            f"Authorization: Bearer {API_TOKEN}\r\nConnection: close\r\n\r\n"
        )
        answer = attacked.raw(request.encode())
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        assert status < 500, (path[:80], status)
        assert b"root:" not in body, path[:80]
        assert b"evil=1" not in head, path[:80]
        assert b"Traceback" not in body
        if status == 200:
            # whatever isn't there is answered with the page of the framework, which looks further
            assert b"<title>Streamlit</title>" in body, path[:80]


def upload_head(attacked: Attacked, *lines: str) -> bytes:
    head = [
        "PUT /-/upload HTTP/1.1",
        f"Host: localhost:{attacked.port}",
        f"Authorization: Bearer {attacked.tokens[Purpose.UPLOAD]}",
        *lines,
        "",
        "",
    ]
    return "\r\n".join(head).encode()


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("length", [MOST_UPLOAD_BYTES + 1, 10**17, 10**30])
def test_an_announced_size_is_refused_before_a_byte_is_read(
    attacked: Attacked, length: int
) -> None:
    sent = upload_head(attacked, f"Content-Length: {length}", "Connection: close")
    assert status_of(attacked.raw(sent)) in {400, 413}


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "１０", " "])
def test_a_size_that_is_none_is_refused(attacked: Attacked, length: str) -> None:
    sent = upload_head(attacked, f"Content-Length: {length}", "Connection: close")
    assert status_of(attacked.raw(sent + b"x" * 16, within_s=5)) in {400, 422}


def test_a_body_without_an_end_is_cut_off_at_the_limit(attacked: Attacked) -> None:
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    before = attacked.resident_kb()
    with socket.create_connection(("127.0.0.1", attacked.port), timeout=20) as connection:
        connection.sendall(upload_head(attacked, "Transfer-Encoding: chunked"))
        sent = 0
        try:
            while sent < 40 * MOST_UPLOAD_BYTES:
                connection.sendall(chunk)
                sent += 0x10000
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = b""
        with contextlib.suppress(ConnectionResetError, TimeoutError):
            answer = connection.recv(65_536)
    assert not answer or status_of(answer) == 413
    assert attacked.resident_kb() - before < 50_000
    assert attacked.is_well()


def test_what_breaks_off_leaves_no_call(attacked: Attacked) -> None:
    def calls() -> int:
        with attacked.client() as client:
            headers = {"Authorization": f"Bearer {API_TOKEN}"}
            return len(client.get("/api/v1/calls", headers=headers).json()["calls"])

    before = calls()
    # Connections to the database stay open once there were so many: up to three files each.
    most_open = attacked.descriptors() + 3 * POOL_SIZE + 2
    for _ in range(3 * POOL_SIZE + 50):
        sent = upload_head(attacked, "Content-Length: 500000")
        with socket.create_connection(("127.0.0.1", attacked.port), timeout=20) as connection:
            connection.sendall(sent + b"x" * 10_000)
    until = time.monotonic() + 20
    while attacked.descriptors() > most_open and time.monotonic() < until:
        time.sleep(0.1)
    assert attacked.descriptors() <= most_open
    assert calls() == before


def test_a_form_that_dawdles_is_not_waited_for(attacked: Attacked) -> None:
    """A hundred at once, and the server answers others meanwhile."""
    head = (
        f"POST /api/v1/calls/x/runs HTTP/1.1\r\nHost: localhost:{attacked.port}\r\n"
        f"Authorization: Bearer {API_TOKEN}\r\nContent-Type: application/json\r\n"
        "Content-Length: 100\r\n\r\n{"
    ).encode()
    slow = [socket.create_connection(("127.0.0.1", attacked.port), timeout=30) for _ in range(12)]
    try:
        for connection in slow:
            connection.sendall(head)
        assert attacked.is_well()
        began = time.monotonic()
        for connection in slow:
            assert status_of(connection.recv(4_096)) in {408, 503}
        assert time.monotonic() - began < SLOW_WITHIN_S
    finally:
        for connection in slow:
            connection.close()


NONSENSE = [
    b"",
    b"\x00" * 1_000,
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /-/upload HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
]


@pytest.mark.parametrize("number", range(len(NONSENSE)))
def test_what_is_no_request_ends_nothing(attacked: Attacked, number: int) -> None:
    answer = attacked.raw(NONSENSE[number], within_s=3, shuts=True)
    assert not answer or status_of(answer) in {400, 403, 404, 405, 413, 414, 421, 431, 505}
    assert attacked.is_well()


def test_json_made_to_do_harm_is_refused_with_one_sentence(attacked: Attacked) -> None:
    bodies = [
        "[" * 30_000,
        '{"a":' * 8_000,
        '{"options":' + "9" * 50_000 + "}",
        '{"options": NaN}',
        '{"\ud800": 1}'.encode("utf-8", "surrogatepass"),
        b"\xff\xfe{}",
        '{"options": {"provider": {"$ne": null}}}',
        '{"__proto__": {"a": 1}, "options": []}',
        '"' + "a" * 60_000,
    ]
    with attacked.client() as client:
        for body in bodies:
            answer = client.post(
                "/api/v1/calls/x/runs",
                content=body,
                headers={
                    "Authorization": f"Bearer {API_TOKEN}",
                    "Content-Type": "application/json",
                },
            )
            assert answer.status_code in {400, 404, 413, 422}
            told = json.loads(answer.text)["error"]
            assert told["message"]
            assert "Traceback" not in answer.text
