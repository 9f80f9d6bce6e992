"""Telephone services that send sound, in the web process."""

from dataclasses import replace

from pydantic import SecretStr

from app.settings import Settings
from services.domain.calls import ProcessingOptions
from services.live.desk import LiveDesk
from services.providers.registry import ProviderRegistry
from services.telephony.streaming.streams import PhoneStreams


def build_phone_streams(
    settings: Settings, desk: LiveDesk, providers: ProviderRegistry
) -> PhoneStreams:
    """Return where they connect; nothing runs before one does."""

    def options() -> ProcessingOptions:
        usual = settings.default_options
        return replace(usual, provider=live_provider(providers, usual.provider), fallback=())

    return PhoneStreams(
        desk,
        settings.phone_owner,
        options,
        public_url=settings.public_url,
        twilio_token=_text(settings.twilio_auth_token),
        audiohook_secrets=settings.audiohook_secrets,
    )


def live_provider(providers: ProviderRegistry, usual: str) -> str:
    """Return who transcribes calls while they are held where nobody chooses.

    That is the usual provider if it can, else the first that can, as the Live page has it.
    """
    names = (usual, *(name for name in providers.names() if name != usual))
    able = (
        name
        for name in names
        if providers.capabilities(name).live and providers.readiness(name).ready
    )
    return next(able, usual)


def _text(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
