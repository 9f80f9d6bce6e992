"""Voice signatures: what Azure makes of a sample of one voice, to know a participant by.

The service takes a WAV file of 16 bit, 16 kHz and one channel. Microsoft retired it in its cloud;
resources that still have it answer as before.
"""

import json

from services.domain.errors import (
    InternalFault,
    PartylineError,
    ProviderNotConfigured,
    ProviderRefusedKey,
    ProviderRejected,
    ProviderUnavailable,
)
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.addresses import key_of, signature_endpoint_of
from services.providers.azure_speech.locales import locale_of

PATH = "/api/v1/Signature/GenerateVoiceSignatureFromByteArray"
TIMEOUT_S = 60.0
RETIRED = (
    "Microsoft retired voice signatures on 28 March 2025, so this resource may not have them any "
    "more."
)
_PARTS = ("Version", "Tag", "Data")
_FIRST_BYTES = 12


class AzureSignatures:
    """Makes voice signatures at Azure."""

    def __init__(self, access: AzureAccess) -> None:
        """Remember the access; nothing is connected."""
        self._access = access

    @property
    def is_configured(self) -> bool:
        """Whether the settings say where and with which key to ask."""
        try:
            self.check_configured()
        except ProviderNotConfigured:
            return False
        return True

    def check_configured(self) -> None:
        """Raise ProviderNotConfigured, with what is missing, where it can't be asked."""
        signature_endpoint_of(self._access)
        key_of(self._access)

    def locale(self, language: str) -> str:
        """Return the service's name of a language."""
        return locale_of(language)

    def sign(self, wav: bytes) -> str:
        """Return the signature of the voice in a WAV file, as the service's JSON.

        Raises from the error tree.
        """
        from services.providers.azure_speech.asking import posted

        if wav[:4] != b"RIFF" or wav[8:_FIRST_BYTES] != b"WAVE":
            raise InternalFault
        endpoint, key = signature_endpoint_of(self._access), key_of(self._access)
        try:
            body = posted(endpoint, PATH, key, wav, "audio/wav", timeout_s=TIMEOUT_S)
        except (ProviderRejected, ProviderRefusedKey, ProviderUnavailable) as error:
            raise _told(error) from None
        return _signature_in(body)


def _told(error: PartylineError) -> PartylineError:
    """Return the error with what is the likeliest reason for it."""
    return type(error)(RETIRED)


def _signature_in(body: bytes) -> str:
    """Return what participants are added with. Raises ProviderUnavailable for another answer."""
    try:
        signature = json.loads(body)["Signature"]
        kept = {part: signature[part] for part in _PARTS}
    except (KeyError, TypeError, ValueError):
        raise ProviderUnavailable(RETIRED) from None
    return json.dumps(kept)
