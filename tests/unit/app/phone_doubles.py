"""What tests of streamed phone calls share: a server on loopback, sound, and what is stored."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.middleware import Middleware

from app.routes import build_routes
from app.security import AllowedHosts, SecurityMiddleware
from app.settings import Settings
from app.wiring import Services, build_services
from emulators.phone_lines import LineSounds, encode
from services.domain.calls import Call
from services.domain.people import LOCAL_USER
from services.storage.audio_vault import Rendition
from services.telephony.streaming.sound import LineSound, from_mulaw

TOKEN = "an account's token"
KEY = "an-api-key"
SECRET = "dGhlIHNlY3JldCBvZiBhIGNsaWVudA=="
WAV_HEADER = 44
WAITS_S = 20.0


def settings(tmp_path: Path, **more: object) -> Settings:
    given = {
        "data_dir": tmp_path,
        "scripted_provider": True,
        "provider": "scripted",
        "live_in_child": False,
        "twilio_auth_token": SecretStr(TOKEN),
        "audiohook_api_key": SecretStr(KEY),
        "audiohook_client_secret": SecretStr(SECRET),
    }
    return Settings(**(given | more))  # type: ignore[arg-type]


@contextmanager
def serving(given: Settings) -> Iterator[tuple[Services, str]]:
    """Serve the routes of an installation while the block runs; with its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    services = build_services(given)
    allowed = AllowedHosts.of(given)
    application = Starlette(
        routes=build_routes(lambda: services, lambda _: {}),
        middleware=[Middleware(SecurityMiddleware, allowed=lambda: allowed)],
    )
    config = uvicorn.Config(
        application, log_config=None, lifespan="off", ws="websockets-sansio",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield services, f"ws://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
        services.close()


def sounds(ms: int, *, agent: bool = True, seed: int = 7) -> LineSounds:
    """Return noise, in which every sample is another one's neighbour only once."""
    dice = np.random.default_rng(seed)
    sides = [encode(dice.integers(-8_000, 8_000, ms * 8).astype(np.int16)) for _ in range(2)]
    return LineSounds(customer=sides[0], agent=sides[1] if agent else None)


def decoded(lines: LineSounds) -> bytes:
    """Return both sides as they must be stored: decoded whole, at 16 kHz."""
    sides = [lines.customer] if lines.agent is None else [lines.customer, lines.agent]
    sound = LineSound(len(sides))
    for track, side in enumerate(sides):
        sound.put(track, 0, from_mulaw(side))
    return sound.ready() + sound.rest()


def wait_until(done: Callable[[], object], within_s: float = WAITS_S) -> None:
    until = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)


def the_call(services: Services) -> Call:
    """Return the one call there is, once it has landed."""
    wait_until(lambda: services.calls.list(LOCAL_USER.org_id))
    [row] = services.calls.list(LOCAL_USER.org_id)
    wait_until(lambda: not services.live.running(LOCAL_USER))
    return services.calls.get(LOCAL_USER.org_id, row.call.id)


def stored_sound(services: Services, call: Call) -> bytes:
    key = services.calls.key(LOCAL_USER.org_id, call.id)
    with services.vault.open(call.id, Rendition.ORIGINAL, key) as file:
        return file.read()[WAV_HEADER:]


@contextmanager
def logged() -> Iterator[list[tuple[str, dict[str, object]]]]:
    """Keep what is logged while the block runs: each event's name and fields."""
    kept: list[tuple[str, dict[str, object]]] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append((record.msg, getattr(record, "fields", {})))

    logger, keeper = logging.getLogger("partyline"), Keeper()
    level = logger.level
    logger.addHandler(keeper)
    logger.setLevel(logging.INFO)
    try:
        yield kept
    finally:
        logger.removeHandler(keeper)
        logger.setLevel(level)


def nothing_is_stored(services: Services) -> bool:
    return not services.live.running(LOCAL_USER) and not services.calls.list(LOCAL_USER.org_id)
