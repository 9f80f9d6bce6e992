"""Before serving: addresses that are refused, ports that are taken, routes that must not log."""

import asyncio
import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from starlette.types import Receive, Scope, Send

from app.security import AllowedHosts, refuse_unsafe_exposure
from app.serve import _listening_socket, server_config
from app.server import allowed_hosts, app, lifespan
from app.settings import Settings
from app.wiring import login_secrets
from services.domain.errors import PortTaken, UnsafeExposure


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=str(port)):
            _listening_socket("127.0.0.1", port)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "localhost"])
def test_loopback_addresses_can_be_bound(host: str) -> None:
    try:
        listener = _listening_socket(host, 0)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with listener:
        assert listener.getsockname()[1] > 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.com"])
def test_networks_need_a_login_or_a_word(host: str) -> None:
    with pytest.raises(UnsafeExposure, match="PARTYLINE_ALLOW_ANONYMOUS"):
        refuse_unsafe_exposure(Settings(host=host, allow_anonymous=False))
    refuse_unsafe_exposure(Settings(host=host, allow_anonymous=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_needs_neither(host: str) -> None:
    refuse_unsafe_exposure(Settings(host=host, allow_anonymous=False))


LOGIN: dict[str, Any] = {
    "oidc_issuer": "https://id.example.com",
    "oidc_client_id": "partyline",
    "oidc_client_secret": "known to both",
}


def test_with_a_login_networks_may_come_under_an_address_to_sign_in_to() -> None:
    served: dict[str, Any] = {
        **LOGIN,
        "host": "0.0.0.0",
        "pages_address": "https://calls.example.com",
    }
    refuse_unsafe_exposure(Settings(**served))
    with pytest.raises(UnsafeExposure, match="PARTYLINE_PAGES_URL"):
        refuse_unsafe_exposure(Settings(**LOGIN, host="0.0.0.0"))
    assert AllowedHosts.of(Settings(**served)).allow("calls.example.com")


def test_what_signs_people_in_is_handed_over_and_lies_nowhere(tmp_path: Path) -> None:
    settings = Settings(**LOGIN, data_dir=tmp_path, port=8601)
    handed = login_secrets(settings)["auth"]
    assert handed["redirect_uri"] == "http://localhost:8601/oauth2callback"
    assert handed["server_metadata_url"] == (
        "https://id.example.com/.well-known/openid-configuration"
    )
    assert len(handed["cookie_secret"]) == 64
    assert login_secrets(settings)["auth"]["cookie_secret"] == handed["cookie_secret"]
    kept = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    for secret in (handed["cookie_secret"], "known to both"):
        assert not any(secret.encode() in content for content in kept)
        assert secret not in repr(settings)
    assert login_secrets(Settings(data_dir=tmp_path)) == {}


def test_nobody_is_believed_to_speak_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even this machine, nor whom the server's own setting names: PARTYLINE_PROXIES does."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    seen: list[Scope] = []

    async def application(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope)

    config = server_config(application)
    config.load()
    scope = {
        "type": "http",
        "client": ("127.0.0.1", 1),
        "scheme": "http",
        "headers": [(b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-proto", b"https")],
    }

    async def ask() -> None:
        await config.loaded_app(scope, None, None)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(ask())).result()
    assert (seen[0]["client"][0], seen[0]["scheme"]) == ("127.0.0.1", "http")


def test_the_server_is_found_by_streamlit_run() -> None:
    from streamlit.web.server.app_discovery import discover_asgi_app

    found = discover_asgi_app(Path(__file__).parents[3] / "app" / "server.py")
    assert found.is_asgi_app


def test_its_script_exists() -> None:
    assert Path(app.script_path).is_file()


@pytest.mark.parametrize("address", [None, "0.0.0.0", "192.168.1.7"])
def test_streamlit_s_own_command_is_no_way_around(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], address: str | None
) -> None:
    monkeypatch.setattr(st, "get_option", lambda _name: address)
    monkeypatch.setattr("app.server.server_settings", lambda: Settings(allow_anonymous=False))

    async def start() -> None:
        async with lifespan(app):
            pass

    # in a thread of its own: a browser test before may have left its event loop in this one
    with ThreadPoolExecutor(1) as thread, pytest.raises(UnsafeExposure):
        thread.submit(lambda: asyncio.run(start())).result()
    assert "PARTYLINE_ALLOW_ANONYMOUS" in capsys.readouterr().err


def test_a_concrete_address_given_to_streamlit_is_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "get_option", lambda _name: "192.168.1.7")
    monkeypatch.setattr("app.server.server_settings", Settings)
    assert allowed_hosts.__wrapped__().allow("192.168.1.7")
    monkeypatch.setattr(st, "get_option", lambda _name: None)
    assert not allowed_hosts.__wrapped__().allow("0.0.0.0")


PAGE = """
import streamlit as st
raise ValueError("card four one one one")
"""
LOUD = """
import logging, sys
sys.path.insert(0, {root!r})
from app.server import guard_log
guard_log()
guard_log()
from streamlit.testing.v1 import AppTest
AppTest.from_string({page!r}).run()
for name in ("uvicorn.error", "uvicorn.access", "streamlit.made.later", "asyncio"):
    log = logging.getLogger(name)
    log.addHandler(logging.StreamHandler())
    log.setLevel("DEBUG")
    log.info("GET /-/audio/x?token=four")
    log.error("GET /-/audio/x?token=four", extra={{"note": "four"}})
    try:
        raise KeyError("four")
    except KeyError:
        log.exception("it was %s", "four")
"""


def test_what_other_programs_log_carries_no_text() -> None:
    """An exception of a page, an address in a request: class and place only."""
    root = str(Path(__file__).parents[3])
    script = LOUD.format(root=root, page=PAGE)
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    written = ran.stdout + ran.stderr
    assert "four" not in written
    assert "Traceback" not in written
    lines = [json.loads(line) for line in ran.stderr.splitlines() if line.startswith("{")]
    assert ("streamlit.fault", "ValueError") in {(x["event"], x.get("error")) for x in lines}
    assert ("uvicorn.fault", "KeyError") in {(x["event"], x.get("error")) for x in lines}
    assert "uvicorn.warning" in {line["event"] for line in lines}
