"""Recordings that break off on their way into a bucket which doesn't answer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import anyio
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from app.routes import build_routes
from app.settings import Settings
from app.wiring import Services, build_services
from emulators.s3 import S3Server
from services.storage.objects import PART_BYTES, ObjectWriter
from tests.unit.app.api.serving import BEARER
from tests.unit.app.conftest import bearer

SENT = b"x" * (2 * PART_BYTES + 1)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory, s3: S3Server) -> Iterator[Services]:
    """An installation that keeps its recordings in a bucket."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("bucket"),
        scripted_provider=True,
        live_in_child=False,
        api_token=SecretStr(BEARER["Authorization"].removeprefix("Bearer ")),
        storage=s3.url("calls"),
        aws_endpoint=s3.address,
        aws_access_key_id=SecretStr(s3.credentials.key_id),
        aws_secret_access_key=SecretStr(s3.credentials.secret),
        aws_region=s3.credentials.region,
    )
    built = build_services(settings)
    yield built
    built.close()


async def ask(app: Any, method: str, path: str, headers: dict[str, str], coming: list[Any]) -> int:
    """Make a request that brings these messages; return the answer's status, 0 without one."""
    answers: list[Any] = []

    async def receive() -> Any:
        return coming.pop(0)

    async def send(message: Any) -> None:
        answers.append(message)

    named = {"host": "localhost", **headers}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in named.items()],
    }
    await app(scope, receive, send)
    return int(answers[0]["status"]) if answers else 0


@pytest.mark.parametrize(("method", "path"), [("PUT", "/-/upload"), ("POST", "/api/v1/calls")])
def test_others_are_answered_while_a_bucket_is_told_to_forget(
    services: Services, s3: S3Server, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    begun, ended = Event(), Event()
    abort = ObjectWriter.abort

    def told(writer: ObjectWriter) -> None:
        if writer._writer is None:
            return
        s3.stall(20.0, methods=["DELETE"])
        begun.set()
        abort(writer)
        ended.set()

    monkeypatch.setattr(ObjectWriter, "abort", told)
    app = Starlette(routes=build_routes(lambda: services, lambda _: {}))
    coming = [
        {"type": "http.request", "body": SENT, "more_body": True},
        {"type": "http.disconnect"},
    ]
    headers = bearer(services) if method == "PUT" else BEARER

    async def both() -> int:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, app, method, path, headers, coming)
            assert await anyio.to_thread.run_sync(begun.wait, 60)
            status = await ask(app, "GET", "/healthz", {}, [{"type": "http.request"}])
            assert not ended.is_set()
            s3.heal()
        return status

    # A thread of its own: in this one another test's browser may keep a loop.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(anyio.run, both).result() == 200
    assert ended.wait(60)
    assert s3.uploads() == []
    assert s3.keys("calls") == []
