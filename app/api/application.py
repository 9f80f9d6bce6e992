"""The API as a whole: its routers, what comes before them, and its own description."""

import re
from collections.abc import Sequence
from functools import cached_property

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from app.api.caller import GetServices
from app.api.calls import calls_router
from app.api.errors import HANDLERS, error_answers
from app.api.gate import DESCRIPTION_PATH, Gate
from app.api.phone import phone_router

API_PATH = "/api/v1"
ABOUT = (
    "Recordings handed in, calls read and searched, and phone calls controlled, by programs. "
    "Each request brings `Authorization: Bearer TOKEN` with "
    "the token that is set as PARTYLINE_API_TOKEN, or one that a person made for themselves or "
    "for a service. Times are integer milliseconds from the beginning of a call, in names that "
    "end in `_ms`; moments are in UTC. An error has one form, "
    "whatever its status: a stable code, one sentence, and whether trying again can help."
)


def build_api(get_services: GetServices) -> Mount:
    """Return the API as a route; services are asked for with each request, never before."""
    mount = Mount(API_PATH, app=_AtFirstRequest(get_services))
    # Otherwise an address with a line break in it would be answered by whoever comes next.
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount


class _AtFirstRequest:
    """The API, put together when it is first asked for: a start doesn't wait for its many forms."""

    def __init__(self, get_services: GetServices) -> None:
        self._get_services = get_services

    @cached_property
    def _api(self) -> FastAPI:
        return _put_together(self._get_services)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """What it answers; asked for by who lists all routes."""
        return self._api.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._api(scope, receive, send)


def _put_together(get_services: GetServices) -> FastAPI:
    api = FastAPI(
        title="Partyline",
        version="1",
        description=ABOUT,
        openapi_url=DESCRIPTION_PATH,
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        responses=error_answers(400, 401, 403, 404, 408, 413, 500, 503),
        exception_handlers=HANDLERS,
        middleware=[Middleware(Gate, get_services=get_services)],
        # Requests hold numbers and names, exceptions may quote them.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    api.state.get_services = get_services
    api.include_router(calls_router())
    api.include_router(phone_router())
    return api


def _operation_id(route: APIRoute) -> str:
    return route.name
