"""PUT /-/upload: takes a recording of any size as a stream.

What is known about the recording (its file name, the options of its run, its details) comes in a
header: addresses end up in the logs of proxies, headers don't.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.api.calls.receiving import (
    aborted_unless_done,
    no_more_than,
    pass_on,
    refuse_oversize,
)
from app.routes._body import ABOUT_HEADER, about_recording
from app.routes._guard import GetServices, bearer_grant, guarded
from app.routes._places import UploadPlaces
from services.access.tokens import ANY_CALL, Purpose

PATH = "/-/upload"


def route(get_services: GetServices) -> Route:
    """Return the route."""
    places = UploadPlaces()

    @guarded
    async def upload(request: Request) -> Response:
        services = get_services()
        grant = bearer_grant(request, services, Purpose.UPLOAD, ANY_CALL)
        settings = services.settings
        about = about_recording(request.headers.get(ABOUT_HEADER), settings.default_options)
        limit = settings.max_upload_bytes
        refuse_oversize(request, limit)
        with places.one(grant.user):
            incoming = await run_in_threadpool(services.intake.begin, grant.user, about.name)
            async with aborted_unless_done(incoming):
                await pass_on(no_more_than(limit, request.stream()), incoming)
                received = await run_in_threadpool(incoming.commit, about.options, about.details)
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
