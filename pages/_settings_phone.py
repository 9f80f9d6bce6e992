"""What the Settings page tells of telephone services: from settings, of which none is shown."""

from app import session
from app.phone_settings import Answering
from app.settings import Settings
from components.settings_view.phone import PhoneAddress, PhoneCard
from services.domain.phone import PhoneService
from services.telephony.acs.paths import EVENTS_PATH, INCOMING_PATH, TRANSCRIPTION_PATH
from services.telephony.streaming.streams import AUDIOHOOK_PATH, TWILIO_PATH

DOES = {
    PhoneService.ACS: "Calls are placed, joined and answered on the Live page.",
    PhoneService.TWILIO: "Calls that it streams appear on the Supervisor page.",
    PhoneService.AUDIOHOOK: "Calls that it streams appear on the Supervisor page.",
}
NO_CALLER = "No number can be called from here: set ACS_CALLER_NUMBER to a number of the resource."
NO_PREFIXES = (
    "No number may be called from here: name how they begin, as in +44, +1415, in "
    "PARTYLINE_PHONE_PREFIXES."
)
NO_SECRET = "Nobody can call here: set ACS_EVENT_SECRET, 16 characters or more."
BY_RULE = "Calls that come in are answered at once by this server, as ACS_ANSWER says."


def has_public_url() -> bool:
    """Say whether services elsewhere can reach this server."""
    return session.services().settings.public_url is not None


def phone_cards() -> list[PhoneCard]:
    """Return all telephone services with what is set about them."""
    settings = session.services().settings
    twilio = () if settings.twilio_auth_token else ("TWILIO_AUTH_TOKEN",)
    secrets = {
        "AUDIOHOOK_API_KEY": settings.audiohook_api_key,
        "AUDIOHOOK_CLIENT_SECRET": settings.audiohook_client_secret,
    }
    missing = {
        PhoneService.ACS: session.services().phone.readiness().missing,
        PhoneService.TWILIO: twilio,
        PhoneService.AUDIOHOOK: tuple(name for name, value in secrets.items() if value is None),
    }
    return [
        PhoneCard(
            service=service,
            does=DOES[service],
            missing=missing[service],
            notes=_notes(settings) if service is PhoneService.ACS and not missing[service] else (),
            addresses=_addresses(service, settings.public_url),
        )
        for service in PhoneService
    ]


def _notes(settings: Settings) -> tuple[str, ...]:
    """Return what can't be done with Azure as it is set up, and what is done of itself."""
    notes = {
        NO_CALLER: settings.acs_caller_number is None,
        NO_PREFIXES: bool(settings.acs_caller_number) and not settings.phone_prefixes,
        NO_SECRET: settings.acs_event_secret is None,
        BY_RULE: settings.acs_event_secret is not None and settings.acs_answer is Answering.RULE,
    }
    return tuple(sentence for sentence, holds in notes.items() if holds)


def _addresses(service: PhoneService, public: str | None) -> tuple[PhoneAddress, ...]:
    """Return what is entered at the telephone service, as far as this server's address is known."""
    if not public:
        return ()
    web = public.rstrip("/")
    stream = web.replace("http", "ws", 1)
    match service:
        case PhoneService.ACS:
            return (
                PhoneAddress(
                    purpose="Endpoint of the Event Grid subscription to IncomingCall; the dots "
                    "stand for the value of ACS_EVENT_SECRET",
                    url=f"{web}{INCOMING_PATH}?secret=…",
                ),
                PhoneAddress(
                    purpose="Azure posts what happens there; it is told with each call and only "
                    "has to get through",
                    url=f"{web}{EVENTS_PATH}",
                ),
                PhoneAddress(
                    purpose="Azure sends the words there; it is told with each call, too",
                    url=f"{stream}{TRANSCRIPTION_PATH}",
                ),
            )
        case PhoneService.TWILIO:
            return (PhoneAddress(purpose="url of <Stream> in TwiML", url=f"{stream}{TWILIO_PATH}"),)
        case PhoneService.AUDIOHOOK:
            return (
                PhoneAddress(
                    purpose="Connection URI of the AudioHook Monitor integration in Genesys Cloud",
                    url=f"{stream}{AUDIOHOOK_PATH}",
                ),
            )
