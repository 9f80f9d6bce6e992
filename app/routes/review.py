"""GET /-/review/{call_id}: what the transcript component shows, as JSON."""

import json
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.routes._guard import GetServices, guarded, query_grant
from services.access.tokens import Purpose
from services.domain.people import User
from services.domain.reviewed import ReviewedCall

PATH = "/-/review/{call_id}"


ReviewPayload = Callable[[ReviewedCall], object]


def route(get_services: GetServices, payload: ReviewPayload) -> Route:
    """Return the route; ``payload`` gives what the component wants to know of a call."""

    @guarded
    async def review(request: Request) -> Response:
        services = get_services()
        call_id: str = request.path_params["call_id"]
        grant = query_grant(request, services, Purpose.REVIEW, call_id)

        def body(user: User) -> bytes:
            shown = payload(services.review.load(user, call_id))
            return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()

        return Response(
            await run_in_threadpool(body, grant.user),
            media_type="application/json",
            headers={"Cache-Control": "private, no-store"},
        )

    return Route(PATH, review)
