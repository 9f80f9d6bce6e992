"""A service tells this server that it is done: emulator, routes and worker, over real sockets."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn
from pydantic import SecretStr
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware

from app.routes import build_routes
from app.security import AllowedHosts, SecurityMiddleware
from app.settings import Settings
from app.wiring import Services, build_services, build_worker
from emulators.assemblyai.http import AssemblyAIEmulator
from emulators.assemblyai.http_requests import Place
from services.domain.calls import FINISHED_STATES, CallDetails, CallState, ProcessingOptions
from services.domain.people import LOCAL_USER
from tests.unit.jobs.conftest import tone

WITHIN_S = 60.0
OPTIONS = ProcessingOptions(provider="assemblyai", redact=False)


@contextmanager
def serving(settings: Settings, listener: socket.socket) -> Iterator[Services]:
    """Serve the routes of this installation on a socket while the block runs."""
    services = build_services(settings)
    allowed = AllowedHosts.of(settings)
    application = Starlette(
        routes=build_routes(lambda: services, lambda _: {}),
        middleware=[Middleware(SecurityMiddleware, allowed=lambda: allowed)],
    )
    server = uvicorn.Server(uvicorn.Config(application, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield services
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
        services.close()


@pytest.fixture
def emulator() -> Iterator[AssemblyAIEmulator]:
    with AssemblyAIEmulator(key="k", processing_s=1.5) as emulator:
        yield emulator


def ended(services: Services, call_id: str) -> CallState:
    deadline = time.monotonic() + WITHIN_S
    while True:
        state = services.desk.progress(LOCAL_USER, [call_id])[call_id].state
        if state in FINISHED_STATES:
            return state
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_notice_ends_the_waiting_and_the_copy_goes_with_the_call(
    tmp_path: Path, emulator: AssemblyAIEmulator
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    settings = Settings(
        data_dir=tmp_path / "data",
        assemblyai_api_key=SecretStr("k"),
        assemblyai_base_url=emulator.base_url,
        public_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
    )
    with serving(settings, listener) as services:
        with services.intake.begin(LOCAL_USER, "call.wav") as incoming:
            incoming.write(tone(6.0))
            call_id = incoming.commit(OPTIONS, CallDetails()).call_id
        worker = build_worker(settings, "local", stopping=lambda: False)
        with worker.running():
            assert ended(services, call_id) is CallState.READY
            worker.wait_until_idle(WITHIN_S)
            assert [sent.status for sent in emulator.webhooks] == [204]
            assert emulator.count(Place.POLL) == 1
            with services.engine.connect() as connection:
                assert connection.execute(text("SELECT * FROM provider_notices")).all() == []
            [job] = emulator.jobs.values()
            assert not job.is_deleted
            services.desk.delete(LOCAL_USER, call_id)
            assert worker.copies.sweep() == 1
            assert job.is_deleted


def test_another_steps_in_for_a_service_that_is_not_there(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "data",
        assemblyai_api_key=SecretStr("k"),
        assemblyai_base_url="http://127.0.0.1:9",
        scripted_provider=True,
    )
    options = replace(OPTIONS, fallback=("scripted",))
    services = build_services(settings)
    with services.intake.begin(LOCAL_USER, "call.wav") as incoming:
        incoming.write(tone(6.0))
        call_id = incoming.commit(options, CallDetails()).call_id
    worker = build_worker(settings, "local", stopping=lambda: False)
    with worker.running():
        assert ended(services, call_id) is CallState.READY
        worker.wait_until_idle(WITHIN_S)
        shown = services.review.load(LOCAL_USER, call_id).transcript
    assert shown.provider == "scripted"
    assert shown.stages["fallback"].startswith("AssemblyAI could not be reached; ")
    services.close()
