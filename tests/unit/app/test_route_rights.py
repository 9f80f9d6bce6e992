"""Who gets through which route: all of them, tried by all kinds of people.

It fails when there is a route that ``rights_rows`` doesn't name.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from app.api.gate import DESCRIPTION_PATH
from app.routes import _sockets, build_routes
from services.access.sign_ins import KNOWN_FOR_S
from services.access.tokens import ANY_CALL, Grant, Purpose
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import InvalidToken
from services.domain.live_calls import LiveSource
from services.domain.people import Reach, User
from tests.unit.app.rights_house import (
    INSIDE,
    NO_CALL,
    NOBODY,
    ORG,
    OUTSIDE,
    OWNER,
    House,
    open_house,
)
from tests.unit.app.rights_rows import API, OPEN_ROUTES, ROUTES, SOCKETS

REFUSED = {"AccessDenied", "TextNotShown"}
NOT_THERE = {"NotFound", "UploadNotFound"}
FOREIGN, NO_SUCH_CALL = 4403, 4404


class Doorman:
    """Stands for tokens of both kinds: whoever comes is this person."""

    def __init__(self) -> None:
        self.user: User = INSIDE[0]
        self.is_on = True

    def check(self, _token: str, purpose: Purpose, subject: str) -> Grant:
        if not self.is_on:
            raise InvalidToken
        return Grant(
            purpose=purpose, subject=subject, user=self.user, session="s", expires_at_s=2**40
        )

    check_held = check

    def check_on(self) -> None:
        return

    def user_of(self, *_: object) -> User:
        return self.user


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("doors")) as made:
        yield made


@pytest.fixture(scope="module")
def doorman() -> Doorman:
    return Doorman()


@pytest.fixture(scope="module")
def routes(house: House, doorman: Doorman) -> list[BaseRoute]:
    here: Any = replace(house.services, tokens=doorman, api_tokens=doorman)
    return build_routes(lambda: here, lambda shown: {"call": shown.call.id})


@pytest.fixture(scope="module")
def client(routes: list[BaseRoute]) -> Iterator[TestClient]:
    application = Starlette(routes=routes)
    with TestClient(application, base_url="http://localhost:8501") as client:
        client.headers["Authorization"] = "Bearer whoever"
        yield client


def test_every_route_is_named(routes: list[BaseRoute]) -> None:
    found = set()
    for prefix, route in _all(routes):
        if isinstance(route, WebSocketRoute):
            found.add(prefix + route.path)
            continue
        path = prefix + route.path.replace("/runs/{number}", "/runs/1")
        found |= {f"{m} {path}" for m in route.methods or () if m != "HEAD" or "uploads" in path}
    # Whatever is got can be asked for without its body as well.
    found = {one for one in found if not (one.startswith("HEAD ") and one not in ROUTES)}
    assert found == {*ROUTES, *SOCKETS, *OPEN_ROUTES}


def _all(routes: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _all(route.app.routes, prefix + route.path)
        elif contexts := getattr(route, "effective_route_contexts", None):
            # The framework's routers keep theirs to themselves.
            yield from ((prefix, context) for context in contexts())
        else:
            assert isinstance(route, Route | WebSocketRoute), route
            yield prefix, route


@pytest.mark.parametrize("name", ROUTES)
def test_routes(house: House, client: TestClient, doorman: Doorman, name: str) -> None:
    door = ROUTES[name]
    call_id = house.add() if door.on_call else ANY_CALL
    for user in OUTSIDE if door.on_call else ():
        doorman.user = user
        foreign, absent = _ask(client, name, call_id), _ask(client, name, NO_CALL)
        assert (foreign.status_code, foreign.text) == (absent.status_code, absent.text)
        assert _code(foreign) in NOT_THERE, (user.name, foreign.text)
    for user in INSIDE:
        doorman.user = user
        may, code = all(map(user.may, door.rights)), _code(_ask(client, name, call_id))
        assert (code not in REFUSED) is may, (user.name, code)
        if door.on_call and may and "/phone/" not in name:
            assert code not in NOT_THERE, (user.name, code)
        if may and name.startswith("DELETE") and name.endswith("/calls/{call_id}"):
            call_id = house.add()


def _ask(client: TestClient, name: str, call_id: str) -> httpx.Response:
    method, path = name.split(" ")
    path = path.format(call_id=call_id, upload_id="no-such-upload")
    sends = {**ROUTES[name].sends}
    if ROUTES[name].purpose not in (None, Purpose.UPLOAD):
        sends["params"] = {"token": "whoever"}
    return client.request(method, path, **sends)


def _code(answer: httpx.Response) -> str:
    """Return the code of an error; a request for the head of something has its status alone."""
    if answer.status_code < 400:
        return ""
    if not answer.content:
        return {403: "AccessDenied", 404: "NotFound"}.get(answer.status_code, "")
    return str(answer.json()["error"]["code"])


def _begun(house: House, *, redact: bool = True) -> str:
    options = ProcessingOptions(provider="scripted", redact=redact)
    running = house.live.begin(
        OWNER,
        "A call",
        options,
        CallDetails(queue="Billing"),
        channels=1,
        source=LiveSource.BROWSER,
    )
    return str(running.id)


def _closed(client: TestClient, path: str, call_id: str) -> int | None:
    """Return the code with which a socket closes at once; None when something is told."""
    address = f"ws://localhost:8501{path.format(call_id=call_id)}?token=whoever"
    try:
        with client.websocket_connect(address) as socket:
            socket.receive_text()
    except WebSocketDisconnect as closed:
        return closed.code
    return None


def test_sockets(house: House, client: TestClient, doorman: Doorman) -> None:
    call_id = _begun(house)
    sound, events = SOCKETS
    for doorman.user in OUTSIDE:
        for path in SOCKETS:
            assert _closed(client, path, call_id) == NO_SUCH_CALL
            assert _closed(client, path, NO_CALL) == NO_SUCH_CALL
    for doorman.user in INSIDE:
        has_rights = bool(doorman.user.role.rights and doorman.user.rights is None)
        assert _closed(client, events, call_id) == (None if has_rights else FOREIGN)
        # Sound comes from whoever began the call, and nobody else.
        assert _closed(client, sound, call_id) == FOREIGN
    doorman.user = OWNER
    assert _closed(client, sound, call_id) is None
    assert _closed(client, events, call_id) is None
    assert _closed(client, events, _begun(house, redact=False)) == FOREIGN
    house.live.stop(OWNER, call_id, complete=True)


def test_who_signs_out_is_told_of_a_call_no_more(
    house: House, client: TestClient, doorman: Doorman, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the sign-in counts is looked at each second, the call itself far more rarely."""
    assert _sockets.SIGN_IN_EVERY_S + KNOWN_FOR_S <= 5.0
    monkeypatch.setattr(_sockets, "SIGN_IN_EVERY_S", 0.02)
    call_id, doorman.user = _begun(house), OWNER
    for path in SOCKETS:
        address = f"ws://localhost:8501{path.format(call_id=call_id)}?token=whoever"
        with client.websocket_connect(address) as socket:
            socket.receive_text()
            doorman.is_on = False
            while (message := socket.receive())["type"] != "websocket.close":
                pass
        assert message["code"] == _sockets.BAD_TOKEN
        doorman.is_on = True
    house.live.stop(OWNER, call_id, complete=True)


