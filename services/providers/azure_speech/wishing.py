"""A run's options as what is asked of the service when sound is streamed to it."""

from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest
from services.providers.azure_speech.locales import locale_of
from services.providers.azure_speech.recognisers import Wishes
from services.providers.capabilities import OptionValues

USUAL_CANDIDATES = ("en", "es", "fr", "de")
# What the service allows for finding out once, and again and again.
MOST_AT_START = 4
MOST_ALWAYS = 10


def wishes_of(
    options: ProcessingOptions,
    values: OptionValues,
    *,
    retries: int = 0,
    has_participants: bool = False,
) -> Wishes:
    """Return what is asked for.

    Meetings have no detection: there the first candidate counts. Raises InvalidRequest for more
    candidates than the service takes.
    """
    candidates = values.parts("languages") or USUAL_CANDIDATES
    language = options.language
    if language is None and (len(candidates) == 1 or has_participants):
        language = candidates[0]
    always = values.text("detection") == "always"
    most = MOST_ALWAYS if always else MOST_AT_START
    if language is None and len(candidates) > most:
        raise InvalidRequest(f"Azure can choose among {most} languages at most.")
    return Wishes(
        language=locale_of(language) if language else None,
        candidates=tuple(locale_of(one) for one in candidates),
        detects_always=always,
        profanity=values.text("profanity") or "masked",
        vocabulary=options.vocabulary,
        speed=values.number("speed"),
        retries=retries,
    )
