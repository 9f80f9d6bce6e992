"""``partyline tokens``: by which services use the HTTP API."""

from datetime import UTC, datetime

from app.commands.console import operator, say
from app.commands.people import Wished
from app.settings import load_settings
from app.wiring import build_access_desks
from services.access.people import GivenAccess
from services.domain.api_tokens import ApiToken
from services.domain.people import Role


def write_tokens(org: str | None) -> None:
    """Write which tokens there are."""
    settings = load_settings()
    _, desk = build_access_desks(settings)
    user = operator(settings, org)
    found = [*desk.others(user), *desk.mine(user)]
    for token in found:
        print(_line(token))
    if not found:
        print("There is no token.")


def add_token(org: str | None, name: str, wished: Wished, days: int) -> None:
    """Make a token for a service; its secret goes to standard output, alone.

    Raises InvalidRequest.
    """
    settings = load_settings()
    _, desk = build_access_desks(settings)
    access = wished.over(GivenAccess(role=Role.VIEWER))
    made = desk.add_service(operator(settings, org), name, access.role, access.reach, days)
    say(_line(made.token))
    print(made.secret)


def revoke_token(org: str | None, token_id: str) -> None:
    """Have a token count no more. Raises ApiTokenNotFound."""
    settings = load_settings()
    _, desk = build_access_desks(settings)
    desk.revoke(operator(settings, org), token_id)
    print(f"{token_id}: revoked")


def _line(token: ApiToken) -> str:
    is_over = token.is_over(datetime.now(UTC))
    state = "revoked" if token.revoked_at else "ended" if is_over else "counts"
    used = f"{token.used_at:%Y-%m-%d}" if token.used_at else "never"
    whose = "service" if token.person_id is None else "person"
    return (
        f"{token.id}  {token.prefix}…  {token.name}  {whose}  {token.role.value}  {state}"
        f"  until {token.expires_at:%Y-%m-%d}  used {used}"
    )
