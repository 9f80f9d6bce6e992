"""What can be set about signing in; app/settings.py reads it."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from services.access.claims import ORGANISATION, ClaimRules
from services.access.sign_ins import SignInLimits
from services.domain.addresses import is_encrypted_or_here
from services.domain.errors import BadSettings
from services.domain.people import LOCAL_USER, Role, User

DISCOVERY = "/.well-known/openid-configuration"
SHORTEST_SECRET_CHARS = 32
HOUR_MS = 3_600_000


def _text(text: str | None) -> str | None:
    """Take a text without space around it; an empty one is none."""
    return (text or "").strip() or None


def _address(address: str | None) -> str | None:
    """Take an address that is https, or http on this very machine; an empty one is none."""
    text = _text(address)
    if text is not None and not (
        urlsplit(text).scheme in {"https", "http"} and is_encrypted_or_here(text)
    ):
        raise ValueError
    return text


def _origin(address: str | None) -> str | None:
    """Take such an address without a path."""
    text = _address(address)
    if text is None:
        return None
    parts = urlsplit(text)
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError
    return f"{parts.scheme}://{parts.netloc}"


def _secret(secret: SecretStr | None) -> SecretStr | None:
    """Take a secret without space around it; an empty one is none."""
    text = secret.get_secret_value().strip() if secret else ""
    return SecretStr(text) if text else None


def _long(secret: SecretStr | None) -> SecretStr | None:
    """Take a secret that can't be guessed; an empty one is none."""
    given = _secret(secret)
    if given is not None and len(given.get_secret_value()) < SHORTEST_SECRET_CHARS:
        raise ValueError
    return given


def _roles(text: str) -> str:
    """Take pairs of what a claim tells and a role, between commas."""
    roles_in(text)
    return text


def _organisation(name: str) -> str:
    """Take a name of letters, digits, dots, dashes and underscores."""
    if ORGANISATION.fullmatch(name) is None:
        raise ValueError
    return name


def roles_in(text: str) -> dict[str, Role]:
    """Return the role of each value of a claim: "leads=supervisor, staff=viewer".

    Without any, the values are the roles themselves. Raises ValueError.
    """
    pairs = [part.rpartition("=") for part in text.split(",") if part.strip()]
    if not pairs:
        return {role.value: role for role in Role}
    if any(not told.strip() for told, _, _ in pairs):
        raise ValueError
    return {told.strip(): Role(role.strip().lower()) for told, _, role in pairs}


Text = Annotated[str | None, AfterValidator(_text)]


class AuthSettings(BaseSettings):
    """By which service people sign in, what its claims give them, and for how long.

    Where no service is set nobody signs in, and whoever reaches the server may do everything.
    """

    oidc_issuer: Annotated[
        str | None, Field(validation_alias="PARTYLINE_OIDC_ISSUER"), AfterValidator(_address)
    ] = None
    oidc_metadata_url: Annotated[
        str | None, Field(validation_alias="PARTYLINE_OIDC_METADATA_URL"), AfterValidator(_address)
    ] = None
    oidc_client_id: Annotated[Text, Field(validation_alias="PARTYLINE_OIDC_CLIENT_ID")] = None
    oidc_client_secret: Annotated[
        SecretStr | None,
        Field(validation_alias="PARTYLINE_OIDC_CLIENT_SECRET"),
        AfterValidator(_secret),
    ] = None
    oidc_scope: Annotated[str, Field(validation_alias="PARTYLINE_OIDC_SCOPE")] = (
        "openid email profile"
    )
    cookie_secret: Annotated[
        SecretStr | None, Field(validation_alias="PARTYLINE_COOKIE_SECRET"), AfterValidator(_long)
    ] = None
    pages_address: Annotated[
        str | None, Field(validation_alias="PARTYLINE_PAGES_URL"), AfterValidator(_origin)
    ] = None

    oidc_role_claim: Annotated[Text, Field(validation_alias="PARTYLINE_OIDC_ROLE_CLAIM")] = None
    oidc_roles: Annotated[
        str, Field(validation_alias="PARTYLINE_OIDC_ROLES"), AfterValidator(_roles)
    ] = ""
    oidc_org_claim: Annotated[Text, Field(validation_alias="PARTYLINE_OIDC_ORG_CLAIM")] = None
    oidc_queues_claim: Annotated[Text, Field(validation_alias="PARTYLINE_OIDC_QUEUES_CLAIM")] = None
    oidc_agent_claim: Annotated[Text, Field(validation_alias="PARTYLINE_OIDC_AGENT_CLAIM")] = None
    org: Annotated[str, Field(validation_alias="PARTYLINE_ORG"), AfterValidator(_organisation)] = (
        LOCAL_USER.org_id
    )

    session_idle_ms: Annotated[
        int, Field(validation_alias="PARTYLINE_SESSION_IDLE_MS", ge=1_000)
    ] = 8 * HOUR_MS
    session_longest_ms: Annotated[
        int, Field(validation_alias="PARTYLINE_SESSION_LONGEST_MS", ge=1_000)
    ] = 12 * HOUR_MS

    token_without_sign_in_days: Annotated[
        int, Field(validation_alias="PARTYLINE_TOKEN_WITHOUT_SIGN_IN_DAYS", ge=1, le=3_650)
    ] = 7

    @property
    def has_login(self) -> bool:
        """Whether people sign in."""
        return self.oidc_client_id is not None

    @property
    def local_user(self) -> User:
        """Whoever sits at this machine: who gives commands, and uses the pages without a login."""
        return replace(LOCAL_USER, org_id=self.org)

    @property
    def metadata_url(self) -> str | None:
        """Where the sign-in service tells what it can do."""
        if self.oidc_metadata_url is not None or self.oidc_issuer is None:
            return self.oidc_metadata_url
        return self.oidc_issuer.rstrip("/") + DISCOVERY

    @property
    def claim_rules(self) -> ClaimRules:
        """Which claims tell what."""
        return ClaimRules(
            default_org=self.org,
            role_claim=self.oidc_role_claim,
            roles=roles_in(self.oidc_roles),
            org_claim=self.oidc_org_claim,
            queues_claim=self.oidc_queues_claim,
            agent_claim=self.oidc_agent_claim,
        )

    @property
    def sign_in_limits(self) -> SignInLimits:
        """How long a sign-in counts."""
        return SignInLimits(
            idle=timedelta(milliseconds=self.session_idle_ms),
            longest=timedelta(milliseconds=self.session_longest_ms),
            programs=timedelta(days=self.token_without_sign_in_days),
        )

    def check_login(self) -> None:
        """Raise BadSettings when some of what signing in needs is set, and some isn't."""
        needed = {
            "PARTYLINE_OIDC_ISSUER or PARTYLINE_OIDC_METADATA_URL": self.metadata_url,
            "PARTYLINE_OIDC_CLIENT_ID": self.oidc_client_id,
            "PARTYLINE_OIDC_CLIENT_SECRET": self.oidc_client_secret,
        }
        missing = [name for name, value in needed.items() if value is None]
        if missing and len(missing) < len(needed):
            raise BadSettings(f"To sign in, {' and '.join(missing)} must be set, too.")
