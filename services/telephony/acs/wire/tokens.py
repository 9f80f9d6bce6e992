"""Whether a caller is the telephone service: it proves it with a signed token in a header.

RS256 bearer tokens: 24 h long for connections, 5 min for callbacks; issuer and keys are the
service's, the audience is the id of one's own resource.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services import telemetry
from services.domain.errors import BadSettings, CallerRefused
from services.telephony.acs.wire.keys import ALGORITHM, SigningKeys

ISSUER = "https://acscallautomation.communication.azure.com"
KEYS_PATH = "/calling/keys"
LEEWAY_S = 60
MOST_TOKEN_CHARS = 16 * 1024
_BEARER = "bearer "
_NEEDED = ("exp", "iss", "aud")


class Refusal(StrEnum):
    """Why a token was refused; for logs and tests, never told to who sent it."""

    MISSING = "missing"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "signature"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    CLAIM_MISSING = "claim_missing"


class TokenRefused(CallerRefused):
    """Whoever called did not prove to be the telephone service."""

    def __init__(self, detail: str | None = None, *, reason: Refusal = Refusal.MALFORMED) -> None:
        """Take the reason, which is no part of the message."""
        super().__init__(detail)
        self.reason = reason

    @property
    def code(self) -> str:
        """That of any refused caller."""
        return CallerRefused.__name__


def keys_address(issuer: str) -> str:
    """Return where an issuer of the service's kind publishes its keys."""
    return issuer.rstrip("/") + KEYS_PATH


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who has called, as far as the token says."""

    issuer: str
    expires_s: int


class TokenCheck:
    """Checks bearer tokens of one issuer for one audience. Safe across threads."""

    def __init__(
        self,
        keys: SigningKeys,
        *,
        audience: str,
        issuer: str = ISSUER,
        other_issuers: Iterable[str] = (),
    ) -> None:
        """Take whose tokens count, and for whom they must be. Raises BadSettings without either.

        ``other_issuers`` are other spellings of the same issuer, whose keys are the same.
        """
        if not audience or not issuer:
            raise BadSettings("Tokens need an issuer and an audience to be checked against.")
        self._keys = keys
        self._audience = audience
        self._issuers = (issuer, *other_issuers)

    def check(self, authorization: str | None) -> Caller:
        """Return who sent this Authorization header.

        Raises TokenRefused, and TelephonyUnavailable when the issuer's keys can't be had. May take
        seconds where they have to be fetched.
        """
        try:
            return self._checked(_bearer(authorization))
        except TokenRefused as refused:
            telemetry.warning("phone.caller_refused", reason=refused.reason.value)
            raise

    def _checked(self, token: str) -> Caller:
        import jwt

        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise TokenRefused(reason=Refusal.MALFORMED) from None
        if header.get("alg") != ALGORITHM:
            raise TokenRefused(reason=Refusal.ALGORITHM)
        key_id = header.get("kid")
        key = self._keys.find(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise TokenRefused(reason=Refusal.UNKNOWN_KEY)
        try:
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=list(self._issuers),
                leeway=LEEWAY_S,
                options={"require": list(_NEEDED)},
            )
        except jwt.PyJWTError as error:
            raise TokenRefused(reason=_reason(error)) from None
        return Caller(issuer=str(claims["iss"]), expires_s=int(claims["exp"]))


def _bearer(authorization: str | None) -> str:
    given = authorization or ""
    if not given:
        raise TokenRefused(reason=Refusal.MISSING)
    if not given.isascii() or len(given) > MOST_TOKEN_CHARS:
        raise TokenRefused(reason=Refusal.MALFORMED)
    if not given[: len(_BEARER)].casefold() == _BEARER:
        raise TokenRefused(reason=Refusal.MALFORMED)
    return given[len(_BEARER) :].strip()


def _reason(error: Any) -> Refusal:
    """Return why a token did not verify; the library's error names values of the token."""
    import jwt

    reasons: tuple[tuple[type[Exception], Refusal], ...] = (
        (jwt.ExpiredSignatureError, Refusal.EXPIRED),
        (jwt.ImmatureSignatureError, Refusal.NOT_YET),
        (jwt.InvalidIssuerError, Refusal.ISSUER),
        (jwt.InvalidAudienceError, Refusal.AUDIENCE),
        (jwt.MissingRequiredClaimError, Refusal.CLAIM_MISSING),
        (jwt.InvalidSignatureError, Refusal.SIGNATURE),
    )
    return next((why for kind, why in reasons if isinstance(error, kind)), Refusal.MALFORMED)
