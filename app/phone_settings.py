"""What can be set about phone calls; app/settings.py reads it."""

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from services.domain.people import LOCAL_USER, User

LEAST_SECRET_BYTES = 16


def _given(secret: SecretStr | None) -> SecretStr | None:
    """Take a secret without space around it; an empty one is none."""
    text = secret.get_secret_value().strip() if secret else ""
    return SecretStr(text) if text else None


def _in_base64(secret: SecretStr | None) -> SecretStr | None:
    """Take a secret of 16 bytes or more as base64 has it; an empty one is none."""
    text = secret.get_secret_value().strip() if secret else ""
    if not text:
        return None
    if len(decoded(text)) < LEAST_SECRET_BYTES:
        raise ValueError
    return SecretStr(text)


def decoded(text: str) -> bytes:
    """Return the bytes that base64 stands for. Raises ValueError, which doesn't repeat them."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError from None


class PhoneSettings(BaseSettings):
    """Telephone services that call this server, and whose calls theirs are."""

    phone_org: Annotated[str, Field(validation_alias="PARTYLINE_PHONE_ORG", min_length=1)] = (
        LOCAL_USER.org_id
    )
    twilio_auth_token: Annotated[
        SecretStr | None,
        Field(validation_alias="TWILIO_AUTH_TOKEN"),
        AfterValidator(_given),
    ] = None
    audiohook_api_key: Annotated[
        SecretStr | None,
        Field(validation_alias="AUDIOHOOK_API_KEY"),
        AfterValidator(_given),
    ] = None
    audiohook_client_secret: Annotated[
        SecretStr | None,
        Field(validation_alias="AUDIOHOOK_CLIENT_SECRET"),
        AfterValidator(_in_base64),
    ] = None

    @property
    def phone_owner(self) -> User:
        """Who has the phone calls that nobody of us has begun."""
        return User(
            id=LOCAL_USER.id, name=LOCAL_USER.name, org_id=self.phone_org, role=LOCAL_USER.role
        )

    @property
    def audiohook_secrets(self) -> dict[str, bytes]:
        """The client secret of AudioHook's key; none unless both are set."""
        key, secret = self.audiohook_api_key, self.audiohook_client_secret
        if key is None or secret is None:
            return {}
        return {key.get_secret_value(): decoded(secret.get_secret_value())}
