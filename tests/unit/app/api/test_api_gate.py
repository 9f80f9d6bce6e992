"""Who may use the API, how much it reads, and how it refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from app.api import gate
from app.settings import Settings
from app.wiring import Services, build_services
from services.access.api_tokens import ApiTokens
from services.access.attempts import MOST_WRONG
from services.domain.people import LOCAL_USER, Reach, Role, User
from tests.unit.app.api.serving import API, BEARER, TOKEN, program, refusal
from tests.unit.app.phone_doubles import logged

INCOMING = f"{API}/phone/incoming"
CALLS = f"{API}/phone/calls"
PATHS = [
    ("GET", "/phone/readiness"),
    ("GET", "/phone/incoming"),
    ("GET", "/phone/calls"),
    ("POST", "/phone/calls"),
    ("GET", "/phone/calls/some"),
    ("DELETE", "/phone/calls/some"),
    ("PUT", "/phone/calls/some/transcription"),
    ("POST", "/phone/calls/some/transcription"),
    ("DELETE", "/phone/calls/some/transcription"),
    ("POST", "/phone/calls/some/summary"),
    ("GET", "/nothing"),
    ("POST", "/calls"),
    ("GET", "/calls"),
    ("GET", "/calls/some"),
    ("GET", "/calls/some/audio"),
    ("DELETE", "/calls/some"),
    ("POST", "/uploads"),
    ("PATCH", "/uploads/some"),
    ("GET", "/search"),
]


class Desk:
    """Knows who calls: nobody, or a fault."""

    def __init__(self) -> None:
        self.asked_by: list[User] = []
        self.fault: Exception | None = None

    def incoming(self, user: User) -> tuple[()]:
        self.asked_by.append(user)
        if self.fault is not None:
            raise self.fault
        return ()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def asking(desk: Desk) -> TestClient:
    return program(installation(desk))


def installation(desk: Desk, token: str | None = TOKEN) -> Any:
    return SimpleNamespace(api_tokens=ApiTokens(token, LOCAL_USER), phone=desk)


@contextmanager
def closing_services(folder: Path) -> Iterator[Services]:
    """Services of an installation that has no token of its own."""
    services = build_services(Settings(data_dir=folder, live_in_child=False))
    try:
        yield services
    finally:
        services.close()


def test_who_brings_the_token_is_let_in(asking: TestClient, desk: Desk) -> None:
    answer = asking.get(INCOMING)
    assert answer.json() == {"calls": []}
    assert desk.asked_by == [LOCAL_USER]
    assert asking.get(INCOMING, headers={"Authorization": f"bearer  {TOKEN} "}).status_code == 200


def test_without_a_token_set_nothing_is_done(desk: Desk) -> None:
    off = program(installation(desk, token=None))
    for method, path in PATHS:
        for headers in (BEARER, {"Authorization": ""}, {"Authorization": "Bearer None"}):
            code, message = refusal(off.request(method, API + path, headers=headers), 404)
            assert code == "ApiOff"
            assert "PARTYLINE_API_TOKEN" in message
    assert off.get("/healthz").status_code == 200
    assert desk.asked_by == []


def test_nothing_is_done_for_a_stranger(desk: Desk) -> None:
    stranger = program(installation(desk), token=None)
    for method, path in PATHS:
        answer = stranger.request(method, API + path, content=b"x" * 100_000)
        assert refusal(answer, 401)[0] == "ApiTokenRefused"
    assert desk.asked_by == []


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer wrong",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}é".encode("latin-1"),
    ],
)
def test_a_wrong_token_is_refused_before_all_else(desk: Desk, authorization: Any) -> None:
    stranger = program(installation(desk), token=None)
    with logged() as kept:
        answer = stranger.get(INCOMING, headers={"Authorization": authorization})
    code, message = refusal(answer, 401)
    assert code == "ApiTokenRefused"
    assert TOKEN not in message
    assert answer.headers["www-authenticate"] == "Bearer"
    assert kept == [("api.refused", {"error": "ApiTokenRefused"})]
    assert desk.asked_by == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost:8501"},
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_no_browser_is_answered(asking: TestClient, desk: Desk, headers: dict[str, str]) -> None:
    answer = asking.get(INCOMING, headers=headers)
    assert answer.status_code == 403
    asks = {**headers, "Access-Control-Request-Method": "POST"}
    before = asking.options(CALLS, headers=asks)
    assert before.status_code == 403
    for refused in (answer, before):
        assert not [name for name in refused.headers if name.startswith("access-control")]
    assert desk.asked_by == []


def test_a_page_of_our_own_is_told_why(asking: TestClient) -> None:
    answer = asking.get(INCOMING, headers={"Sec-Fetch-Site": "same-origin"})
    assert refusal(answer, 403)[0] == "BrowserRefused"


@pytest.mark.parametrize("streamed", [True, False])
def test_a_body_that_is_too_large_is_not_taken(asking: TestClient, streamed: bool) -> None:
    large = b'{"name": "' + b"x" * gate.MOST_BODY_BYTES + b'"}'
    content = iter([large]) if streamed else large
    answer = asking.post(CALLS, content=content, headers={"Content-Type": "application/json"})
    assert refusal(answer, 413)[0] == "RequestTooLarge"
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (b"", "application/json", "no JSON object"),
        (b"{", "application/json", "no JSON object"),
        (b"[]", "application/json", "no JSON object"),
        (b'"\xff"', "application/json", "can't be carried out"),
        (b"[" * 60_000, "application/json", "can't be carried out"),
        (b'{"number": "+14255550123"}', "text/plain", "no JSON object"),
        (b"number=1", "application/x-www-form-urlencoded", "no JSON object"),
        (b'{"nummer": "1"}', "application/json", "There is no field nummer."),
        (b'{"Robert Hale": "1"}', "application/json", "There is no field …."),
        (
            b'{"transcription": {"local": "en-US", "partials": "yes"}}',
            "application/json",
            "There is no field transcription.local. Look at transcription.partials.",
        ),
        (b'{"transcription": {"locales": 3}}', "application/json", "transcription.locales."),
        (b'{"transcription": {"locales": ["en-US", 3]}}', "application/json", ".locales."),
        (b'{"number": 14255550123}', "application/json", "Look at number."),
    ],
)
def test_what_is_amiss_is_named_and_not_repeated(
    asking: TestClient, content: bytes, kind: str, said: str
) -> None:
    answer = asking.post(CALLS, content=content, headers={"Content-Type": kind})
    code, message = refusal(answer, 400)
    assert code == "InvalidRequest"
    assert said in message
    for told in ("Robert", "4255550123", "yes"):
        assert told not in message


def test_as_much_as_is_done_at_once_is_bounded(
    asking: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MOST_AT_ONCE", 1)
    # What was done before counts no more.
    for _ in range(3):
        assert asking.get(INCOMING).status_code == 200
    monkeypatch.setattr(gate, "MOST_AT_ONCE", 0)
    answer = asking.get(INCOMING)
    assert refusal(answer, 503)[0] == "ApiBusy"
    assert answer.headers["retry-after"] == "1"


def test_a_fault_is_told_by_no_word_of_it(asking: TestClient, desk: Desk) -> None:
    desk.fault = RuntimeError("said by Robert Hale")
    with logged() as kept:
        answer = asking.get(INCOMING)
    assert refusal(answer, 500)[0] == "InternalFault"
    assert "Robert" not in answer.text + str(kept)
    assert kept[0][0] == "route.fault"
    assert kept[0][1]["error"] == "RuntimeError"


def test_an_address_of_nothing_and_what_is_not_done_there(asking: TestClient) -> None:
    for path in ("/nothing", "/phone", "/phone/calls/", "/phone/calls/a/b", "/docs", "/redoc"):
        assert refusal(asking.get(API + path), 404)[0] == "NothingHere"
    answer = asking.put(CALLS)
    assert refusal(answer, 405)[0] == "NotDoneHere"
    assert answer.headers["allow"]


def test_there_are_no_sockets(asking: TestClient) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        asking.websocket_connect(f"{API}/phone/calls", headers=BEARER),
    ):
        pass
    assert refused.value.code == gate.REFUSED_SOCKET


def test_the_token_is_not_kept() -> None:
    tokens = ApiTokens(TOKEN, LOCAL_USER)
    assert TOKEN not in repr(vars(tokens))


def test_tokens_that_people_made_are_asked_by_and_wrong_ones_wait(tmp_path: Path) -> None:
    with closing_services(tmp_path) as services:
        client = program(services, token=None)
        assert refusal(client.get(f"{API}/calls"), 404)[0] == "ApiOff"
        made = services.token_desk.add_service(
            LOCAL_USER, "Export", Role.VIEWER, Reach(queues=frozenset({"Billing"}))
        )
        given = {"Authorization": f"Bearer {made.secret}"}
        assert client.get(f"{API}/calls", headers=given).status_code == 200
        services.token_desk.revoke(LOCAL_USER, made.token.id)
        statuses = [
            client.get(f"{API}/calls", headers=given).status_code for _ in range(MOST_WRONG + 1)
        ]
        assert statuses == [401] * MOST_WRONG + [429]
        assert client.get(f"{API}/calls", headers=given).headers["retry-after"] == "60"


def test_behind_a_proxy_wrong_tokens_count_for_who_brought_them(desk: Desk) -> None:
    asking = program(installation(desk), token="wrong", proxies="127.0.0.1")
    hasty, other = {"X-Forwarded-For": "198.51.100.1"}, {"X-Forwarded-For": "198.51.100.2"}
    for _ in range(MOST_WRONG):
        refusal(asking.get(CALLS, headers=hasty), 401)
    refusal(asking.get(CALLS, headers=hasty), 429)
    refusal(asking.get(CALLS, headers=other), 401)
