"""POST /webhooks/{provider}/{token}: a service elsewhere tells that it is done.

Only that is taken: what the request says is thrown away, and whoever waits asks the service itself.
The address is one that a run has just made; the secret that goes with it comes in a header.
"""

import re
import threading
import time
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from app.routes._guard import CLIENT_GONE, GetServices
from services import telemetry
from services.domain.errors import InvalidToken, NotFound, StorageError
from services.jobs.notices import HEADER, PATH

MAX_BODY_BYTES = 64 * 1024
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
BURST = 60
PER_SECOND = 5.0


class Rate:
    """So many requests at once, then so many a second; more are turned away unread.

    A service that is turned away costs nothing but time: whoever waits for it asks by itself.
    """

    def __init__(
        self,
        *,
        burst: int = BURST,
        per_second: float = PER_SECOND,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with the whole burst to spare."""
        self._burst = float(burst)
        self._per_second = per_second
        self._clock = clock
        self._spare = self._burst
        self._at = clock()
        self._lock = threading.Lock()

    def allows_one(self) -> bool:
        """Say whether one more may come now, and count it."""
        with self._lock:
            now = self._clock()
            self._spare = min(self._burst, self._spare + (now - self._at) * self._per_second)
            self._at = now
            if self._spare < 1.0:
                return False
            self._spare -= 1.0
            return True


def route(get_services: GetServices, rate: Rate | None = None) -> Route:
    """Return the route. It needs no page of ours, no cookie and no login, and can do nothing else.

    404 for a notice nobody expects (or no public address is set), 401 for a wrong secret, 413 for
    a large body, 429 for too many.
    """
    rate = rate or Rate()

    async def webhook(request: Request) -> Response:
        if not rate.allows_one():
            return Response(status_code=429, headers={"Retry-After": "10"})
        try:
            if not await _is_small(request):
                return Response(status_code=413)
            return Response(status_code=await run_in_threadpool(_take, get_services, request))
        except ClientDisconnect:
            return Response(status_code=CLIENT_GONE)
        except StorageError as error:
            telemetry.warning("notice.not_stored", error=error.code)
            return Response(status_code=503, headers={"Retry-After": "10"})
        except Exception as error:
            telemetry.fault("route.fault", error, route="webhooks")
            return Response(status_code=500)

    return Route(f"{PATH}/{{provider}}/{{token}}", webhook, methods=["POST"])


def _take(get_services: GetServices, request: Request) -> int:
    """Note that a notice has come; return the status to answer with."""
    services = get_services()
    provider, token = request.path_params["provider"], request.path_params["token"]
    secret = request.headers.get(HEADER, "")
    expected = services.settings.public_url is not None
    if not (expected and NAME.fullmatch(provider) and NAME.fullmatch(token)):
        return 404
    try:
        services.notices.arrive(provider, token, secret)
    except NotFound:
        return 404
    except InvalidToken:
        telemetry.warning("notice.refused")
        return 401
    telemetry.event("notice.arrived")
    return 204


async def _is_small(request: Request) -> bool:
    """Read the body to its end without keeping it; False as soon as it is too large."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > MAX_BODY_BYTES:
        return False
    total = 0
    async for block in request.stream():
        total += len(block)
        if total > MAX_BODY_BYTES:
            return False
    return True
