"""GET /-/audio/{call_id}: what the player plays, decrypted range by range."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.routes._guard import GetServices, guarded, query_grant
from app.routes._ranges import ranged_response
from services.access.tokens import Purpose
from services.audio.render import PLAYBACK_MEDIA_TYPE

PATH = "/-/audio/{call_id}"


def route(get_services: GetServices) -> Route:
    """Return the route."""

    @guarded
    async def audio(request: Request) -> Response:
        services = get_services()
        call_id: str = request.path_params["call_id"]
        grant = query_grant(request, services, Purpose.AUDIO, call_id)
        file, size = await run_in_threadpool(services.desk.open_playback, grant.user, call_id)
        return await ranged_response(request, file, size, PLAYBACK_MEDIA_TYPE)

    return Route(PATH, audio)
