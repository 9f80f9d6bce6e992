"""From where requests come, as the audit is told: of pages, and of the routes beside them."""

from types import SimpleNamespace

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.rate_limits import RateLimits, networks_of
from app.routes._guard import from_there
from app.session import process
from services.access.tokens import Grant, Purpose
from services.domain.people import LOCAL_USER

GRANT = Grant(purpose=Purpose.AUDIO, subject="c1", user=LOCAL_USER, session="s", expires_at_s=2**31)


def test_a_route_notes_whom_the_proxy_asks_for() -> None:
    async def route(request: Request) -> PlainTextResponse:
        return PlainTextResponse(from_there(request, GRANT).user.address or "")

    proxies = networks_of("10.0.0.0/8")
    limits = Middleware(RateLimits, per_s=lambda: 0.0, proxies=lambda: proxies)
    application = Starlette(routes=[Route("/", route)], middleware=[limits])
    for client, noted in (("10.0.0.1", "198.51.100.1"), ("203.0.113.9", "203.0.113.9")):
        asking = TestClient(application, client=(client, 1))
        assert asking.get("/", headers={"X-Forwarded-For": "198.51.100.1"}).text == noted


@pytest.mark.parametrize(
    ("told", "noted"), [("198.51.100.1", "198.51.100.1"), (None, "this machine")]
)
def test_a_page_notes_what_the_framework_tells(
    monkeypatch: pytest.MonkeyPatch, told: str | None, noted: str
) -> None:
    monkeypatch.setattr(st, "context", SimpleNamespace(ip_address=told))
    monkeypatch.setattr(process, "has_login", lambda: False)
    assert process.current_user() == LOCAL_USER
    assert (process.current_user().address, process.admit().address) == (noted, noted)
