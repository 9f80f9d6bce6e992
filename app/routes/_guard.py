"""What every route checks first, and how errors are answered.

The routes get no check of Origin, forged requests or login from Streamlit; all of it is here.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response

from app.statuses import error_response
from app.wiring import Services
from services import telemetry
from services.access.tokens import Grant, Purpose
from services.domain.errors import AccessDenied, InternalFault, InvalidToken, PartylineError

GetServices = Callable[[], Services]
Handler = Callable[[Request], Awaitable[Response]]

FROM_OUR_PAGES = frozenset({"same-origin", "none"})
CLIENT_GONE = 499


def guarded(handler: Handler) -> Handler:
    """Let only requests from our own pages through and answer errors as JSON."""

    @wraps(handler)
    async def guard(request: Request) -> Response:
        try:
            check_same_origin(request)
            return await handler(request)
        except ClientDisconnect:
            return Response(status_code=CLIENT_GONE)
        except PartylineError as error:
            return error_response(error)
        except Exception as error:
            telemetry.fault("route.fault", error, route=request.url.path.split("/")[2])
            return error_response(InternalFault())

    return guard


def check_same_origin(request: HTTPConnection) -> None:
    """Refuse requests that another site's page makes. Raises AccessDenied."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in FROM_OUR_PAGES:
        raise AccessDenied
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise AccessDenied


def query_grant(request: Request, services: Services, purpose: Purpose, subject: str) -> Grant:
    """Return what the address's token grants, for elements that can't send headers.

    Raises InvalidToken.
    """
    token = request.query_params.get("token", "")
    return from_there(request, services.tokens.check(token, purpose, subject))


def bearer_grant(request: Request, services: Services, purpose: Purpose, subject: str) -> Grant:
    """Return what the token in the Authorization header grants. Raises InvalidToken."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise InvalidToken
    return from_there(request, services.tokens.check(token.strip(), purpose, subject))


def from_there(connection: HTTPConnection, grant: Grant) -> Grant:
    """Return the grant of somebody whose request came from where this one does, for the audit."""
    peer = connection.client
    user = replace(grant.user, address=peer.host if peer else None)
    return replace(grant, user=user)
