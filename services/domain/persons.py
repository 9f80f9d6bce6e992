"""People whom an installation knows: who they are, what they were given, how they are signed in."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.domain.people import EVERY_CALL, Reach, Right, Role, User


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who the sign-in service says somebody is.

    ``issuer`` and ``subject`` together are one person for good. ``email`` is None unless the
    service has verified that it is theirs.
    """

    issuer: str
    subject: str
    name: str
    email: str | None = None

    @property
    def key(self) -> str:
        """What stands for the person in rows: a hash, the same at every sign-in."""
        return hashed(self.issuer, self.subject)


@dataclass(frozen=True, kw_only=True)
class Person:
    """One whom somebody gave access, or whom the sign-in service's claims give it.

    ``identity`` is None until the first sign-in of a person who was added by their e-mail address.
    ``beside`` are rights beside those of the role. What ``by_claims`` decide is decided anew with
    each sign-in; once a person of ours changes it, it stays as it is.
    """

    id: str
    org_id: str
    name: str
    role: Role
    identity: str | None = None
    email: str | None = None
    beside: frozenset[Right] = frozenset()
    reach: Reach = EVERY_CALL
    by_claims: bool = False
    created_at: datetime
    disabled_at: datetime | None = None
    signed_out_at: datetime | None = None
    seen_at: datetime | None = None

    @property
    def rights(self) -> frozenset[Right]:
        """What the person may do."""
        return self.role.rights | self.beside

    @property
    def user(self) -> User:
        """The person as services ask about them."""
        return User(
            id=self.id,
            name=self.name,
            org_id=self.org_id,
            role=self.role,
            reach=self.reach,
            rights=self.rights if self.beside else None,
        )


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """One time somebody signed in, with one browser."""

    id: str
    person_id: str
    org_id: str
    began_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None


def is_from_before(began_at: datetime, signed_out_at: datetime | None) -> bool:
    """Say whether a sign-in began before its person was signed out everywhere.

    What the sign-in service tells has no fractions of a second.
    """
    return signed_out_at is not None and began_at < signed_out_at.replace(microsecond=0)


def hashed(*parts: str) -> str:
    """Return what stands for these texts, in this order, as 64 characters."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def named_rights(names: Iterable[str]) -> frozenset[Right]:
    """Return the rights of these names; what an older or newer version called one is none."""
    known = {right.value for right in Right}
    return frozenset(Right(name) for name in names if name in known)
