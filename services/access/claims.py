"""What the sign-in service's claims about a person give them here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.domain.errors import NotSignedIn
from services.domain.people import EVERY_CALL, Reach, Role
from services.domain.persons import Identity, hashed

Claims = Mapping[str, Any]

MOST_NAME_CHARS = 200
MOST_QUEUES = 200
# What may be the name of an organisation: it stands in rows, keys and addresses.
ORGANISATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# Together they tell two sign-ins of the same person within the same second apart.
_OF_ONE_SIGN_IN = ("iss", "sub", "iat", "nonce", "jti", "sid")


@dataclass(frozen=True, kw_only=True)
class Given:
    """What claims give a person."""

    org_id: str
    role: Role
    reach: Reach


@dataclass(frozen=True, kw_only=True)
class ClaimRules:
    """Which claims tell what. Without ``role_claim`` people are let in by the table only."""

    default_org: str
    role_claim: str | None = None
    roles: Mapping[str, Role] = field(default_factory=lambda: {role.value: role for role in Role})
    org_claim: str | None = None
    queues_claim: str | None = None
    agent_claim: str | None = None

    def given(self, claims: Claims) -> Given | None:
        """Return what the claims give, None where they give no role or no organisation."""
        org_id, role = self.organisation(claims), self._role(claims)
        if org_id is None or role is None:
            return None
        return Given(org_id=org_id, role=role, reach=self._reach(role, claims))

    def organisation(self, claims: Claims) -> str | None:
        """Return the person's organisation; None where a claim should tell it and doesn't."""
        if self.org_claim is None:
            return self.default_org
        told = texts_of(claims, self.org_claim)
        return told[0] if len(told) == 1 and ORGANISATION.fullmatch(told[0]) else None

    def _role(self, claims: Claims) -> Role | None:
        if self.role_claim is None:
            return None
        told = [
            self.roles[name] for name in texts_of(claims, self.role_claim) if name in self.roles
        ]
        return max(told, key=lambda role: len(role.rights), default=None)

    def _reach(self, role: Role, claims: Claims) -> Reach:
        """Return the queues and the agent told; without any, supervisors reach every call."""
        if role is Role.ADMIN:
            return EVERY_CALL
        queues = texts_of(claims, self.queues_claim)[:MOST_QUEUES]
        agents = texts_of(claims, self.agent_claim)
        if role is Role.SUPERVISOR and self.queues_claim is None:
            return EVERY_CALL
        return Reach(queues=frozenset(queues), agent_name=agents[0] if agents else None)


def identity_of(claims: Claims) -> Identity:
    """Return who the claims say it is. Raises NotSignedIn when they don't."""
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not (isinstance(issuer, str) and isinstance(subject, str) and issuer and subject):
        raise NotSignedIn
    email = claims.get("email") if claims.get("email_verified") is True else None
    named = (claims.get(name) for name in ("name", "preferred_username", "email"))
    name = next((text for text in named if isinstance(text, str) and text.strip()), "Somebody")
    return Identity(
        issuer=issuer,
        subject=subject,
        name=name.strip()[:MOST_NAME_CHARS],
        email=email.strip().lower() if isinstance(email, str) and email.strip() else None,
    )


def sign_in_id(claims: Claims) -> str:
    """Return what stands for this one sign-in: the same as long as its cookie lives."""
    return hashed(*(str(claims.get(name, "")) for name in _OF_ONE_SIGN_IN))


def signed_in_at(claims: Claims) -> datetime:
    """Return when the sign-in service let the person in. Raises NotSignedIn when unknown."""
    told = claims.get("iat")
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise NotSignedIn
    try:
        return datetime.fromtimestamp(told, UTC)
    except (ValueError, OverflowError, OSError):
        raise NotSignedIn from None


def texts_of(claims: Claims, name: str | None) -> list[str]:
    """Return the texts that a claim tells: one, or a list of them; dots lead into objects."""
    if name is None:
        return []
    told: Any = claims.get(name)
    if told is None and "." in name:
        told = claims
        for part in name.split("."):
            told = told.get(part) if isinstance(told, Mapping) else None
    several = told if isinstance(told, list | tuple) else [told]
    texts = (text.strip() for text in several if isinstance(text, str))
    return [text for text in texts if 0 < len(text) <= MOST_NAME_CHARS]
