"""An installation whose API programs may use, emptied after every test."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from app.settings import Settings
from app.wiring import Services, build_services
from services.domain.people import LOCAL_USER
from services.storage.uploads import UploadStore
from tests.unit.app.api.serving import LIMIT, ORG, TOKEN, files, program


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The services of the installation."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("api"),
        scripted_provider=True,
        provider="scripted",
        max_upload_bytes=LIMIT,
        live_in_child=False,
        api_token=SecretStr(TOKEN),
        uploads_open=3,
    )
    built = build_services(settings)
    yield built
    built.close()


@pytest.fixture
def asking(services: Services) -> Iterator[TestClient]:
    """A program that asks it."""
    with program(services) as client:
        yield client
    for row in services.calls.list(ORG):
        services.desk.delete(LOCAL_USER, row.call.id)
    for old in UploadStore(services.engine).unchanged_since(datetime.now(UTC)):
        services.uploads.give_up(replace(LOCAL_USER, org_id=old.org_id), old.id)
    assert files(services) == []
