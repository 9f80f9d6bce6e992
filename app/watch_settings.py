"""What can be set about watching live calls and alerting people; app/settings.py reads it."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from services.domain.addresses import can_be_sent, is_encrypted_or_here
from services.domain.live_warnings import ALERTED_BY_DEFAULT, WarningKind
from services.live.alerting.mail import MailAccess, addresses_in


def _webhook(url: SecretStr | None) -> SecretStr | None:
    """Take an address that is https, or http on this very machine; an empty one is none."""
    text = url.get_secret_value().strip() if url else ""
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"} or parts.fragment or parts.username:
        raise ValueError
    if not (is_encrypted_or_here(text) and can_be_sent(text)):
        raise ValueError
    return SecretStr(text)


def _mail_server(url: SecretStr | None) -> SecretStr | None:
    """Take the address of a mail server; an empty one is none."""
    text = url.get_secret_value().strip() if url else ""
    if not text:
        return None
    MailAccess.read(text)
    return SecretStr(text)


def _kinds(text: str) -> str:
    """Take a list of kinds of warnings."""
    for part in filter(None, map(str.strip, text.split(","))):
        WarningKind(part)
    return text


def _people(text: str) -> str:
    """Take a list of e-mail addresses."""
    addresses_in(text)
    return text


class WatchSettings(BaseSettings):
    """From when on a live call is worth a warning, and where alerts go."""

    watch_words: Annotated[str, Field(validation_alias="PARTYLINE_WATCH_WORDS")] = ""
    watch_silence_ms: Annotated[
        int, Field(validation_alias="PARTYLINE_WATCH_SILENCE_MS", ge=1_000)
    ] = 5_000
    watch_monologue_ms: Annotated[
        int, Field(validation_alias="PARTYLINE_WATCH_MONOLOGUE_MS", ge=10_000, le=540_000)
    ] = 120_000
    summary_every_ms: Annotated[int, Field(validation_alias="PARTYLINE_SUMMARY_EVERY_MS", ge=0)] = (
        120_000
    )

    alert_kinds: Annotated[
        str, Field(validation_alias="PARTYLINE_ALERT_KINDS"), AfterValidator(_kinds)
    ] = ",".join(ALERTED_BY_DEFAULT)
    alert_url: Annotated[
        SecretStr | None,
        Field(validation_alias="PARTYLINE_ALERT_URL"),
        AfterValidator(_webhook),
    ] = None
    alert_secret: Annotated[SecretStr | None, Field(validation_alias="PARTYLINE_ALERT_SECRET")] = (
        None
    )
    smtp_url: Annotated[
        SecretStr | None,
        Field(validation_alias="PARTYLINE_SMTP_URL"),
        AfterValidator(_mail_server),
    ] = None
    alert_to: Annotated[
        str, Field(validation_alias="PARTYLINE_ALERT_TO", repr=False), AfterValidator(_people)
    ] = ""
    alert_from: Annotated[
        str, Field(validation_alias="PARTYLINE_ALERT_FROM", repr=False), AfterValidator(_people)
    ] = ""

    @property
    def alerted(self) -> tuple[WarningKind, ...]:
        """The kinds of warnings that people elsewhere are told of."""
        return tuple(
            WarningKind(kind) for kind in map(str.strip, self.alert_kinds.split(",")) if kind
        )
