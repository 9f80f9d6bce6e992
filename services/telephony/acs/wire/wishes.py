"""What can be asked of the service for a phone call, and what can't, with the reason."""

import re
from dataclasses import dataclass
from enum import StrEnum

from services.domain.errors import InvalidRequest, UnsupportedOption

MOST_LOCALES = 10
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{4})?-[A-Za-z0-9]{2,4}")
_NUMBER = re.compile(r"\+[1-9]\d{4,14}")


class Masking(StrEnum):
    """How the service masks personal data that it finds."""

    CHARACTER = "maskWithCharacter"


@dataclass(frozen=True, kw_only=True)
class PhoneWish:
    """How a phone call is to be transcribed.

    One locale is listened for; of several the service finds out which. ``model`` is the endpoint id
    of a speech model of one's own. ``summary`` asks for one when the call ends, in
    ``summary_locale`` or the call's. Without ``starts_at_once`` the call is only prepared.
    """

    locales: tuple[str, ...]
    intermediate: bool = True
    model: str | None = None
    masking: Masking | None = None
    sentiment: bool = False
    summary: bool = False
    summary_locale: str | None = None
    starts_at_once: bool = True

    def __post_init__(self) -> None:
        """Check what can be known here. Raises InvalidRequest."""
        if not 1 <= len(self.locales) <= MOST_LOCALES:
            raise InvalidRequest(
                f"A phone call is heard in one language, or in up to {MOST_LOCALES}."
            )
        for locale in (*self.locales, *filter(None, [self.summary_locale])):
            check_locale(locale)

    @property
    def locale(self) -> str | None:
        """The one locale, None when there are several."""
        return self.locales[0] if len(self.locales) == 1 else None


def masking_of(name: str) -> Masking:
    """Return the masking of this name. Raises UnsupportedOption for one the SDK doesn't know."""
    for masking in Masking:
        if masking.value.casefold() == name.casefold():
            return masking
    raise UnsupportedOption(f"Personal data is masked by {', '.join(Masking)} only.")


def check_locale(locale: str) -> None:
    """Check that a locale names a region, which the service insists on. Raises InvalidRequest."""
    if not _LOCALE.fullmatch(locale):
        raise InvalidRequest("The language of a phone call is given with its region, as in en-US.")


def check_number(number: str) -> None:
    """Check a phone number in its international form. Raises InvalidRequest."""
    if not _NUMBER.fullmatch(number):
        raise InvalidRequest("A phone number is given as in +14255550123.")


def check_can_start(wish: PhoneWish, *, intermediate_before: bool) -> None:
    """Check what can be asked for once a call is held. Raises UnsupportedOption.

    Whether there are intermediate results is settled with the call; ``intermediate_before`` says
    how.
    """
    if wish.intermediate != intermediate_before:
        raise UnsupportedOption(
            "Unfinished lines are asked for when a call is placed, answered or joined, not later."
        )


def check_can_switch(locales: tuple[str, ...]) -> str:
    """Return the locale a call can go on in. Raises UnsupportedOption for a choice of several."""
    if len(locales) != 1:
        raise UnsupportedOption("In mid-call the language changes to one, it can't be detected.")
    check_locale(locales[0])
    return locales[0]
