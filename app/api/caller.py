"""Who asks, and what is there to answer with: what the API's operations depend on."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.wiring import Services
from services.domain.people import User

GetServices = Callable[[], Services]

USER = "partyline.api_user"
"""Under this name the gate leaves who asks, before anything of a request is read."""

_TOLD_IN_DESCRIPTION = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="The token set as PARTYLINE_API_TOKEN, or one that was made on a page.",
)


async def current_api_user(
    request: Request,
    _token: Annotated[HTTPAuthorizationCredentials | None, Security(_TOLD_IN_DESCRIPTION)],
) -> User:
    """Return for whom the token of this request stands; without the gate there is nobody."""
    user: User = request.scope[USER]
    return user


async def services_here(request: Request) -> Services:
    """Return the services of this process."""
    services: Services = request.app.state.get_services()
    return services


ApiUser = Annotated[User, Depends(current_api_user)]
Here = Annotated[Services, Depends(services_here)]
