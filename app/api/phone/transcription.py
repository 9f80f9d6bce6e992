"""The transcription of a phone call that is held: started, in another language, stopped."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from app.api.caller import ApiUser, Here
from app.api.errors import error_answers
from app.api.phone.answers import PhoneCallAnswer
from app.api.phone.forms import LanguageForm, WishForm
from app.api.phone.held import CallId, find, shown
from services.domain.errors import LiveOver

ADDRESS = "/calls/{call_id}/transcription"
AS_BEFORE = WishForm()

router = APIRouter(responses=error_answers(409, 410, 422, 429, 502))


@router.put(ADDRESS)
def start_transcription(
    call_id: CallId,
    here: Here,
    user: ApiUser,
    form: Annotated[WishForm, Body()] = AS_BEFORE,
) -> PhoneCallAnswer:
    """Have a call transcribed from now on, or go on with other options."""
    find(here, user, call_id)
    before = here.phone.standing(user, call_id).wish
    here.phone.start_words(user, call_id, form.over(before))
    return shown(here, user, find(here, user, call_id))


@router.post(ADDRESS, status_code=202, response_class=Response)
def change_language(call_id: CallId, form: LanguageForm, here: Here, user: ApiUser) -> Response:
    """Have a call go on in another language.

    The service is asked in the background. When it refuses, that is a warning of the call, and the
    languages that are told of it stay as they were; it refuses for calls that were joined in a
    room.
    """
    if not find(here, user, call_id).goes_on:
        raise LiveOver
    # Refused here while another process holds it.
    here.phone.standing(user, call_id)
    here.live.speak(user, call_id, form.locale)
    return Response(status_code=202)


@router.delete(ADDRESS)
def stop_transcription(call_id: CallId, here: Here, user: ApiUser) -> PhoneCallAnswer:
    """Have a call transcribed no longer; it goes on. What is said then is marked as a gap."""
    find(here, user, call_id)
    here.phone.stop_words(user, call_id)
    return shown(here, user, find(here, user, call_id))


@router.post("/calls/{call_id}/summary", status_code=202, response_class=Response)
def ask_summary(call_id: CallId, here: Here, user: ApiUser) -> Response:
    """Ask the service for a summary so far, which is told to all who read along."""
    find(here, user, call_id)
    here.phone.service_summary(user, call_id)
    return Response(status_code=202)
