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
UNKNOWN_CALLER = "Somebody whose number is withheld"


def caller_words(call: RingingCall) -> str:
    """Return who calls: by name where there is one, of a number only how it ends."""
    name = " ".join((call.caller_name or "").split())
    end = re.sub(r"\D", "", call.caller or "")
    if not end:
        return name or UNKNOWN_CALLER
    return f"{name}, number ending in {end}" if name else f"A number ending in {end}"


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
