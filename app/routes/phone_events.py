"""POST /acs/events and /acs/incoming: Azure Communication Services and Event Grid tell of calls.

Who asks is checked before anything is read. What can't be done now is answered by 503, so that it
is told again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps

import anyio
from anyio import CapacityLimiter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.routes._callers import check_no_browser, held_soon, status_of
from app.routes._guard import CLIENT_GONE, GetServices
from services import telemetry
from services.domain.errors import PartylineError, StillInWork
from services.telephony.acs.callers import PhoneCallers
from services.telephony.acs.paths import EVENTS_PATH, INCOMING_PATH
from services.telephony.acs.wire.events import MOST_BODY_BYTES
from services.telephony.acs.wire.incoming import Delivery, allowed_rate
from services.telephony.told import Unreadable

READ_WITHIN_S = 10.0
DONE_AT_ONCE = 16
FETCHED_AT_ONCE = 2
"""A recording takes minutes to fetch, and events of calls are not to wait for it."""
MOST_WAITING = 16
"""So many deliveries at most wait for their recordings to be fetched; others come again."""

Handler = Callable[[Request], Awaitable[Response]]


class _TooLarge(Exception):
    """The body is larger than what is read."""


def routes(get_services: GetServices) -> list[Route]:
    """Return both routes."""
    places, fetching = CapacityLimiter(DONE_AT_ONCE), CapacityLimiter(FETCHED_AT_ONCE)

    @_answered
    async def events(request: Request) -> Response:
        callers = get_services().phone_callers
        authorization = request.headers.get("authorization")
        await anyio.to_thread.run_sync(callers.check_token, authorization, limiter=places)
        for event in callers.events(await _body(request)):
            if event.connection_id and not event.context:
                # It may be about one that is just being opened, and doesn't say which.
                await held_soon(callers, event.connection_id, lambda: callers.may_be_early)
            await anyio.to_thread.run_sync(callers.take_event, event, limiter=places)
        return Response(status_code=200)

    @_answered
    async def incoming(request: Request) -> Response:
        callers = get_services().phone_callers
        callers.check_secret(request.query_params.get("secret"))
        if request.method == "OPTIONS":
            headers = allowed_rate({k.lower(): v for k, v in request.headers.items()})
            return Response(status_code=200 if headers else 400, headers=headers)
        delivery = callers.delivery(await _body(request))
        outcomes = await asyncio.gather(
            anyio.to_thread.run_sync(callers.take_calls, delivery, limiter=places),
            _fetched(callers, delivery, fetching),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if outcome is not None:
                raise outcome
        return JSONResponse(delivery.answer)

    return [
        Route(EVENTS_PATH, events, methods=["POST"]),
        Route(INCOMING_PATH, incoming, methods=["POST", "OPTIONS"]),
    ]


async def _fetched(callers: PhoneCallers, delivery: Delivery, fetching: CapacityLimiter) -> None:
    """Have the recordings of a delivery fetched. Raises as PhoneCallers.take_recordings.

    Whoever delivers doesn't wait for that long, but tells it again, and finds it done.
    """
    if not delivery.recordings:
        return
    if fetching.statistics().tasks_waiting >= MOST_WAITING:
        raise StillInWork
    await anyio.to_thread.run_sync(callers.take_recordings, delivery, limiter=fetching)


def _answered(handler: Handler) -> Handler:
    """Let no browser through, and answer errors by their status alone."""

    @wraps(handler)
    async def answered(request: Request) -> Response:
        try:
            check_no_browser(request)
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
        case PartylineError():
            status, code = status_of(error), error.code
        case Unreadable():
            status, code = 400, ""
        case _TooLarge():
            status, code = 413, ""
        case TimeoutError():
            status, code = 408, ""
        case _:
            status, code = 503, type(error).__name__
    if status == 503:
        telemetry.warning("phone.not_taken", error=code)
    # What was not read is not waited for, either.
    return Response(status_code=status, headers={"Connection": "close"})


async def _body(request: Request) -> bytes:
    """Return the body. Raises _TooLarge, TimeoutError."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > MOST_BODY_BYTES:
        raise _TooLarge
    body = b""
    async with asyncio.timeout(READ_WITHIN_S):
        async for block in request.stream():
            body += block
            if len(body) > MOST_BODY_BYTES:
                raise _TooLarge
    return body
