"""Tokens by which programs use the HTTP API: whose they are and what they may do."""

from dataclasses import dataclass, field
from datetime import datetime

from services.domain.people import Reach, Right, Role, User


@dataclass(frozen=True, kw_only=True)
class ApiToken:
    """A token as it is kept: without its secret, of which there is only a hash.

    With a ``person_id`` it stands for that person and does at most what they may at the time; else
    it stands for the service that ``name`` names. ``prefix`` is how the secret begins, to tell
    tokens apart by.
    """

    id: str
    org_id: str
    name: str
    person_id: str | None
    prefix: str
    secret_hash: str = field(repr=False)
    role: Role
    rights: frozenset[Right]
    reach: Reach
    made_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Say whether it counts no more."""
        return self.revoked_at is not None or self.expires_at <= now

    @property
    def service(self) -> User:
        """The service that it stands for, as services ask about it."""
        return User(
            id=f"token:{self.id}",
            name=self.name,
            org_id=self.org_id,
            role=self.role,
            reach=self.reach,
            rights=self.rights,
        )


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """A token just made, with the secret that is shown this once."""

    token: ApiToken
    secret: str = field(repr=False)
