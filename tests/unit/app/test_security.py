"""Headers of every answer, host names, health."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.security import SecurityMiddleware
from app.wiring import Services


async def page(_request: object) -> PlainTextResponse:
    return PlainTextResponse("page", headers={"X-Frame-Options": "DENY"})


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


def browser(*, only_loopback: bool = True) -> TestClient:
    application = Starlette(
        routes=[Route("/", page), WebSocketRoute("/socket", socket)],
        middleware=[Middleware(SecurityMiddleware, only_loopback=lambda: only_loopback)],
    )
    return TestClient(application, base_url="http://localhost:8501")


def test_headers_are_added_but_not_doubled() -> None:
    answer = browser().get("/")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers.get_list("x-frame-options") == ["DENY"]
    assert browser().get("/absent").headers["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8501", "[::1]:8501", "x.localhost:80"])
def test_loopback_names_are_served(host: str) -> None:
    assert browser().get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:8501", "", "localhost.evil.test", "192.168.0.7"]
)
def test_other_names_are_refused_on_loopback(host: str) -> None:
    answer = browser().get("/", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert browser(only_loopback=False).get("/", headers={"Host": host}).status_code == 200


def test_sockets_under_other_names_are_refused() -> None:
    with browser().websocket_connect("ws://localhost/socket") as open_socket:
        assert open_socket.receive_text() == "hello"
    with (
        pytest.raises(WebSocketDisconnect),
        browser().websocket_connect("ws://evil.test/socket"),
    ):
        pass


def test_health(client: TestClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_only_with_a_worker(client: TestClient, services: Services) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": True, "worker": False, "weights": True}
    services.settings.workers_dir.mkdir(parents=True)
    (services.settings.workers_dir / "w.beat").touch()
    assert client.get("/readyz").json() == {
        "status": "ready",
        "checks": {"database": True, "worker": True, "weights": True},
    }
