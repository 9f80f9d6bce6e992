"""Questions about rights that pages and services ask in the same words."""

from dataclasses import replace

from services.domain.errors import AccessDenied
from services.domain.people import Right, User
from services.domain.searching import LineFilter


def may_see_text(user: User, *, redacted: bool) -> bool:
    """Say whether a person may read, or hear, a call whose personal data is taken out or isn't."""
    return redacted or user.may(Right.SEE_UNREDACTED)


def readable(user: User, among: LineFilter | None) -> LineFilter:
    """Return the filter narrowed to lines of calls that a person has to do with and may read."""
    redacted_only = not user.may(Right.SEE_UNREDACTED)
    return replace(among or LineFilter(), within=user.within, redacted_only=redacted_only)


def may_stop_live(user: User, owner: str) -> bool:
    """Say whether a person may end a running call that ``owner`` has begun.

    Its owner may, and whoever may change calls of others. To follow it anybody within reach may.
    """
    return user.id == owner or user.may(Right.EDIT_CALLS)


def check_reaches_all(user: User) -> None:
    """Raise AccessDenied for somebody who has to do with some calls of the organisation only."""
    if not user.reach.all_calls:
        raise AccessDenied("It concerns calls that you have nothing to do with.")
