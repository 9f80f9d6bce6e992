"""An installation in a temporary folder, and a browser that speaks to its routes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from app.routes import build_routes
from app.security import AllowedHosts, SecurityMiddleware
from app.settings import Settings
from app.wiring import Services, build_services
from services.access.tokens import ANY_CALL, Purpose
from services.domain.people import LOCAL_USER, Role, User
from tests.forked_command import ForkedCommands, forked_commands

STRANGER = User(id="mallory", name="Mallory", org_id="elsewhere", role=Role.ADMIN)
LIMIT = 3_000_000


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    settings = Settings(
        data_dir=tmp_path, scripted_provider=True, max_upload_bytes=LIMIT, live_in_child=False
    )
    built = build_services(settings)
    yield built
    built.close()


@pytest.fixture
def client(services: Services) -> Iterator[TestClient]:
    application = Starlette(
        routes=build_routes(lambda: services, lambda reviewed: {"call": reviewed.call.id}),
        middleware=[Middleware(SecurityMiddleware, allowed=AllowedHosts)],
    )
    with TestClient(application, base_url="http://localhost:8501") as client:
        yield client


@pytest.fixture
def uploader(services: Services) -> dict[str, str]:
    """Return the headers of a session that may upload."""
    return bearer(services)


def bearer(services: Services, user: User = LOCAL_USER, ttl_s: int = 60) -> dict[str, str]:
    token = services.tokens.issue(Purpose.UPLOAD, ANY_CALL, user=user, session="s", ttl_s=ttl_s)
    return {"Authorization": f"Bearer {token}"}


def query(
    services: Services,
    purpose: Purpose,
    call_id: str,
    *,
    user: User = LOCAL_USER,
    ttl_s: int = 60,
) -> dict[str, str]:
    """Return the query that opens one call for one purpose."""
    token = services.tokens.issue(purpose, call_id, user=user, session="s", ttl_s=ttl_s)
    return {"token": token}


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedCommands]:
    """Run ``partyline`` in processes of its own that needn't load its modules."""
    with forked_commands(tmp_path_factory.mktemp("commands")) as commands:
        yield commands
