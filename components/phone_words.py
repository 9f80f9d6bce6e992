"""What phone calls are called on screen; numbers of people are never shown whole."""

import re
from collections.abc import Sequence

from services.domain.phone import PhoneService, PhoneWay
from services.providers.capabilities import Readiness
from services.telephony.acs.orders import RingingCall

SERVICE_WORDS = {
    PhoneService.ACS: "Azure Communication Services",
    PhoneService.TWILIO: "Twilio",
    PhoneService.AUDIOHOOK: "Genesys AudioHook",
}
WAY_WORDS = {
    PhoneWay.PLACED: "called from here",
    PhoneWay.ANSWERED: "answered here",
    PhoneWay.JOINED: "joined in a room",
    PhoneWay.STREAMED: "held elsewhere, listened to here",
}
DIGITS_SHOWN = 3
LEAST_DIGITS = 5
UNKNOWN_CALLER = "Somebody whose number is withheld"
_APP_USER = "8:"


def caller_words(call: RingingCall) -> str:
    """Return who calls: by name where there is one, of a number only its last three digits."""
    name = " ".join((call.caller_name or "").split())
    number = _number(call.caller)
    if not name or _is_number(name):
        number = number or _number(name)
        return f"A {number}" if number else UNKNOWN_CALLER
    return f"{name}, {number}" if number else name


def set_up_words(readiness: Readiness) -> str:
    """Return what phone calls need: one sentence with the names of settings."""
    if readiness.missing:
        names = listed(readiness.missing)
        return f"Phone calls are not set up here: set {names} (docs/telephony.md says how)."
    return readiness.hint or "Phone calls are not set up here; docs/telephony.md says how."


def listed(names: Sequence[str]) -> str:
    """Return one name or more as a sentence has them."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _is_number(text: str) -> bool:
    return sum(character.isdigit() for character in text) >= LEAST_DIGITS


def _number(raw: str | None) -> str | None:
    """Return a number by its end; None for none, or for somebody who has none."""
    if raw is None or raw.startswith(_APP_USER):
        return None
    digits = re.sub(r"\D", "", raw.partition(":")[2] or raw)
    if len(digits) < DIGITS_SHOWN:
        return None
    return f"number ending in {digits[-DIGITS_SHOWN:]}"
