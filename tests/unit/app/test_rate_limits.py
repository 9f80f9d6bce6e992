"""Token buckets for each caller, and what proxies are believed."""

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from app.rate_limits import (
    BURST_S,
    MOST_CALLERS,
    Buckets,
    RateLimits,
    network_of,
    networks_of,
    true_address,
)
from app.routes._places import UploadPlaces
from services.domain.errors import RequestTooSlow, TooManyUploads
from services.domain.people import LOCAL_USER, Role, User


class Clock:
    """Seconds that go on when told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


async def page(request: Request) -> PlainTextResponse:
    assert request.client is not None
    return PlainTextResponse(request.client.host)


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.receive()
    assert websocket.client is not None
    await websocket.send_text(websocket.client.host)


def limited(clock: Clock, *, per_s: float = 1.0, proxies: str = "", **more: int) -> TestClient:
    application = Starlette(
        routes=[Route("/{rest:path}", page), WebSocketRoute("/socket", socket)],
        middleware=[
            Middleware(
                RateLimits,
                per_s=lambda: per_s,
                proxies=lambda: networks_of(proxies),
                clock=clock,
                **more,
            )
        ],
    )
    return TestClient(application, client=("203.0.113.9", 5000))


def test_who_asks_too_fast_is_told_when_to_come_again() -> None:
    clock = Clock()
    client = limited(clock)
    assert all(client.get("/-/x").status_code == 200 for _ in range(BURST_S))
    refused = client.get("/-/x")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["error"]["retryable"] is True
    # the files of a page have a bucket of their own, and a socket has none of those
    assert client.get("/static/a.js").status_code == 200
    with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect("/socket"):
        pass
    assert denied.value.status_code == 429
    clock.now += 1
    assert client.get("/-/x").status_code == 200
    assert client.get("/-/x").status_code == 429


def test_others_are_not_slowed_down_and_nothing_is_limited_at_0() -> None:
    clock = Clock()
    client = limited(clock, proxies="203.0.113.0/24")
    hasty, other = {"X-Forwarded-For": "198.51.100.1"}, {"X-Forwarded-For": "198.51.100.2"}
    while client.get("/", headers=hasty).status_code == 200:
        pass
    assert client.get("/", headers=other).status_code == 200
    free = limited(clock, per_s=0.0)
    assert all(free.get("/-/x").status_code == 200 for _ in range(100))


def test_a_program_is_slowed_down_by_its_token_from_wherever_it_asks() -> None:
    clock = Clock()
    client = limited(clock, proxies="203.0.113.9")
    statuses = [
        client.get(
            "/api/v1/calls",
            headers={"X-Forwarded-For": f"198.51.100.{n}", "Authorization": "Bearer one"},
        ).status_code
        for n in range(BURST_S + 1)
    ]
    assert statuses == [*[200] * BURST_S, 429]


def test_so_many_sockets_at_once() -> None:
    client = limited(Clock(), most_sockets=2)
    with client.websocket_connect("/socket") as first, client.websocket_connect("/socket"):
        with pytest.raises(WebSocketDenialResponse), client.websocket_connect("/socket"):
            pass
        first.send_text("done")
    with client.websocket_connect("/socket"):
        pass


def test_no_more_callers_are_remembered_than_fit() -> None:
    buckets = Buckets(per_s=1.0, most=1.0, clock=Clock())
    for number in range(MOST_CALLERS + 10):
        buckets.wait_s(str(number))
    assert len(buckets._filled) == MOST_CALLERS


@pytest.mark.parametrize(
    ("client", "said", "proxies", "address"),
    [
        ("203.0.113.9", "1.1.1.1", "", "203.0.113.9"),
        ("203.0.113.9", "1.1.1.1", "10.0.0.0/8", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1", "10.0.0.0/8", "1.1.1.1"),
        # what the caller itself has written stands before what the proxy has added
        ("10.0.0.1", "9.9.9.9, 1.1.1.1", "10.0.0.0/8", "1.1.1.1"),
        ("10.0.0.1", "9.9.9.9, 1.1.1.1, 10.0.0.2", "10.0.0.0/8", "1.1.1.1"),
        ("10.0.0.1", "nonsense", "10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.0/8", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "", "", "2001:db8:1:2::/64"),
        ("::1", "", "", "::1"),
        ("fe80::1%eth0", "", "", "fe80::/64"),
        # as a socket for both kinds of addresses names callers of IPv4
        ("::ffff:203.0.113.9", "", "", "203.0.113.9"),
        ("::ffff:127.0.0.1", "", "", "127.0.0.1"),
        ("::ffff:10.0.0.1", "1.1.1.1", "10.0.0.0/8", "1.1.1.1"),
        ("10.0.0.1", "1.1.1.1, ::ffff:10.0.0.2", "10.0.0.0/8", "1.1.1.1"),
        ("10.0.0.1", "::ffff:1.1.1.1", "10.0.0.0/8", "1.1.1.1"),
    ],
)
def test_whose_word_counts(client: str, said: str, proxies: str, address: str) -> None:
    headers = Headers({"x-forwarded-for": said} if said else {})
    scope = {"type": "http", "client": (client, 1)}
    assert network_of(true_address(scope, headers, networks_of(proxies))) == address


@pytest.mark.parametrize("per_s", [0.0, 1.0], ids=["no limit", "limit"])
@pytest.mark.parametrize(
    ("proxies", "told"),
    [
        ("", "203.0.113.9"),
        ("10.0.0.0/8", "203.0.113.9"),
        ("203.0.113.9", "2001:db8:1:2:3:4:5:6"),
    ],
)
def test_everything_behind_is_told_who_asks(per_s: float, proxies: str, told: str) -> None:
    client = limited(Clock(), per_s=per_s, proxies=proxies)
    said = {"X-Forwarded-For": "9.9.9.9, 2001:db8:1:2:3:4:5:6"}
    assert client.get("/who", headers=said).text == told
    with client.websocket_connect("/socket", headers=said) as socket:
        socket.send_text("who")
        assert socket.receive_text() == told


def test_one_person_can_t_take_all_places_for_uploads() -> None:
    places = UploadPlaces(of_one=2, of_all=3)
    other = User(id="other", name="Other", org_id="local", role=Role.VIEWER)
    with places.one(LOCAL_USER), places.one(LOCAL_USER):
        with pytest.raises(TooManyUploads), places.one(LOCAL_USER):
            pass
        with places.one(other), pytest.raises(TooManyUploads), places.one(other):
            pass
    with places.one(LOCAL_USER), places.one(LOCAL_USER):
        pass


def test_what_trickles_in_is_given_up() -> None:
    from app.api.calls.receiving import steadily

    async def trickling():
        while True:
            await anyio.sleep(0.01)
            yield b"x"

    async def stalled():
        yield b"x" * 10_000
        await anyio.sleep_forever()

    async def read(chunks):
        async for _ in steadily(chunks, within_s=0.05, least_per_s=1_000):
            pass

    # In a thread of its own: a browser of other tests may have a loop running in this one.
    for chunks in (trickling(), stalled()):
        with start_blocking_portal() as portal, pytest.raises(RequestTooSlow):
            portal.call(read, chunks)
