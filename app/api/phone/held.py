"""The phone calls that are held, as the API's operations find them."""

from contextlib import suppress
from typing import Annotated

from fastapi import Path

from app.api.phone.answers import PhoneCallAnswer
from app.wiring import Services
from services.domain.errors import HeldElsewhere, InvalidRequest, LiveOver, NotFound
from services.domain.live_calls import RunningCall
from services.domain.people import User
from services.domain.phone import PhoneFacts
from services.telephony.acs.calls.resuming import kept_wish

MOST_CALL_ID_CHARS = 64
CallId = Annotated[str, Path(max_length=MOST_CALL_ID_CHARS)]


def find(here: Services, user: User, call_id: str) -> RunningCall:
    """Return a phone call that is held, in whichever process.

    Raises NotFound, LiveOver for one that is among the calls by now, InvalidRequest for one that
    comes by other means.
    """
    try:
        call = here.live.get(user, call_id)
    except NotFound:
        here.browsing.get(user, call_id)
        raise LiveOver("It is among the calls now.") from None
    _facts(call)
    return call


def shown(here: Services, user: User, call: RunningCall) -> PhoneCallAnswer:
    """Return what is told of a phone call. Raises NotFound when it is over meanwhile."""
    try:
        standing = here.phone.standing(user, call.id)
    except HeldElsewhere:
        return PhoneCallAnswer.of(call, _facts(call), kept_wish(call), is_transcribed=None)
    return PhoneCallAnswer.of(
        call, _facts(call), standing.wish, is_transcribed=standing.is_transcribed
    )


def all_shown(here: Services, user: User) -> list[PhoneCallAnswer]:
    """Return what is told of all phone calls that are held, those that began last first."""
    told = []
    for call in here.live.running(user):
        if call.phone is not None and call.phone.sends_words:
            # One may be over by the time its turn comes.
            with suppress(NotFound):
                told.append(shown(here, user, call))
    return told


def _facts(call: RunningCall) -> PhoneFacts:
    if call.phone is None or not call.phone.sends_words:
        raise InvalidRequest("This is no phone call that is transcribed elsewhere.")
    return call.phone
