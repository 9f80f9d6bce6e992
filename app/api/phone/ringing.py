"""Whether there can be phone calls, and who calls."""

from fastapi import APIRouter

from app.api.caller import ApiUser, Here
from app.api.phone.answers import ReadinessAnswer, RingingAnswer, RingingCallsAnswer

router = APIRouter()


@router.get("/readiness")
def phone_readiness(here: Here, _user: ApiUser) -> ReadinessAnswer:
    """Say whether there can be phone calls, which settings are missing, and what is usual."""
    settings, readiness = here.settings, here.phone.readiness()
    return ReadinessAnswer(
        ready=readiness.ready,
        missing=list(readiness.missing),
        can_place=readiness.ready and settings.can_place_calls,
        can_be_called=readiness.ready and settings.acs_event_secret is not None,
        answers=settings.acs_answer,
        locales=list(settings.acs_locale_names),
        redacts=settings.default_options.redact,
        consent_required=settings.consent_required,
    )


@router.get("/incoming")
def ringing_calls(here: Here, user: ApiUser) -> RingingCallsAnswer:
    """Return the calls that ring at this process; each rings for a minute."""
    calls = here.phone.incoming(user)
    return RingingCallsAnswer(calls=[RingingAnswer.of(call) for call in calls])
