"""No request leaves for a machine that isn't meant, whatever its name says the second time."""

import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from services.access.outgoing import (
    GuardedTransport,
    RefusedAddress,
    Trust,
    may_be_asked,
    transport_to,
)

METADATA = (
    "169.254.169.254", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "0.0.0.0", "168.63.129.16",
    "192.0.0.192", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a83f:8110",
    "2002:a9fe:a9fe::1", "::a9fe:a9fe",
)  # fmt: skip
INSIDE = ("127.0.0.1", "::1", "10.1.2.3", "192.168.0.1", "172.16.9.9", "fd12::1", "100.64.0.1")
DISGUISED = ("::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::ffff:127.0.0.1")
OUTSIDE = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")


@pytest.mark.parametrize("address", METADATA)
def test_nobody_s_word_leads_to_a_machine_s_secrets(address: str) -> None:
    assert not may_be_asked(address, Trust.OPERATOR)
    assert not may_be_asked(address, Trust.OTHERS)


def test_an_operator_may_name_machines_inside_and_nobody_else() -> None:
    assert all(may_be_asked(address, Trust.OPERATOR) for address in (*INSIDE, *OUTSIDE))
    assert not [one for one in (*INSIDE, *DISGUISED) if may_be_asked(one, Trust.OTHERS)]
    assert all(may_be_asked(address, Trust.OTHERS) for address in OUTSIDE)
    assert not may_be_asked("no address", Trust.OPERATOR)


class Telling(BaseHTTPRequestHandler):
    """Tells under which name it was asked, or leads on to another address."""

    def do_GET(self) -> None:
        if self.path == "/leads-on":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest")
            self.end_headers()
            return
        said = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Telling)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def asking(
    *answers: str, trust: Trust = Trust.OPERATOR, also: tuple[str, ...] = ()
) -> httpx.Client:
    """A client whose name server gives these answers, one after the other."""
    left = list(answers)
    transport = GuardedTransport(trust, also=also, resolve=lambda *_: [left.pop(0)])
    return httpx.Client(transport=transport, trust_env=False, follow_redirects=True)


def test_what_was_looked_at_is_what_is_asked_under_its_own_name(port: int) -> None:
    with asking("127.0.0.1") as client:
        assert client.get(f"http://calls.example:{port}/").text == f"calls.example:{port}"


def test_one_bad_address_among_good_ones_is_enough() -> None:
    transport = GuardedTransport(Trust.OTHERS, resolve=lambda *_: [*OUTSIDE, "10.0.0.1"])
    with (
        httpx.Client(transport=transport, trust_env=False) as client,
        pytest.raises(RefusedAddress),
    ):
        client.get("http://mixed.example/")


def test_where_it_is_led_on_to_is_looked_at_as_well(port: int) -> None:
    with asking("127.0.0.1", "169.254.169.254") as client, pytest.raises(RefusedAddress):
        client.get(f"http://calls.example:{port}/leads-on")


def test_a_host_that_an_operator_has_set_is_trusted_as_theirs(port: int) -> None:
    with asking("127.0.0.1", trust=Trust.OTHERS, also=("localhost",)) as client:
        assert client.get(f"http://localhost:{port}/").status_code == 200
    with asking("127.0.0.1", trust=Trust.OTHERS) as client, pytest.raises(RefusedAddress):
        client.get(f"http://localhost:{port}/")


def test_the_next_address_is_tried_where_one_can_t_be_reached(port: int) -> None:
    transport = GuardedTransport(Trust.OPERATOR, resolve=lambda *_: ["127.0.0.2", "127.0.0.1"])
    with httpx.Client(transport=transport, trust_env=False) as client:
        assert client.get(f"http://calls.example:{port}/").status_code == 200


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Set a proxy on this machine that refuses; gives the lines it was asked with."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    asked: list[bytes] = []

    def refuse() -> None:
        connection, _ = listening.accept()
        with connection:
            asked.append(connection.recv(4_096).partition(b"\r\n")[0])
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        # Its address may stand there without a scheme.
        monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{listening.getsockname()[1]}")
        thread = threading.Thread(target=refuse, daemon=True)
        thread.start()
        yield asked
        thread.join(1)


def test_a_proxy_that_is_set_is_asked_and_is_the_one_to_refuse(proxied: list[bytes]) -> None:
    url = "https://nowhere.example/alerts"
    with (
        httpx.Client(transport=transport_to(url, Trust.OTHERS)) as client,
        pytest.raises(httpx.ProxyError),
    ):
        client.get(url)
    assert proxied == [b"CONNECT nowhere.example:443 HTTP/1.1"]


def test_what_no_proxy_is_set_for_is_guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    for url in (
        "https://inside.example/",
        "https://127.0.0.1/",
        "https://localhost:8443/",
        "http://outside.example/",
    ):
        assert isinstance(transport_to(url, Trust.OTHERS), GuardedTransport)
    assert not isinstance(transport_to("https://outside.example/", Trust.OTHERS), GuardedTransport)
    monkeypatch.setenv("HTTPS_PROXY", "gopher://127.0.0.1:9")
    with pytest.raises(httpx.ProxyError):
        transport_to("https://outside.example/", Trust.OTHERS)
