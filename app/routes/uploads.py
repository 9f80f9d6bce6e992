"""PUT /-/upload: takes a recording of any size as a stream.

What is known about the recording (its file name, the options of its run, its details) comes in a
header: addresses end up in the logs of proxies, headers don't.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.routes._body import ABOUT_HEADER, about_recording
from app.routes._guard import GetServices, bearer_grant, guarded
from services.access.tokens import ANY_CALL, Purpose
from services.domain.errors import InvalidRequest, TooLarge
from services.jobs.intake import Incoming

PATH = "/-/upload"
# What is handed to a thread at once: large enough that the handing over costs nothing.
BLOCK_BYTES = 1024 * 1024


def route(get_services: GetServices) -> Route:
    """Return the route."""

    @guarded
    async def upload(request: Request) -> Response:
        services = get_services()
        grant = bearer_grant(request, services, Purpose.UPLOAD, ANY_CALL)
        settings = services.settings
        about = about_recording(request.headers.get(ABOUT_HEADER), settings.default_options)
        limit = settings.max_upload_bytes
        _refuse_oversize(request, limit)
        incoming = await run_in_threadpool(services.intake.begin, grant.user, about.name)
        try:
            await _receive(request, incoming, limit)
            received = await run_in_threadpool(incoming.commit, about.options, about.details)
        finally:
            # Not awaited: a cancelled request must clean up too.
            incoming.abort()
        return JSONResponse(
            {
                "call_id": received.call_id,
                "duplicate": received.duplicate,
                "state": received.state.value,
            },
            status_code=200 if received.duplicate else 201,
            headers={"Cache-Control": "no-store"},
        )

    return Route(PATH, upload, methods=["PUT"])


def _refuse_oversize(request: Request, limit: int) -> None:
    """Refuse before the first byte when the announced size is over the limit."""
    announced = request.headers.get("content-length")
    if announced is None:
        return
    if not announced.isdigit():
        raise InvalidRequest
    if int(announced) > limit:
        raise TooLarge


async def _receive(request: Request, incoming: Incoming, limit: int) -> None:
    """Write the body block by block; at most one block is in memory."""
    block = bytearray()
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total > limit:
            raise TooLarge
        block += chunk
        if len(block) >= BLOCK_BYTES:
            await run_in_threadpool(incoming.write, bytes(block))
            block.clear()
    if block:
        await run_in_threadpool(incoming.write, bytes(block))
