"""Questions about rights that pages and services ask in the same words."""

from services.domain.errors import AccessDenied
from services.domain.people import Right, User


def may_hear_original(user: User) -> bool:
    """Say whether a person may ask for a recording whose personal data is not covered.

    Nobody gets it without asking: listeners of redacted calls are given the covered sound.
    """
    return user.may(Right.HEAR_ORIGINAL)


def may_change(user: User) -> bool:
    """Say whether a person may change what everybody of the organisation works with.

    That is rules, scorecards, vocabulary and known voices.
    """
    return user.may(Right.MANAGE_RULES)


def check_may_change(user: User) -> None:
    """Raise AccessDenied for somebody who may only read."""
    if not may_change(user):
        raise AccessDenied


def may_operate(user: User) -> bool:
    """Say whether a person may look after what all organisations share: workers and queues."""
    return user.may(Right.OPERATE)


def check_may_operate(user: User) -> None:
    """Raise AccessDenied for somebody who may not look after workers and queues."""
    if not may_operate(user):
        raise AccessDenied


def may_stop_live(user: User, owner: str) -> bool:
    """Say whether a person may end a running call that ``owner`` has begun.

    Its owner may, and whoever may change calls of others. To follow it anybody within reach may.
    """
    return user.id == owner or user.may(Right.EDIT_CALLS)
