"""What a failure that the Speech SDK tells means. Nothing that the service says is kept."""

from collections.abc import Mapping

from services.domain.errors import (
    PartylineError,
    ProviderBusy,
    ProviderRefusedKey,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)

_MEANINGS: Mapping[str, type[PartylineError]] = {
    "AuthenticationFailure": ProviderRefusedKey,
    "Forbidden": ProviderRefusedKey,
    "BadRequest": ProviderRejected,
    "TooManyRequests": ProviderBusy,
    "ServiceTimeout": ProviderTimeout,
    "ConnectionFailure": ProviderUnavailable,
    "ServiceError": ProviderUnavailable,
    "ServiceUnavailable": ProviderUnavailable,
    "ServiceRedirectTemporary": ProviderUnavailable,
    "ServiceRedirectPermanent": ProviderUnavailable,
    "RuntimeError": ProviderUnavailable,
}


def error_of_code(code: str) -> PartylineError:
    """Return the error that one of the SDK's cancellation codes means, by the code's name."""
    return _MEANINGS.get(code, ProviderUnavailable)()
