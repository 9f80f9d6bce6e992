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
from dataclasses import dataclass
from enum import StrEnum

from services.domain.errors import InvalidToken
from services.domain.people import Role, User

MAX_TOKEN_CHARS = 2_000


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

    ``subject`` is a call id, or ``ANY_CALL`` where no call exists yet. ``user.name`` is the id:
    names are not put into tokens.
    """

    purpose: Purpose
    subject: str
    user: User
    session: str
    expires_at_s: int


class TokenSigner:
    """Issues and checks tokens with one key, without remembering any."""

    def __init__(self, key: bytes, *, clock: Callable[[], float] = time.time) -> None:
        """Take the signing key (at least 32 bytes) and the clock."""
        if len(key) < 32:
            raise ValueError("the signing key needs at least 32 bytes")
        self._key = key
        self._clock = clock

    def __repr__(self) -> str:
        """Hide the key."""
        return "TokenSigner()"

    def issue(self, purpose: Purpose, subject: str, *, user: User, session: str, ttl_s: int) -> str:
        """Return a token for ``user`` to do ``purpose`` with ``subject`` for ``ttl_s`` seconds."""
        claims = [
            purpose.value,
            subject,
            user.id,
            user.org_id,
            user.role.value,
            session,
            int(self._clock()) + ttl_s,
        ]
        payload = _encode(json.dumps(claims, separators=(",", ":")).encode())
        return f"{payload}.{_encode(self._sign(payload))}"

    def check(self, token: str, purpose: Purpose, subject: str) -> Grant:
        """Return what the token grants.

        Raises InvalidToken when it is forged, expired or meant for something else.
        """
        if len(token) > MAX_TOKEN_CHARS:
            raise InvalidToken
        payload, _, signature = token.partition(".")
        try:
            given = _decode(signature)
        except (ValueError, binascii.Error) as error:
            raise InvalidToken from error
        if not hmac.compare_digest(given, self._sign(payload)):
            raise InvalidToken
        grant = _grant(payload)
        if grant.expires_at_s <= self._clock():
            raise InvalidToken
        if grant.purpose is not purpose or grant.subject != subject:
            raise InvalidToken
        return grant

    def _sign(self, payload: str) -> bytes:
        return hmac.new(self._key, payload.encode(), hashlib.sha256).digest()


def _grant(payload: str) -> Grant:
    """Read claims whose signature has been checked."""
    purpose, subject, user_id, org_id, role, session, expires_at_s = json.loads(_decode(payload))
    user = User(id=user_id, name=user_id, org_id=org_id, role=Role(role))
    return Grant(
        purpose=Purpose(purpose),
        subject=subject,
        user=user,
        session=session,
        expires_at_s=expires_at_s,
    )


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    padding = "=" * (-len(text) % 4)
    return base64.b64decode(text + padding, altchars=b"-_", validate=True)
