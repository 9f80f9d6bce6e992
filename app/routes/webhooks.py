"""POST /webhooks/{provider}/{token}: a service elsewhere tells that it is done.

Only that is taken: what the request says is thrown away, and whoever waits asks the service itself.
The address is one that a run has just made; the secret that goes with it comes in a header. Both
are looked at before anything is read, so that only who knows them is waited for.
"""

import asyncio
import re
from collections.abc import Callable

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from app.routes._guard import CLIENT_GONE, GetServices
from services import telemetry
from services.domain.errors import InvalidToken, NotFound, StorageError
from services.jobs.notices import HEADER, PATH

MAX_BODY_BYTES = 64 * 1024
READ_WITHIN_S = 10.0
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Strangers' notices are looked up, too: these few at once, so that they take no thread from the
# other routes. No stranger can use up what a real notice needs: it waits for a few short queries.
LOOKED_UP_AT_ONCE = 2
MAX_WAITING = 200


class _Refused(Exception):
    """The notice is answered with this status."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        # What was not read is not waited for, either.
        self.response = Response(
            status_code=status, headers={**(headers or {}), "Connection": "close"}
        )


def route(get_services: GetServices, *, read_within_s: float = READ_WITHIN_S) -> Route:
    """Return the route. It needs no page of ours, no cookie and no login, and can do nothing else.

    404 for a notice nobody expects (or no public address is set), 401 for a wrong secret; then 413
    for a large body, 408 for one that doesn't come to its end in time. 503 when it can't be looked
    up at the moment.
    """
    places = CapacityLimiter(LOOKED_UP_AT_ONCE)

    async def webhook(request: Request) -> Response:
        try:
            if places.statistics().tasks_waiting >= MAX_WAITING:
                raise _Refused(503, {"Retry-After": "10"})
            await to_thread.run_sync(_check, get_services, request, limiter=places)
            await _read_to_end(request, read_within_s)
            await to_thread.run_sync(_take, get_services, request)
        except _Refused as refused:
            return refused.response
        except ClientDisconnect:
            return Response(status_code=CLIENT_GONE)
        except StorageError as error:
            telemetry.warning("notice.not_stored", error=error.code)
            return Response(status_code=503, headers={"Retry-After": "10"})
        except Exception as error:
            telemetry.fault("route.fault", error, route="webhooks")
            return Response(status_code=500)
        telemetry.event("notice.arrived")
        return Response(status_code=204)

    return Route(f"{PATH}/{{provider}}/{{token}}", webhook, methods=["POST"])


def _check(get_services: GetServices, request: Request) -> None:
    """Raise _Refused unless this notice is expected and brings its secret."""
    services = get_services()
    provider, token = request.path_params["provider"], request.path_params["token"]
    expected = services.settings.public_url is not None
    if not (expected and NAME.fullmatch(provider) and NAME.fullmatch(token)):
        raise _Refused(404)
    _do(services.notices.check, request)


def _take(get_services: GetServices, request: Request) -> None:
    """Note that a notice has come; meanwhile nobody may expect it any more."""
    _do(get_services().notices.arrive, request)


def _do(step: Callable[[str, str, str], None], request: Request) -> None:
    places = request.path_params
    try:
        step(places["provider"], places["token"], request.headers.get(HEADER, ""))
    except NotFound:
        raise _Refused(404) from None
    except InvalidToken:
        telemetry.warning("notice.refused")
        raise _Refused(401) from None


async def _read_to_end(request: Request, within_s: float) -> None:
    """Read the body without keeping it. Raises _Refused as soon as it is too large or too slow."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > MAX_BODY_BYTES:
        raise _Refused(413)
    total = 0
    try:
        async with asyncio.timeout(within_s):
            async for block in request.stream():
                total += len(block)
                if total > MAX_BODY_BYTES:
                    raise _Refused(413)
    except TimeoutError:
        raise _Refused(408) from None
