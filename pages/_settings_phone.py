"""What the Settings page tells of telephone services: from settings, of which none is shown."""

from typing import Any

from pydantic import SecretStr

from app import session
from components.settings_view.phone import PhoneAddress, PhoneCard
from services.domain.phone import PhoneService

PUBLIC_URL = "PARTYLINE_PUBLIC_URL"
CONNECTION_STRING = "ACS_CONNECTION_STRING"
FROM_CONNECTION_STRING = ("ACS_ENDPOINT", "ACS_ACCESS_KEY")
NEEDED = {
    PhoneService.ACS: (*FROM_CONNECTION_STRING, "ACS_RESOURCE_ID", "ACS_SPEECH_ENDPOINT"),
    PhoneService.TWILIO: ("TWILIO_AUTH_TOKEN",),
    PhoneService.AUDIOHOOK: ("AUDIOHOOK_API_KEY", "AUDIOHOOK_CLIENT_SECRET"),
}
DOES = {
    PhoneService.ACS: "Calls are placed, joined and answered on the Live page.",
    PhoneService.TWILIO: "Calls that it streams appear on the Supervisor page.",
    PhoneService.AUDIOHOOK: "Calls that it streams appear on the Supervisor page.",
}
CALLER_NUMBER, EVENT_SECRET = "ACS_CALLER_NUMBER", "ACS_EVENT_SECRET"


def has_public_url() -> bool:
    """Say whether services elsewhere can reach this server."""
    return PUBLIC_URL in _set_names()


def phone_cards() -> list[PhoneCard]:
    """Return all telephone services with what is set about them."""
    names = _set_names()
    cards = []
    for service in PhoneService:
        missing = _missing(service, names)
        cards.append(
            PhoneCard(
                service=service,
                does=DOES[service],
                missing=missing,
                why_not=_why_not(service) if not missing else None,
                limits=_limits(names) if service is PhoneService.ACS and not missing else (),
                addresses=_addresses(service),
            )
        )
    return cards


def _set_names() -> frozenset[str]:
    """Return the names of all settings that hold something."""
    settings = session.services().settings
    return frozenset(
        str(field.validation_alias)
        for name, field in type(settings).model_fields.items()
        if _says_something(getattr(settings, name))
    )


def _says_something(value: Any) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


def _missing(service: PhoneService, names: frozenset[str]) -> tuple[str, ...]:
    if CONNECTION_STRING in names:
        names |= frozenset(FROM_CONNECTION_STRING)
    return tuple(name for name in (*NEEDED[service], PUBLIC_URL) if name not in names)


def _why_not(service: PhoneService) -> str | None:
    """Return what else its desk says against it."""
    if service is not PhoneService.ACS:
        return None
    readiness = session.services().phone.readiness()
    if readiness.ready:
        return None
    return readiness.hint or f"set {', '.join(readiness.missing)}."


def _limits(names: frozenset[str]) -> tuple[str, ...]:
    limits = {
        CALLER_NUMBER: "No number can be called from here: set ACS_CALLER_NUMBER to a number of "
        "the resource.",
        EVENT_SECRET: "Nobody can call here: set ACS_EVENT_SECRET, 16 characters or more.",
    }
    return tuple(sentence for name, sentence in limits.items() if name not in names)


def _addresses(service: PhoneService) -> tuple[PhoneAddress, ...]:
    """Return what is entered at the telephone service, as far as this server's address is known."""
    public = session.services().settings.public_url
    if not public:
        return ()
    web = public.rstrip("/")
    stream = "ws" + web.removeprefix("http")
    match service:
        case PhoneService.ACS:
            return (
                PhoneAddress(
                    purpose="Endpoint of the Event Grid subscription to IncomingCall; the dots "
                    f"stand for the value of {EVENT_SECRET}",
                    url=f"{web}/acs/incoming?secret=…",
                ),
                PhoneAddress(
                    purpose="Azure posts what happens there; it is told with each call and only "
                    "has to get through",
                    url=f"{web}/acs/events",
                ),
                PhoneAddress(
                    purpose="Azure sends the words there; it is told with each call, too",
                    url=f"{stream}/acs/transcription",
                ),
            )
        case PhoneService.TWILIO:
            return (PhoneAddress(purpose="url of <Stream> in TwiML", url=f"{stream}/twilio"),)
        case PhoneService.AUDIOHOOK:
            return (
                PhoneAddress(
                    purpose="Connection URI of the AudioHook Monitor integration in Genesys Cloud",
                    url=f"{stream}/audiohook",
                ),
            )
