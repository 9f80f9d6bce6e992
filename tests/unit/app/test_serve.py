"""Before serving: addresses that are refused, ports that are taken, routes that must not log."""

import logging
import socket
from pathlib import Path

import pytest

from app.security import refuse_unsafe_exposure
from app.serve import _listening_socket
from app.server import app, silence_access_log
from app.settings import Settings
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


def test_the_server_is_found_by_streamlit_run() -> None:
    from streamlit.web.server.app_discovery import discover_asgi_app

    found = discover_asgi_app(Path(__file__).parents[3] / "app" / "server.py")
    assert found.is_asgi_app


def test_its_script_exists() -> None:
    assert Path(app.script_path).is_file()


def test_addresses_stay_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("uvicorn.access")
    for _ in range(2):
        silence_access_log()
    with caplog.at_level(logging.DEBUG):
        log.addHandler(caplog.handler)
        try:
            log.info("GET /-/audio/x?token=secret")
            log.error("GET /-/audio/x?token=secret")
        finally:
            log.removeHandler(caplog.handler)
    assert "secret" not in caplog.text
    assert len(log.filters) == 1
