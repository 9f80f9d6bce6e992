"""Whose a token of the HTTP API is.

There is one token that is set for the whole installation, and those that people make for themselves
or for services. Of all only hashes are kept.
"""

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from services.access.attempts import WrongAttempts
from services.access.authority import Authority
from services.domain.acts import Act
from services.domain.api_tokens import ApiToken
from services.domain.errors import ApiOff, ApiTokenRefused, TooManyWrongTokens
from services.domain.people import Role, User

SCHEME = "bearer"
USED_EVERY = timedelta(minutes=1)
LOOK_EVERY_S = 5.0
MOST_TOKEN_CHARS = 512
NOBODY = User(id="unknown", name="Unknown", org_id="", role=Role.VIEWER, rights=frozenset())


class TokenStore(Protocol):
    """Where tokens are looked up."""

    def of_hash(self, secret_hash: str) -> ApiToken | None:
        """Return the token whose secret has this hash."""

    def any_valid(self, at: datetime) -> bool:
        """Say whether there is a token by which the API can be used."""

    def use(self, token_id: str, at: datetime) -> None:
        """Note when a token was used last."""


PersonOf = Callable[[str, str], User | None]
"""Returns a person by organisation and id, None for one who may do nothing any more."""


class ApiTokens:
    """Tells people and services by their tokens. Safe across threads."""

    def __init__(
        self,
        token: str | None,
        user: User,
        *,
        store: TokenStore | None = None,
        person_of: PersonOf = lambda _org, _person: None,
        authority: Authority | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the installation's own token, if it has one, and for whom that stands.

        ``store`` has all others; ``authority`` writes down what was refused.
        """
        self._known = None if token is None else hash_of(token)
        self._user = user
        self._store = store
        self._person_of = person_of
        self._authority = authority
        self._now = now
        self._clock = clock
        self._wrong = WrongAttempts(clock=clock)
        self._looked: tuple[float, bool] | None = None

    @property
    def is_on(self) -> bool:
        """Whether there is a token by which the API can be used."""
        if self._known is not None:
            return True
        if self._store is None:
            return False
        now = self._clock()
        looked = self._looked
        if looked is None or now - looked[0] >= LOOK_EVERY_S:
            looked = self._looked = (now, self._store.any_valid(self._now()))
        return looked[1]

    def look_again(self) -> None:
        """Forget whether there are tokens: one has been made."""
        self._looked = None

    def check_on(self) -> None:
        """Raise ApiOff where nobody can use the API."""
        if not self.is_on:
            raise ApiOff("Set PARTYLINE_API_TOKEN or make a token to use it.")

    def user_of(self, authorization: str | None, address: str = "") -> User:
        """Return who asks from this address, by the header of that name.

        Raises ApiOff, ApiTokenRefused, and TooManyWrongTokens after several wrong ones.
        """
        self.check_on()
        scheme, _, token = (authorization or "").strip().partition(" ")
        secret = token.strip()
        found = self._found(secret) if scheme.lower() == SCHEME else None
        if found is not None:
            return replace(found, address=address or None)
        if secret and self._wrong.are_too_many(address):
            raise TooManyWrongTokens
        if secret and self._authority is not None:
            nobody = replace(NOBODY, org_id=self._user.org_id, address=address or None)
            self._authority.refuse(nobody, Act.TOKEN_REFUSED)
        raise ApiTokenRefused

    def _found(self, secret: str) -> User | None:
        given = hash_of(secret)
        # Hashes of the same length are compared, in constant time.
        if hmac.compare_digest(given, self._known or ""):
            return self._user
        if self._store is None or not secret or len(secret) > MOST_TOKEN_CHARS:
            return None
        token, now = self._store.of_hash(given), self._now()
        if token is None or not hmac.compare_digest(token.secret_hash, given):
            return None
        if token.is_over(now):
            return None
        user = self._stands_for(token)
        if user is not None and (token.used_at is None or now - token.used_at >= USED_EVERY):
            self._store.use(token.id, now)
        return user

    def _stands_for(self, token: ApiToken) -> User | None:
        """Return for whom a token stands: a service, or a person as they are now."""
        if token.person_id is None:
            return token.service
        person = self._person_of(token.org_id, token.person_id)
        if person is None:
            return None
        rights = person.role.rights if person.rights is None else person.rights
        lower = min(person.role, token.role, key=lambda role: len(role.rights))
        return replace(person, role=lower, rights=rights & token.rights)


def hash_of(secret: str) -> str:
    """Return the hash under which a secret is known."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
