"""Who may do what beyond reading."""

from services.domain.people import Role, User


def may_hear_original(user: User) -> bool:
    """Say whether a person may ask for a recording whose personal data is not covered.

    Nobody gets it without asking: listeners of redacted calls are given the covered sound.
    """
    return user.role in (Role.SUPERVISOR, Role.ADMIN)
