"""Notices of services elsewhere: which are taken, and that nothing else can be done with them."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from starlette.types import Message

from app.routes import build_routes, webhooks
from app.routes.webhooks import MAX_BODY_BYTES
from app.security import AllowedHosts, SecurityMiddleware
from app.settings import Settings
from app.wiring import Services, build_services
from services.domain.errors import StorageError
from services.jobs.notices import HEADER, StoredNotices
from services.providers.notices import Expected, ProviderNotices
from services.providers.scripted import ScriptedProvider

PUBLIC = "https://calls.example.com"


@pytest.fixture
def reachable(tmp_path: Path) -> Iterator[Services]:
    services = build_services(Settings(data_dir=tmp_path, public_url=PUBLIC))
    yield services
    services.close()


@pytest.fixture
def notices(reachable: Services) -> ProviderNotices:
    return StoredNotices(reachable.notices, "assemblyai", PUBLIC)


def asked(services: Services, host: str = PUBLIC) -> Iterator[TestClient]:
    allowed = AllowedHosts.of(services.settings)
    application = Starlette(
        routes=build_routes(lambda: services, lambda _: {}),
        middleware=[Middleware(SecurityMiddleware, allowed=lambda: allowed)],
    )
    with TestClient(application, base_url=host) as client:
        yield client


@pytest.fixture
def service(reachable: Services) -> Iterator[TestClient]:
    """A service elsewhere, which knows the public address."""
    yield from asked(reachable)


def told(service: TestClient, expected: Expected, **changes: str) -> int:
    headers = {expected.header: changes.get("secret", expected.secret)}
    url = changes.get("url", expected.url)
    return service.post(url, headers=headers, json={"transcript_id": "x"}).status_code


def test_a_notice_arrives_and_may_come_again(service: TestClient, notices: ProviderNotices) -> None:
    first, second = notices.expect(), notices.expect()
    assert first.url.startswith(f"{PUBLIC}/webhooks/assemblyai/")
    assert first.url != second.url
    assert not notices.arrived(first.token)
    for _ in range(2):
        assert told(service, first) == 204
        assert notices.arrived(first.token)
    assert not notices.arrived(second.token)
    notices.forget(first.token)
    assert not notices.arrived(first.token)
    assert told(service, first) == 404


@pytest.mark.parametrize("secret", ["", "wrong", "café"])
def test_a_wrong_secret_is_refused(
    service: TestClient, notices: ProviderNotices, secret: str
) -> None:
    expected = notices.expect()
    headers = {expected.header: secret.encode("latin-1")} if secret else {}
    assert service.post(expected.url, headers=headers).status_code == 401
    assert not notices.arrived(expected.token)


@pytest.mark.parametrize(
    "place",
    ["/webhooks/assemblyai/unknown", "/webhooks/assemblyai/%00", "/webhooks/assemblyai/a b"],
)
def test_what_nobody_expects_is_not_found(
    service: TestClient, notices: ProviderNotices, place: str
) -> None:
    expected = notices.expect()
    assert told(service, expected, url=PUBLIC + place) == 404
    other = expected.url.replace("assemblyai", "azure")
    assert told(service, expected, url=other) == 404
    assert not notices.arrived(expected.token)


def test_only_posting_is_known(service: TestClient, notices: ProviderNotices) -> None:
    assert service.get(notices.expect().url).status_code == 405


@pytest.mark.parametrize("announced", [True, False])
def test_a_large_body_is_not_read_to_its_end(
    service: TestClient, notices: ProviderNotices, announced: bool
) -> None:
    expected = notices.expect()
    body = b"x" * (MAX_BODY_BYTES + 1)
    content = body if announced else iter([body[:1000], body[1000:]])
    answer = service.post(expected.url, headers={expected.header: expected.secret}, content=content)
    assert answer.status_code == 413
    assert not notices.arrived(expected.token)


def called(
    services: Services,
    expected: Expected,
    receive: Callable[[], Awaitable[Message]],
    **changes: str,
) -> int:
    """Call the route with a body that comes as ``receive`` has it; return the status."""
    headers = [(HEADER.lower().encode(), changes.get("secret", expected.secret).encode())]
    path = changes.get("path", expected.url.removeprefix(PUBLIC))
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b""}
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    application = Starlette(routes=[webhooks.route(lambda: services, read_within_s=0.2)])
    with start_blocking_portal() as portal:
        portal.call(application, {**scope, "headers": headers}, receive, send)
    return int(sent[0]["status"])


async def _never() -> Message:
    await anyio.sleep_forever()
    raise AssertionError


async def _unread() -> Message:
    raise AssertionError("nothing is to be read")


def test_a_body_that_never_ends_is_given_up(reachable: Services, notices: ProviderNotices) -> None:
    expected = notices.expect()
    assert called(reachable, expected, _never) == 408
    assert not notices.arrived(expected.token)


def test_nothing_is_read_from_strangers(reachable: Services, notices: ProviderNotices) -> None:
    expected = notices.expect()
    assert called(reachable, expected, _unread, secret="wrong") == 401
    assert called(reachable, expected, _unread, path="/webhooks/assemblyai/unknown") == 404


def test_strangers_turn_no_real_notice_away(service: TestClient, notices: ProviderNotices) -> None:
    expected = notices.expect()
    for n in range(300):
        assert told(service, expected, url=f"{PUBLIC}/webhooks/assemblyai/unknown{n}") == 404
    assert told(service, expected) == 204
    assert notices.arrived(expected.token)


def test_more_than_can_be_looked_up_are_told_to_come_again(
    service: TestClient, notices: ProviderNotices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MAX_WAITING", 0)
    assert told(service, notices.expect()) == 503


def test_a_database_that_can_not_is_told_as_a_reason_to_try_again(
    service: TestClient,
    notices: ProviderNotices,
    reachable: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise StorageError

    expected = notices.expect()
    monkeypatch.setattr(reachable.notices, "arrive", full)
    assert told(service, expected) == 503


def test_without_a_public_address_there_are_no_notices(services: Services) -> None:
    expected = StoredNotices(services.notices, "assemblyai", "http://localhost").expect()
    for client in asked(services, "http://localhost"):
        assert told(client, expected) == 404


def test_nothing_else_is_answered_under_the_public_name(service: TestClient) -> None:
    for place in ("/", "/healthz", "/readyz", "/-/audio/x", "/-/review/x", "/webhooksx"):
        assert service.get(PUBLIC + place).status_code == 421
    assert service.put(f"{PUBLIC}/-/upload").status_code == 421


def test_other_pages_can_not_send_notices(service: TestClient, notices: ProviderNotices) -> None:
    expected = notices.expect()
    headers = {expected.header: expected.secret, "Origin": "https://evil.test"}
    assert service.post(expected.url, headers=headers).status_code == 403
    assert not notices.arrived(expected.token)


def test_secrets_are_kept_as_hashes_only(reachable: Services, notices: ProviderNotices) -> None:
    expected = notices.expect()
    with reachable.engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM provider_notices")).all()
    assert len(rows) == 1
    assert expected.secret not in str(rows)
    assert expected.secret not in repr(expected)


def test_the_provider_waits_for_notices_only_where_it_can_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []

    def provider(*_: object, notices: object, **__: object) -> ScriptedProvider:
        given.append(notices)
        return ScriptedProvider()

    monkeypatch.setattr("services.providers.assemblyai.provider.AssemblyAIProvider", provider)
    for url in (PUBLIC, None):
        services = build_services(Settings(data_dir=tmp_path, public_url=url))
        services.providers.get("assemblyai")
        services.close()
    assert isinstance(given[0], StoredNotices)
    assert given[1:] == [None]