def test_who_loses_a_call_is_told_of_it_no_more(
    house: House, client: TestClient, doorman: Doorman, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sockets, "RECHECK_EVERY_S", 0.05)
    call_id = _begun(house)
    for path, user, code in (
        ("/-/live/events/{call_id}", INSIDE[0], NO_SUCH_CALL),
        ("/-/live/sound/{call_id}", OWNER, FOREIGN),
    ):
        doorman.user = user
        address = f"ws://localhost:8501{path.format(call_id=call_id)}?token=whoever"
        with client.websocket_connect(address) as socket:
            socket.receive_text()
            doorman.user = replace(user, reach=Reach(), rights=frozenset({*user.role.rights}))
            if code == FOREIGN:
                doorman.user = replace(user, rights=frozenset())
            while (message := socket.receive())["type"] != "websocket.close":
                pass
        assert message["code"] == code
    house.live.stop(OWNER, call_id, complete=True)


CANARY = "canary 4711 of Harbor"
EACH = 2


@pytest.fixture(scope="module")
def operations(client: TestClient) -> list[Any]:
    """The API's operations as its own description tells of them."""
    load_all_checks()
    told = client.get(f"{API}{DESCRIPTION_PATH}").json()
    for operation in (one for path in told["paths"].values() for one in path.values()):
        operation.pop("security", None)
    described = schemathesis.openapi.from_dict(told)
    described.app = client.app
    return [one.ok() for one in described.get_all_operations()]


@pytest.mark.parametrize("user", [*OUTSIDE, NOBODY], ids=lambda user: user.name)
def test_whatever_is_asked_strangers_neither_see_nor_change_a_call(
    house: House, doorman: Doorman, operations: list[Any], user: User
) -> None:
    call_id = house.add(source_name=CANARY)
    before = house.calls.row(ORG, call_id)
    doorman.user = user

    @settings(
        max_examples=EACH,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        for operation in operations:
            case = data.draw(operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
            if "call_id" in case.path_parameters:
                case.path_parameters = case.path_parameters | {"call_id": call_id}
            answer = case.call(headers={"Host": "localhost", "Authorization": "Bearer whoever"})
            assert answer.status_code < 500 or answer.status_code == 501, answer.text
            assert CANARY not in answer.text

    ask()
    assert house.calls.row(ORG, call_id) == before
