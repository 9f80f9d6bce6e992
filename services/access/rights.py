"""Who may do what beyond reading."""

from services.domain.errors import AccessDenied
from services.domain.people import Role, User


def may_hear_original(user: User) -> bool:
    """Say whether a person may ask for a recording whose personal data is not covered.

    Nobody gets it without asking: listeners of redacted calls are given the covered sound.
    """
    return user.role in (Role.SUPERVISOR, Role.ADMIN)


def may_change(user: User) -> bool:
    """Say whether a person may change what everybody of the organisation works with.

    That is rules, scorecards and their answers, vocabulary, known voices, stored summaries, and
    whether a call is there at all.
    """
    return user.role is not Role.VIEWER


def check_may_change(user: User) -> None:
    """Raise AccessDenied for somebody who may only read."""
    if not may_change(user):
        raise AccessDenied


def may_operate(user: User) -> bool:
    """Say whether a person may look after what all organisations share: workers and queues."""
    return user.role is Role.ADMIN


def check_may_operate(user: User) -> None:
    """Raise AccessDenied for somebody who may not look after workers and queues."""
    if not may_operate(user):
        raise AccessDenied


def may_stop_live(user: User, owner: str) -> bool:
    """Say whether a person may end a running call that ``owner`` has begun.

    Its owner may, and whoever watches over calls. To follow it anybody of the organisation may.
    """
    return user.id == owner or user.role in (Role.SUPERVISOR, Role.ADMIN)
