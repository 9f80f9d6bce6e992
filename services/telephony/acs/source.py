"""What the service can do where a speech provider would be named: with calls it transcribed."""

from services.domain.phone import PhoneService
from services.providers.capabilities import Capabilities

CAPABILITIES = Capabilities(
    name=PhoneService.ACS.value,
    title="Azure Communication Services",
    recorded=False,
    live=True,
    diarization=True,
    language_detection=True,
    sentiment=True,
    live_language_switch=True,
)
