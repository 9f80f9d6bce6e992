"""Signed, short-lived tokens that let the browser reach one thing without a login of its own.

The pages hand them out; the HTTP routes check them. They hold no secret: a purpose, what it is
for, whose session it belongs to and when it ends, under an HMAC-SHA256 of this installation.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from services.domain.errors import InvalidToken
from services.domain.people import Role, User

MAX_TOKEN_CHARS = 2_000
CLAIMS = 8


class Purpose(StrEnum):
    """What a token opens."""

    UPLOAD = "upload"
    AUDIO = "audio"
    ORIGINAL = "original"
    REVIEW = "review"
    LIVE_SOUND = "live_sound"
    LIVE_EVENTS = "live_events"


ANY_CALL = "*"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a valid token allows: ``user`` may do ``purpose`` with ``subject`` until it expires.

    ``subject`` is a call id, or ``ANY_CALL`` where no call exists yet. ``user`` is the person as
    they are now, where people sign in. Elsewhere ``user.name`` is the id: names are not put into
    tokens.
    """

    purpose: Purpose
    subject: str
    user: User
    session: str
    expires_at_s: int


class TokenSigner:
    """Issues and checks tokens with one key, without remembering any."""

    def __init__(
        self,
        key: bytes,
        *,
        clock: Callable[[], float] = time.time,
        standing: Callable[[User, str], User] | None = None,
        holding: Callable[[User, str], User] | None = None,
    ) -> None:
        """Take the signing key (at least 32 bytes) and the clock.

        ``standing`` returns the person of a token as they are now, by the sign-in that it was made
        in, and raises InvalidToken once that counts no more; ``holding`` does so for somebody who
        is in the middle of something, however long ago they did anything else.
        """
        if len(key) < 32:
            raise ValueError("the signing key needs at least 32 bytes")
        self._key = key
        self._clock = clock
        self._standing = standing
        self._holding = holding or standing

    def __repr__(self) -> str:
        """Hide the key."""
        return "TokenSigner()"

    def issue(
        self,
        purpose: Purpose,
        subject: str,
        *,
        user: User,
        session: str,
        ttl_s: int,
        sign_in: str = "",
    ) -> str:
        """Return a token for ``user`` to do ``purpose`` with ``subject`` for ``ttl_s`` seconds.

        ``sign_in`` is the one in which it is made; the token ends with it.
        """
        claims = [
            purpose.value,
            subject,
            user.id,
            user.org_id,
            user.role.value,
            session,
            int(self._clock()) + ttl_s,
            sign_in,
        ]
        payload = _encode(json.dumps(claims, separators=(",", ":")).encode())
        return f"{payload}.{_encode(self._sign(payload))}"

    def check(self, token: str, purpose: Purpose, subject: str) -> Grant:
        """Return what the token grants.

        Raises InvalidToken when it is forged, expired or meant for something else.
        """
        return self._looked_at(token, purpose, subject, self._standing)

    def check_held(self, token: str, purpose: Purpose, subject: str) -> Grant:
        """Return the same while what it opened goes on, even if the sign-in has run out meanwhile.

        Raises InvalidToken, also once somebody has ended the sign-in or the person's access.
        """
        return self._looked_at(token, purpose, subject, self._holding)

    def _looked_at(
        self,
        token: str,
        purpose: Purpose,
        subject: str,
        standing: Callable[[User, str], User] | None,
    ) -> Grant:
        grant, sign_in = self._signed(token)
        if grant.expires_at_s <= self._clock():
            raise InvalidToken
        if grant.purpose is not purpose or grant.subject != subject:
            raise InvalidToken
        if standing is None:
            return grant
        return replace(grant, user=standing(grant.user, sign_in))

    def _signed(self, token: str) -> tuple[Grant, str]:
        if len(token) > MAX_TOKEN_CHARS:
            raise InvalidToken
        payload, _, signature = token.partition(".")
        try:
            given = _decode(signature)
        except (ValueError, binascii.Error) as error:
            raise InvalidToken from error
        if not hmac.compare_digest(given, self._sign(payload)):
            raise InvalidToken
        return _grant(payload)

    def _sign(self, payload: str) -> bytes:
        return hmac.new(self._key, payload.encode(), hashlib.sha256).digest()


def _grant(payload: str) -> tuple[Grant, str]:
    """Read claims whose signature has been checked, and the sign-in that they belong to."""
    claims = json.loads(_decode(payload))
    if len(claims) != CLAIMS:
        # An earlier version made it.
        raise InvalidToken
    purpose, subject, user_id, org_id, role, session, expires_at_s, sign_in = claims
    user = User(id=user_id, name=user_id, org_id=org_id, role=Role(role))
    grant = Grant(
        purpose=Purpose(purpose),
        subject=subject,
        user=user,
        session=session,
        expires_at_s=expires_at_s,
    )
    return grant, sign_in


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    padding = "=" * (-len(text) % 4)
    return base64.b64decode(text + padding, altchars=b"-_", validate=True)
