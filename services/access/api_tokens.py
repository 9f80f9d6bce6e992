"""Whose a token of the HTTP API is.

One token stands for one person at present. Whoever asks is told a person and nothing about tokens,
so that each person can have tokens of their own.
"""

import hashlib
import hmac

from services.domain.errors import ApiOff, ApiTokenRefused
from services.domain.people import User

SCHEME = "bearer"


class ApiTokens:
    """Tells people by their tokens; keeps hashes of those. Safe across threads."""

    def __init__(self, token: str | None, user: User) -> None:
        """Take the token and for whom it stands; without one the API is switched off."""
        self._known = None if token is None else _hash(token)
        self._user = user

    @property
    def is_on(self) -> bool:
        """Whether there is a token by which the API can be used."""
        return self._known is not None

    def check_on(self) -> None:
        """Raise ApiOff where nobody can use the API."""
        if self._known is None:
            raise ApiOff("Set PARTYLINE_API_TOKEN to use it.")

    def user_of(self, authorization: str | None) -> User:
        """Return who asks, by the header of that name. Raises ApiOff, ApiTokenRefused."""
        self.check_on()
        scheme, _, token = (authorization or "").strip().partition(" ")
        # Hashes of the same length are compared, in constant time.
        is_known = hmac.compare_digest(_hash(token.strip()), self._known or b"")
        if scheme.lower() != SCHEME or not is_known:
            raise ApiTokenRefused
        return self._user


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
