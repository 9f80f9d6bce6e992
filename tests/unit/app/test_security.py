"""Headers of every answer, host names, health."""

from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.routes import build_routes
from app.security import AllowedHosts, SecurityMiddleware
from app.settings import Settings
from app.wiring import Services


async def page(_request: object) -> PlainTextResponse:
    return PlainTextResponse("page", headers={"X-Frame-Options": "DENY"})


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


def browser(**settings: str) -> TestClient:
    allowed = AllowedHosts.of(Settings(**settings))  # type: ignore[arg-type]
    application = Starlette(
        routes=[Route("/", page), WebSocketRoute("/socket", socket)],
        middleware=[Middleware(SecurityMiddleware, allowed=lambda: allowed)],
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
@pytest.mark.parametrize("bound", ["127.0.0.1", "0.0.0.0", "::", "10.1.2.3"])
def test_other_names_are_refused_wherever_it_listens(bound: str, host: str) -> None:
    answer = browser(host=bound).get("/", headers={"Host": host})
    assert answer.status_code == 421
    assert "PARTYLINE_ALLOWED_HOSTS" in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({"host": "10.1.2.3"}, "10.1.2.3:8501"),
        ({"host": "calls.example.com"}, "Calls.Example.com"),
        ({"allowed_hosts": "calls.example.com, [fd00::1]"}, "calls.example.com"),
        ({"allowed_hosts": "calls.example.com, [fd00::1]"}, "[fd00::1]:8501"),
        ({"allowed_hosts": "calls.example.com"}, "localhost:8501"),
        ({"allowed_hosts": "*"}, "anything.test"),
    ],
)
def test_names_that_are_allowed(settings: dict[str, str], host: str) -> None:
    assert browser(**settings).get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_what_watches_the_server_asks_by_its_address(path: str) -> None:
    """As Kubernetes' probes and Prometheus do, which know a pod by its address only."""
    allowed = AllowedHosts.of(Settings(allowed_hosts="calls.example.com"))
    for address in ("10.1.2.3", "fd00::1", "[fd00::1]"):
        assert allowed.allow(address, path)
        assert not allowed.allow(address, "/")
        assert not allowed.allow(address, f"{path}/more")
    for name in ("evil.test", "10.1.2.3.evil.test", ""):
        assert not allowed.allow(name, path)


@pytest.mark.parametrize(
    ("settings", "host", "origin", "status"),
    [
        ({}, "localhost:8501", "http://localhost:8501", 200),
        ({}, "localhost:8501", "http://localhost:9999", 403),
        ({}, "localhost:8501", "http://evil.test", 403),
        ({}, "localhost:8501", "null", 403),
        ({}, "localhost:8501", "http://[", 403),
        ({"allowed_hosts": "*"}, "a.test", "http://a.test", 200),
        ({"allowed_hosts": "*"}, "a.test", "http://b.test", 403),
        # a proxy that asks under a Host of its own
        ({"allowed_hosts": "a.test"}, "127.0.0.1:8501", "https://a.test", 200),
        ({"allowed_hosts": "a.test"}, "127.0.0.1:8501", "https://b.test", 403),
        ({"allowed_hosts": "a.test"}, "a.test", "http://localhost:9999", 403),
    ],
)
def test_pages_that_may_ask(settings: dict[str, str], host: str, origin: str, status: int) -> None:
    client, headers = browser(**settings), {"Host": host, "Origin": origin}
    assert client.get("/", headers=headers).status_code == status
    if status == 200:
        with client.websocket_connect("/socket", headers=headers) as open_socket:
            assert open_socket.receive_text() == "hello"
    else:
        with (
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect("/socket", headers=headers),
        ):
            pass


def test_behind_a_proxy_a_request_goes_on_under_the_page_s_name() -> None:
    """Streamlit, which compares Origin with Host, and our routes see one and the same name."""

    async def tell(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.headers["host"])

    allowed = AllowedHosts(names=frozenset({"a.test"}))
    application = Starlette(
        routes=[Route("/", tell)],
        middleware=[Middleware(SecurityMiddleware, allowed=lambda: allowed)],
    )
    client = TestClient(application, base_url="http://127.0.0.1:8501")
    assert client.get("/", headers={"Origin": "https://a.test"}).text == "a.test"
    assert client.get("/").text == "127.0.0.1:8501"


def test_sockets_under_other_names_are_refused() -> None:
    with browser().websocket_connect("ws://localhost/socket") as open_socket:
        assert open_socket.receive_text() == "hello"
    with (
        pytest.raises(WebSocketDisconnect),
        browser(host="0.0.0.0").websocket_connect("ws://evil.test/socket"),
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


def test_pages_on_a_machine_without_workers_are_ready_without_one(services: Services) -> None:
    apart = replace(
        services, settings=services.settings.model_copy(update={"embedded_worker": False})
    )
    alone = Starlette(routes=build_routes(lambda: apart, dict))  # type: ignore[arg-type]
    with TestClient(alone, base_url="http://localhost:8501") as client:
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["worker"]) == (200, False)
