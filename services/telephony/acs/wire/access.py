"""What is needed to tell Azure Communication Services what to do."""

import base64
import binascii
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from services.domain.addresses import can_be_sent, is_encrypted_or_here
from services.domain.errors import BadSettings, InvalidRequest

RECORDINGS_LIE_AT = (".asm.skype.com", ".communication.azure.com")
_ENDPOINT = "endpoint"
_KEY = "accesskey"


@dataclass(frozen=True, kw_only=True)
class AcsAccess:
    """One resource: its address without a slash at the end, and its key.

    ``speech_endpoint`` is the address of the Azure AI resource that transcribes for it; without
    one the service transcribes nothing.
    """

    endpoint: str
    key: str = field(repr=False)
    speech_endpoint: str | None = None

    def __post_init__(self) -> None:
        """Check that the key can sign and that nobody on the way reads it. Raises BadSettings."""
        # The signature covers the address; with a slash at its end it fits nothing the service has.
        object.__setattr__(self, "endpoint", self.endpoint.strip().rstrip("/"))
        if not is_encrypted_or_here(self.endpoint):
            raise BadSettings("The address of the telephone service must begin with https.")
        if self.speech_endpoint is not None and not is_encrypted_or_here(self.speech_endpoint):
            raise BadSettings("The address of the speech resource must begin with https.")
        if not can_be_sent(self.key) or not _is_base64(self.key):
            raise BadSettings("The key of the telephone service is not one of its keys.")


def access_of(connection_string: str, *, speech_endpoint: str | None = None) -> AcsAccess:
    """Return the access that a connection string of the portal gives. Raises BadSettings."""
    parts = {}
    for part in connection_string.split(";"):
        name, _, value = part.partition("=")
        parts[name.strip().casefold()] = value.strip()
    if not parts.get(_ENDPOINT) or not parts.get(_KEY):
        raise BadSettings("A connection string reads endpoint=https://…;accesskey=….")
    return AcsAccess(endpoint=parts[_ENDPOINT], key=parts[_KEY], speech_endpoint=speech_endpoint)


def check_recording(location: str, endpoint: str) -> None:
    """Check that a recording lies where the service keeps them. Raises InvalidRequest."""
    try:
        asked, own = urlsplit(location), urlsplit(endpoint)
    except ValueError:
        raise InvalidRequest from None
    is_own = (asked.scheme, asked.netloc) == (own.scheme, own.netloc)
    host = (asked.hostname or "").casefold()
    is_service = asked.scheme == "https" and host.endswith(RECORDINGS_LIE_AT)
    if asked.username is not None or not (is_own or is_service):
        raise InvalidRequest("A recording of a phone call is fetched from the service only.")


def _is_base64(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) > 0
    except (binascii.Error, ValueError):
        return False
