"""An installation that takes phone calls over real sockets, an emulated service beside it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from pydantic import SecretStr
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.middleware import Middleware

from app.routes import build_routes
from app.security import AllowedHosts, SecurityMiddleware
from app.settings import Settings
from app.wiring import Services, build_services
from emulators.acs.plans import CallPlan
from emulators.acs.server import AcsEmulator
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import NotFound
from services.domain.live_calls import RunningCall
from services.domain.people import LOCAL_USER, User
from services.storage.live_tables import LIVE_CALLS
from services.telephony.acs.orders import PhoneOrder
from services.telephony.acs.wire.wishes import PhoneWish

WITHIN_S = 30.0
NUMBER = "+14255550123"
EVENT_SECRET = "a-secret-of-24-characters"
SPEECH = "https://speech.example.org"


@dataclass
class PhoneInstallation:
    """The services, the emulated service, and where both reach each other."""

    services: Services
    service: AcsEmulator
    address: str
    told: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def order(self, *, redact: bool = False, **wish: Any) -> PhoneOrder:
        return PhoneOrder(
            name="A call",
            options=ProcessingOptions(provider="acs", redact=redact),
            details=CallDetails(),
            wish=PhoneWish(**{"locales": ("en-US",), "sentiment": True, **wish}),
        )

    def place(self, user: User = LOCAL_USER, **wanted: Any) -> RunningCall:
        running = self.services.phone.place(user, NUMBER, self.order(**wanted))
        self.follow(running.id)
        return running

    def follow(self, call_id: str) -> None:
        told = self.told.setdefault(call_id, [])
        _, following = self.services.live.follow(LOCAL_USER, call_id, 0, told.append)
        told[:0] = following.history

    def kinds(self, call_id: str) -> list[str]:
        return [one["type"] for one in list(self.told[call_id])]

    def of(self, call_id: str, kind: str) -> list[dict[str, Any]]:
        return [one for one in list(self.told[call_id]) if one["type"] == kind]

    def unfinished(self, call_id: str) -> set[str]:
        """Return the lines that were begun and are not final."""
        finals = {one["id"] for one in self.of(call_id, "final")}
        return {one["id"] for one in self.of(call_id, "partial")} - finals

    def wait(self, condition: Callable[[], object], within_s: float = WITHIN_S) -> None:
        until = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < until, "it didn't happen"
            time.sleep(0.02)

    def rows(self) -> list[str]:
        """Return the ids of all rows, also of calls that the service was only asked for."""
        with self.services.engine.connect() as connection:
            return list(connection.execute(select(LIVE_CALLS.c.id)).scalars())

    def has_landed(self, call_id: str) -> bool:
        try:
            self.services.calls.get(LOCAL_USER.org_id, call_id)
        except NotFound:
            return False
        return True


@contextmanager
def phones(
    folder: Path, *plans: CallPlan, live_in_child: bool = False, **settings: Any
) -> Iterator[PhoneInstallation]:
    """Serve an installation whose telephone service is emulated while the block runs."""
    with AcsEmulator(*plans) as service, _port() as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        given = acs_settings(service, address) | settings
        built = Settings(data_dir=folder, live_in_child=live_in_child, **given)
        with serving(built, listener) as services:
            yield PhoneInstallation(services, service, address)
            service.stop()


def acs_settings(service: AcsEmulator, address: str) -> dict[str, Any]:
    """Return the settings that lead an installation to the emulated service and back."""
    return {
        "scripted_provider": True,
        "acs_endpoint": service.endpoint,
        "acs_access_key": SecretStr(service.key),
        "acs_resource_id": service.issuer.audience,
        "acs_token_issuer": service.endpoint,
        "acs_speech_endpoint": SPEECH,
        "acs_caller_number": "+14255550100",
        "phone_prefix_list": "+1425, +44",
        "acs_event_secret": SecretStr(EVENT_SECRET),
        "public_url": address,
    }


@contextmanager
def serving(settings: Settings, listener: socket.socket) -> Iterator[Services]:
    """Serve the routes of this installation on a socket while the block runs."""
    services = build_services(settings)
    allowed = AllowedHosts.of(settings)
    application = Starlette(
        routes=build_routes(lambda: services, lambda _: {}),
        middleware=[Middleware(SecurityMiddleware, allowed=lambda: allowed)],
    )
    config = uvicorn.Config(application, log_config=None, lifespan="off", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    services.live_keeper.start()
    try:
        yield services
    finally:
        server.should_exit = True
        thread.join()
        services.close()


@contextmanager
def _port() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        yield listener
