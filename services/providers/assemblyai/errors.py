"""What AssemblyAI and its SDK fail with, as errors of ours. None of its own words goes further."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.domain.errors import (
    CopyGone,
    NobodySpoke,
    PartylineError,
    ProviderBusy,
    ProviderRefusedKey,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)

_NO_SPEECH = "no spoken audio"
_BELOW_THRESHOLD = "below the requested confidence threshold"
_DOWNLOAD = "download error"
_LASTING = (
    ("does not appear to contain audio", "It found no sound in it."),
    ("transcoding failed", "It could not decode the sound."),
    ("audio duration is too short", "The recording is too short for it."),
    ("below the speech threshold", "It found too little speech in it."),
    ("not available in this language", "An option is not available in this language."),
    ("not supported", "The language or an option is not supported."),
)


def refusal(status: int | None, words: str = "") -> PartylineError:
    """Return what an HTTP status means; ``words`` are read but not passed on."""
    if status in (401, 403):
        return ProviderRefusedKey()
    if status == 402:
        return ProviderRejected("The account there has no credit left.")
    if status in (404, 410) or (status == 400 and "not found" in words.casefold()):
        return CopyGone()
    if status in (408, 504):
        return ProviderTimeout()
    if status == 429:
        return ProviderBusy()
    if status is None or status >= 500:
        return ProviderUnavailable()
    return ProviderRejected()


def failed_job(words: str) -> PartylineError:
    """Return what it means that a transcript ended in an error.

    What isn't known to be about the recording or the options is taken for a fault of the service,
    of which it says itself that asking again helps.
    """
    told = words.casefold()
    if _NO_SPEECH in told:
        return NobodySpoke()
    if _BELOW_THRESHOLD in told:
        return ProviderRejected("It could not tell the language as surely as was asked for.")
    if _DOWNLOAD in told:
        return CopyGone()
    lasting = next((sentence for sign, sentence in _LASTING if sign in told), None)
    return ProviderRejected(lasting) if lasting else ProviderUnavailable()


@contextmanager
def our_errors() -> Iterator[None]:
    """Raise errors of ours in place of the SDK's and those of what it stands on."""
    import httpx
    from assemblyai.types import AssemblyAIError
    from pydantic import ValidationError

    from services.access.outgoing import RefusedAddress

    try:
        yield
    except AssemblyAIError as error:
        raise refusal(error.status_code, str(error)) from None
    except RefusedAddress:
        raise ProviderRejected("It named an address inside this network.") from None
    except httpx.TimeoutException:
        raise ProviderTimeout from None
    except httpx.HTTPError:
        raise ProviderUnavailable from None
    except (ValidationError, ValueError, KeyError, TypeError):
        # An answer that is none, such as a proxy's page.
        raise ProviderUnavailable from None
