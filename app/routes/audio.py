"""GET /-/audio/{call_id}: what the player plays, decrypted range by range.

``download`` in the query makes browsers save it.
``/original`` gives the recording as it came in, to whoever holds a token of that very purpose.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.ranges import ranged_response
from app.routes._guard import GetServices, guarded, query_grant
from services.access.tokens import Purpose
from services.audio.render import PLAYBACK_MEDIA_TYPE, PLAYBACK_SUFFIX
from services.exports.formats import file_name

PATH = "/-/audio/{call_id}"
ORIGINAL_PATH = "/-/audio/{call_id}/original"


def route(get_services: GetServices) -> Route:
    """Return the route to what people hear: of a redacted call, the covered sound."""

    @guarded
    async def audio(request: Request) -> Response:
        services = get_services()
        call_id: str = request.path_params["call_id"]
        grant = query_grant(request, services, Purpose.AUDIO, call_id)
        file, size = await run_in_threadpool(services.desk.open_playback, grant.user, call_id)
        name = None
        if "download" in request.query_params:
            call = await run_in_threadpool(services.browsing.get, grant.user, call_id)
            name = file_name(call.source_name, PLAYBACK_SUFFIX)
        return await ranged_response(request, file, size, PLAYBACK_MEDIA_TYPE, save_as=name)

    return Route(PATH, audio)


def original_route(get_services: GetServices) -> Route:
    """Return the route to the recording as it came in."""

    @guarded
    async def original(request: Request) -> Response:
        services = get_services()
        call_id: str = request.path_params["call_id"]
        grant = query_grant(request, services, Purpose.ORIGINAL, call_id)
        file, size, media_type = await run_in_threadpool(
            services.desk.open_original, grant.user, call_id
        )
        return await ranged_response(request, file, size, media_type)

    return Route(ORIGINAL_PATH, original)
