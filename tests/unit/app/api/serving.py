"""What tests of the API share: its token, a program that asks, and what an error looks like."""

from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from app.rate_limits import RateLimits, networks_of
from app.routes import build_routes
from app.security import AllowedHosts, SecurityMiddleware
from app.wiring import Services
from services.domain.people import LOCAL_USER

TOKEN = "a-token-of-an-api-that-is-long-enough"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
API = "/api/v1"
ORG = LOCAL_USER.org_id
LIMIT = 3_000_000


def files(services: Services) -> list[Path]:
    """Return the files of sound that an installation has."""
    return [p for p in (services.settings.data_dir / "audio").rglob("*") if p.is_file()]


def program(services: Any, *, token: str | None = TOKEN, proxies: str = "") -> TestClient:
    """Return a program on this machine that asks an installation with these services."""
    application = Starlette(
        routes=build_routes(lambda: services, lambda _: {}),
        middleware=[
            Middleware(SecurityMiddleware, allowed=AllowedHosts),
            Middleware(RateLimits, per_s=lambda: 0.0, proxies=lambda: networks_of(proxies)),
        ],
    )
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return TestClient(
        application,
        base_url="http://localhost:8501",
        headers=headers,
        client=("127.0.0.1", 50000),
    )


def refusal(answer: httpx.Response, status: int) -> tuple[str, str]:
    """Return code and sentence of an error that was answered with this status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert list(answer.json()) == ["error"]
    told = answer.json()["error"]
    assert told.keys() == {"code", "message", "retryable"}
    assert told["message"].endswith(".")
    return told["code"], told["message"]
