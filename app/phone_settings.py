"""What can be set about phone calls; app/settings.py reads it."""

import base64
import binascii
import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from services.domain.addresses import is_encrypted_or_here
from services.domain.errors import InvalidRequest
from services.telephony.acs.wire.access import AcsAccess, access_of
from services.telephony.acs.wire.incoming import SHORTEST_SECRET_CHARS
from services.telephony.acs.wire.wishes import PhoneWish, check_number

LEAST_SECRET_BYTES = 16
_PREFIX = re.compile(r"\+[0-9]{0,15}")


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


def _text(text: str | None) -> str | None:
    """Take a text without space around it; an empty one is none."""
    return (text or "").strip() or None


def _issuer(address: str | None) -> str | None:
    """Take an address that is https, or http on this very machine; an empty one is none."""
    text = _text(address)
    if text is not None and not is_encrypted_or_here(text):
        raise ValueError
    return text


def _number(number: str | None) -> str | None:
    """Take a phone number in its international form; an empty one is none."""
    text = _text(number)
    if text is not None:
        try:
            check_number(text)
        except InvalidRequest:
            raise ValueError from None
    return text


def _long(secret: SecretStr | None) -> SecretStr | None:
    """Take a secret that can't be guessed; an empty one is none."""
    given = _given(secret)
    if given is not None and len(given.get_secret_value()) < SHORTEST_SECRET_CHARS:
        raise ValueError
    return given


def _locales(text: str) -> str:
    """Take one locale or several between commas."""
    try:
        PhoneWish(locales=tuple(filter(None, (name.strip() for name in text.split(",")))))
    except InvalidRequest:
        raise ValueError from None
    return text


def _prefixes(text: str) -> str:
    """Take beginnings of numbers in their international form, between commas."""
    if not all(map(_PREFIX.fullmatch, _parts(text))):
        raise ValueError
    return text


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for name in text.split(",") if (part := name.strip()))


class Answering(StrEnum):
    """Who answers the calls that come in."""

    HAND = "hand"
    """A person, on the Live page."""
    RULE = "rule"
    """This server, all of them and at once."""


class PhoneSettings(BaseSettings):
    """Telephone services that call this server, and whose calls theirs are."""

    phone_org: Annotated[
        str | None, Field(validation_alias="PARTYLINE_PHONE_ORG", min_length=1)
    ] = None
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

    acs_endpoint: Annotated[
        str | None, Field(validation_alias="ACS_ENDPOINT"), AfterValidator(_text)
    ] = None
    acs_access_key: Annotated[
        SecretStr | None, Field(validation_alias="ACS_ACCESS_KEY"), AfterValidator(_given)
    ] = None
    acs_connection_string: Annotated[
        SecretStr | None, Field(validation_alias="ACS_CONNECTION_STRING"), AfterValidator(_given)
    ] = None
    acs_resource_id: Annotated[
        str | None, Field(validation_alias="ACS_RESOURCE_ID"), AfterValidator(_text)
    ] = None
    acs_token_issuer: Annotated[
        str | None, Field(validation_alias="ACS_TOKEN_ISSUER"), AfterValidator(_issuer)
    ] = None
    acs_speech_endpoint: Annotated[
        str | None, Field(validation_alias="ACS_SPEECH_ENDPOINT"), AfterValidator(_text)
    ] = None
    acs_caller_number: Annotated[
        str | None,
        Field(validation_alias="ACS_CALLER_NUMBER", repr=False),
        AfterValidator(_number),
    ] = None
    phone_prefix_list: Annotated[
        str,
        Field(validation_alias="PARTYLINE_PHONE_PREFIXES", repr=False),
        AfterValidator(_prefixes),
    ] = ""
    acs_event_secret: Annotated[
        SecretStr | None, Field(validation_alias="ACS_EVENT_SECRET"), AfterValidator(_long)
    ] = None
    acs_answer: Annotated[Answering, Field(validation_alias="ACS_ANSWER")] = Answering.HAND
    acs_locales: Annotated[str, Field(validation_alias="ACS_LOCALES"), AfterValidator(_locales)] = (
        "en-US"
    )

    readers: Annotated[int, Field(validation_alias="PARTYLINE_READERS", ge=1, le=16)] = 1

    @property
    def acs_access(self) -> AcsAccess | None:
        """How Azure Communication Services is told what to do, None where that isn't set.

        Raises BadSettings for what can't be one of its keys or addresses.
        """
        speech = self.acs_speech_endpoint
        if self.acs_connection_string is not None:
            return access_of(self.acs_connection_string.get_secret_value(), speech_endpoint=speech)
        if self.acs_endpoint is None or self.acs_access_key is None:
            return None
        key = self.acs_access_key.get_secret_value()
        return AcsAccess(endpoint=self.acs_endpoint, key=key, speech_endpoint=speech)

    @property
    def acs_missing(self) -> tuple[str, ...]:
        """The names of the settings without which there are no calls of that service.

        The address under which it reaches us is one more, see ``public_url``.
        """
        needed = {
            "ACS_ENDPOINT": self.acs_connection_string or self.acs_endpoint,
            "ACS_ACCESS_KEY": self.acs_connection_string or self.acs_access_key,
            "ACS_RESOURCE_ID": self.acs_resource_id,
            "ACS_SPEECH_ENDPOINT": self.acs_speech_endpoint,
        }
        return tuple(name for name, value in needed.items() if value is None)

    @property
    def phone_prefixes(self) -> tuple[str, ...]:
        """How numbers begin that may be called; without any, none may."""
        return _parts(self.phone_prefix_list)

    @property
    def can_place_calls(self) -> bool:
        """Whether there is a number to call from, and any that may be called."""
        return self.acs_caller_number is not None and bool(self.phone_prefixes)

    @property
    def acs_locale_names(self) -> tuple[str, ...]:
        """The locales in which calls are heard that are answered by rule."""
        return tuple(filter(None, (name.strip() for name in self.acs_locales.split(","))))

    @property
    def audiohook_secrets(self) -> dict[str, bytes]:
        """The client secret of AudioHook's key; none unless both are set."""
        key, secret = self.audiohook_api_key, self.audiohook_client_secret
        if key is None or secret is None:
            return {}
        return {key.get_secret_value(): decoded(secret.get_secret_value())}
