"""Making and revoking tokens of the HTTP API: one's own, and those of services."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from services.access.api_tokens import hash_of
from services.access.authority import Authority
from services.access.claims import MOST_NAME_CHARS
from services.access.people import is_within
from services.domain.acts import Act
from services.domain.api_tokens import ApiToken, NewToken
from services.domain.errors import AccessDenied, ApiTokenNotFound, InvalidRequest
from services.domain.ids import new_id
from services.domain.people import Reach, Right, Role, User

MARK = "ply_"
"""How every secret begins, so that one that leaks is recognised."""
SECRET_BYTES = 32
PREFIX_CHARS = 12
DEFAULT_DAYS = 90
MOST_DAYS = 730


class TokenStore(Protocol):
    """Where tokens are kept."""

    def add(self, token: ApiToken) -> None:
        """Add a token."""

    def get(self, org_id: str, token_id: str) -> ApiToken:
        """Return a token. Raises ApiTokenNotFound."""

    def list(self, org_id: str) -> list[ApiToken]:
        """Return the tokens of an organisation, the newest first."""

    def revoke(self, org_id: str, token_id: str, at: datetime) -> bool:
        """Have a token count no more; return whether it counted. Raises ApiTokenNotFound."""


class TokenDesk:
    """Makes, lists and revokes tokens. Safe across threads."""

    def __init__(
        self,
        store: TokenStore,
        authority: Authority,
        made: Callable[[], None] = lambda: None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep tokens here; tell ``made`` that there is one more."""
        self._store = store
        self._made = made
        self._authority = authority
        self._now = now

    def mine(self, user: User) -> list[ApiToken]:
        """Return the person's own tokens, the newest first."""
        return [t for t in self._store.list(user.org_id) if t.person_id == user.id]

    def others(self, user: User) -> list[ApiToken]:
        """Return all other tokens of the organisation. Raises AccessDenied."""
        self._authority.allow(user, Act.PEOPLE_SEEN, "tokens")
        return [t for t in self._store.list(user.org_id) if t.person_id != user.id]

    def add_mine(self, user: User, name: str, role: Role, days: int = DEFAULT_DAYS) -> NewToken:
        """Make a token that does, as this person, at most what the role allows them.

        Raises InvalidRequest.
        """
        rights = role.rights & _rights_of(user)
        return self._add(user, name, days, person=user, role=role, rights=rights, reach=user.reach)

    def add_service(
        self, user: User, name: str, role: Role, reach: Reach, days: int = DEFAULT_DAYS
    ) -> NewToken:
        """Make a token for a service. Raises AccessDenied, InvalidRequest.

        It gets no right and no call that the person hasn't got.
        """
        may_give = role.rights <= _rights_of(user) and is_within(reach, user.reach)
        if not (user.may(Right.MANAGE_PEOPLE) and may_give):
            self._authority.refuse(user, Act.TOKENS_CHANGED)
            raise AccessDenied("Nobody gives what they haven't got themselves.")
        return self._add(user, name, days, person=None, role=role, rights=role.rights, reach=reach)

    def revoke(self, user: User, token_id: str) -> None:
        """Have a token count no more: one's own, or any with the right to manage people.

        Raises ApiTokenNotFound.
        """
        try:
            token = self._store.get(user.org_id, token_id)
        except ApiTokenNotFound:
            self._authority.refuse(user, Act.TOKENS_CHANGED, token_id)
            raise
        if token.person_id != user.id and not user.may(Right.MANAGE_PEOPLE):
            self._authority.refuse(user, Act.TOKENS_CHANGED, token_id)
            raise ApiTokenNotFound
        self._authority.note(user, Act.TOKENS_CHANGED, token_id, change="revoked")
        self._store.revoke(user.org_id, token_id, self._now())

    def _add(
        self,
        user: User,
        name: str,
        days: int,
        *,
        person: User | None,
        role: Role,
        rights: frozenset[Right],
        reach: Reach,
    ) -> NewToken:
        called = name.strip()
        if not called or len(called) > MOST_NAME_CHARS:
            raise InvalidRequest("Name what the token is for, in 200 characters at most.")
        if not 1 <= days <= MOST_DAYS:
            raise InvalidRequest(f"A token lasts from 1 to {MOST_DAYS} days.")
        secret, now = MARK + secrets.token_urlsafe(SECRET_BYTES), self._now()
        token = ApiToken(
            id=new_id(),
            org_id=user.org_id,
            name=called,
            person_id=None if person is None else person.id,
            prefix=secret[:PREFIX_CHARS],
            secret_hash=hash_of(secret),
            role=role,
            rights=rights,
            reach=reach,
            made_by=user.id,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        self._authority.note(
            user, Act.TOKENS_CHANGED, token.id, change="added", role=role.value, days=days
        )
        self._store.add(token)
        self._made()
        return NewToken(token=token, secret=secret)


def _rights_of(user: User) -> frozenset[Right]:
    return user.role.rights if user.rights is None else user.rights
