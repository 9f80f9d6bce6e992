"""Signs what the emulator sends, with keys of its own; and forges it when told to."""

import time
import uuid
from enum import StrEnum
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CONNECTION_S = 24 * 3_600
CALLBACK_S = 5 * 60
KEY_BITS = 2_048


class TokenKind(StrEnum):
    """What is right or wrong with the tokens of a call."""

    GOOD = "good"
    FORGED = "forged"
    """Signed by somebody else under the issuer's key id."""
    UNKNOWN_KEY = "unknown-key"
    EXPIRED = "expired"
    NOT_YET = "not-yet"
    WRONG_AUDIENCE = "wrong-audience"
    WRONG_ISSUER = "wrong-issuer"
    UNSIGNED = "unsigned"
    """With the algorithm "none"."""
    SYMMETRIC = "symmetric"
    """HS256, with a secret that everybody knows."""
    NONE = "none"
    """No header at all."""


class Issuer:
    """Has keys, publishes them and signs with the newest."""

    def __init__(self, audience: str) -> None:
        """Begin with a key; tokens are for this audience."""
        self.audience = audience
        self.address = ""
        # Key id and key change together: calls sign meanwhile.
        self.newest = (uuid.uuid4().hex, _first_key())
        self._published = dict([self.newest])

    def rotate(self, *, withdraw: bool = False) -> None:
        """Sign with another key from now on, and publish the old ones no more if told so."""
        newest = (uuid.uuid4().hex, _new_key())
        self._published = dict([newest]) if withdraw else {**self._published, newest[0]: newest[1]}
        self.newest = newest

    def published(self) -> dict[str, Any]:
        """Return the page of public keys."""
        return {
            "keys": [
                {
                    **RSAAlgorithm.to_jwk(key.public_key(), as_dict=True),
                    "kid": key_id,
                    "use": "sig",
                    "alg": "RS256",
                }
                for key_id, key in self._published.items()
            ]
        }

    def authorization(self, kind: TokenKind, lifetime_s: int) -> dict[str, str]:
        """Return the header that a call with such tokens is sent with."""
        if kind is TokenKind.NONE:
            return {}
        return {"Authorization": f"Bearer {self.token(kind, lifetime_s)}"}

    def token(self, kind: TokenKind = TokenKind.GOOD, lifetime_s: int = CALLBACK_S) -> str:
        """Return a token."""
        now = round(time.time())
        claims = {
            "iss": self.address if kind is not TokenKind.WRONG_ISSUER else "https://example.org",
            "aud": self.audience if kind is not TokenKind.WRONG_AUDIENCE else str(uuid.uuid4()),
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_s,
        }
        if kind is TokenKind.EXPIRED:
            claims |= {"iat": now - 2 * lifetime_s, "nbf": now - 2 * lifetime_s}
            claims["exp"] = now - 600
        if kind is TokenKind.NOT_YET:
            claims["nbf"] = now + 3_600
        key_id, key = self.newest
        header = {"kid": key_id}
        match kind:
            case TokenKind.FORGED:
                return jwt.encode(claims, _strangers_key(), algorithm="RS256", headers=header)
            case TokenKind.UNKNOWN_KEY:
                header = {"kid": uuid.uuid4().hex}
                return jwt.encode(claims, _strangers_key(), algorithm="RS256", headers=header)
            case TokenKind.UNSIGNED:
                return jwt.encode(claims, "", algorithm="none", headers=header)
            case TokenKind.SYMMETRIC:
                return jwt.encode(claims, f"{key_id:0<32}", algorithm="HS256", headers=header)
        return jwt.encode(claims, key, algorithm="RS256", headers=header)


@cache
def _first_key() -> rsa.RSAPrivateKey:
    """Return the key that every issuer begins with: making one takes a good part of a second."""
    return _new_key()


@cache
def _strangers_key() -> rsa.RSAPrivateKey:
    return _new_key()


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
