"""Phone calls: begun, looked at, hung up."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.caller import ApiUser, Here
from app.api.errors import error_answers
from app.api.phone.answers import PhoneCallAnswer, PhoneCallsAnswer
from app.api.phone.forms import HangUpQuery, PhoneCallForm
from app.api.phone.held import CallId, all_shown, find, shown
from app.wiring import Services
from services.domain.errors import InvalidRequest
from services.domain.live_calls import RunningCall
from services.domain.people import User
from services.telephony.acs.wire.wishes import PhoneWish

ONE_OF = "Exactly one of number, room_id and incoming_id is given."
NO_CONSENT = "Say by everybody_is_told that everybody is told first; this installation asks for it."

router = APIRouter()


@router.post("/calls", status_code=201, responses=error_answers(410, 422, 429, 501, 502))
def begin_phone_call(
    form: PhoneCallForm, here: Here, user: ApiUser, request: Request, response: Response
) -> PhoneCallAnswer:
    """Call a number, join the call in a room, or answer a call that rings.

    A number that is called rings when this is answered; whether somebody picks up shows in what
    is told of the call.
    """
    call = _begun(here, user, form)
    response.headers["Location"] = f"{request.url.path}/{call.id}"
    return shown(here, user, call)


@router.get("/calls")
def phone_calls(here: Here, user: ApiUser) -> PhoneCallsAnswer:
    """Return the phone calls that are held, those of other processes and people, too."""
    return PhoneCallsAnswer(calls=all_shown(here, user))


@router.get("/calls/{call_id}", responses=error_answers(410))
def phone_call(call_id: CallId, here: Here, user: ApiUser) -> PhoneCallAnswer:
    """Return how a call stands, what its service calls it, and how it goes at a glance."""
    return shown(here, user, find(here, user, call_id))


@router.delete(
    "/calls/{call_id}",
    status_code=202,
    response_class=Response,
    responses=error_answers(409, 410),
)
def hang_up(
    call_id: CallId, how: Annotated[HangUpQuery, Query()], here: Here, user: ApiUser
) -> Response:
    """Leave a call, or end it for everyone. Last words are taken in; then it is among the calls."""
    find(here, user, call_id)
    here.phone.hang_up(user, call_id, for_everyone=how.for_everyone)
    return Response(status_code=202)


def _begun(here: Services, user: User, form: PhoneCallForm) -> RunningCall:
    settings, phone = here.settings, here.phone
    ways = (
        (phone.place, form.number),
        (phone.join, form.room_id),
        (phone.answer, form.incoming_id),
    )
    asked = [(begin, whom) for begin, whom in ways if whom is not None]
    if len(asked) != 1:
        raise InvalidRequest(ONE_OF)
    if settings.consent_required and form.told() is None:
        raise InvalidRequest(NO_CONSENT)
    [(begin, whom)] = asked
    usual = PhoneWish(locales=settings.acs_locale_names)
    return begin(user, whom, form.order(usual, settings.default_options))
