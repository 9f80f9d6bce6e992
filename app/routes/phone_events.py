"""POST /acs/events and /acs/incoming: Azure Communication Services and Event Grid tell of calls.

Who asks is checked before anything is read. What can't be done now is answered by 503, so that it
is told again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import wraps

import anyio
from anyio import CapacityLimiter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.routes._guard import CLIENT_GONE, GetServices
from app.routes.phone_words import KNOWN_WITHIN_S, LOOK_EVERY_S
from app.wiring import Services
from services import telemetry
from services.domain.errors import (
    AccessDenied,
    CallerRefused,
    InvalidRequest,
    NotFound,
    PartylineError,
)
from services.telephony.acs.paths import EVENTS_PATH, INCOMING_PATH
from services.telephony.acs.wire.events import MOST_BODY_BYTES, PhoneEvent
from services.telephony.acs.wire.incoming import allowed_rate
from services.telephony.told import Unreadable

READ_WITHIN_S = 10.0
DONE_AT_ONCE = 16

Handler = Callable[[Request], Awaitable[Response]]


class _TooLarge(Exception):
    """The body is larger than what is read."""


def routes(get_services: GetServices) -> list[Route]:
    """Return both routes."""
    places = CapacityLimiter(DONE_AT_ONCE)

    @_answered
    async def events(request: Request) -> Response:
        services = get_services()
        authorization = request.headers.get("authorization")
        await anyio.to_thread.run_sync(
            services.phone_callers.check_token, authorization, limiter=places
        )
        for event in services.phone_callers.events(await _body(request)):
            await _early(services, event)
            await anyio.to_thread.run_sync(services.phone_callers.take_event, event, limiter=places)
        return Response(status_code=200)

    @_answered
    async def incoming(request: Request) -> Response:
        callers = get_services().phone_callers
        callers.check_secret(request.query_params.get("secret"))
        if request.method == "OPTIONS":
            headers = allowed_rate({k.lower(): v for k, v in request.headers.items()})
            return Response(status_code=200 if headers else 400, headers=headers)
        body = await _body(request)
        answer = await anyio.to_thread.run_sync(callers.take_delivery, body, limiter=places)
        return JSONResponse(answer)

    return [
        Route(EVENTS_PATH, events, methods=["POST"]),
        Route(INCOMING_PATH, incoming, methods=["POST", "OPTIONS"]),
    ]


def _answered(handler: Handler) -> Handler:
    """Let no browser through, and answer errors by their status alone."""

    @wraps(handler)
    async def answered(request: Request) -> Response:
        try:
            if "origin" in request.headers or "sec-fetch-site" in request.headers:
                raise AccessDenied
            return await handler(request)
        except ClientDisconnect:
            return Response(status_code=CLIENT_GONE)
        except (PartylineError, Unreadable, _TooLarge, TimeoutError) as error:
            return _status(error)
        except Exception as error:
            telemetry.fault("route.fault", error, route="phone")
            return _status(error)

    return answered


def _status(error: Exception) -> Response:
    match error:
        case CallerRefused():
            status = 401
        case AccessDenied():
            status = 403
        case NotFound():
            status = 404
        case Unreadable() | InvalidRequest():
            status = 400
        case _TooLarge():
            status = 413
        case TimeoutError():
            status = 408
        case _:
            status = 503
    if status == 503:
        code = error.code if isinstance(error, PartylineError) else type(error).__name__
        telemetry.warning("phone.not_taken", error=code)
    # What was not read is not waited for, either.
    return Response(status_code=status, headers={"Connection": "close"})


async def _early(services: Services, event: PhoneEvent) -> None:
    """Wait for a call that is just being opened to be known by what the service calls it."""
    callers, until = services.phone_callers, time.monotonic() + KNOWN_WITHIN_S
    while event.connection_id and callers.may_be_early and time.monotonic() < until:
        if callers.find(event.connection_id) is not None:
            return
        await anyio.sleep(LOOK_EVERY_S)


async def _body(request: Request) -> bytes:
    """Return the body. Raises _TooLarge, TimeoutError."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > MOST_BODY_BYTES:
        raise _TooLarge
    body = b""
    async with asyncio.timeout(READ_WITHIN_S):
        async for block in request.stream():
            body += block
            if len(body) > MOST_BODY_BYTES:
                raise _TooLarge
    return body
