"""Alerts by e-mail over SMTP."""

import re
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, getaddresses
from urllib.parse import unquote, urlsplit

from services.domain.addresses import is_this_machine
from services.domain.errors import AlertRefused, AlertUnreachable
from services.domain.live_warnings import Alert, WarningKind

WITHIN_S = 20.0
MS_PER_MINUTE = 60_000
MS_PER_S = 1_000
_ADDRESS = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")
_PORTS = {"smtp": 587, "smtps": 465}
_SAYS = {
    WarningKind.SILENCE.value: "nobody has spoken for long",
    WarningKind.MONOLOGUE.value: "one person has talked for long",
    WarningKind.NEGATIVE.value: "a customer turns negative",
    WarningKind.OVERLAP.value: "people talk over each other",
    WarningKind.RULE.value: "a rule applies",
    WarningKind.GAP.value: "a stretch was not transcribed",
    WarningKind.ERROR.value: "something went wrong",
}


@dataclass(frozen=True, kw_only=True)
class MailAccess:
    """A mail server, and who logs in there. ``encrypted`` from the first byte, else STARTTLS."""

    host: str
    port: int
    encrypted: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, url: str) -> "MailAccess":
        """Read smtp://user:password@host:port or smtps://…; raise ValueError for anything else."""
        parts = urlsplit(url)
        more = parts.path.strip("/") or parts.query or parts.fragment
        if parts.scheme not in _PORTS or not parts.hostname or more:
            raise ValueError("not the address of a mail server")
        return cls(
            host=parts.hostname,
            port=parts.port or _PORTS[parts.scheme],
            encrypted=parts.scheme == "smtps",
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )


def addresses_in(text: str) -> tuple[str, ...]:
    """Return the e-mail addresses that a text lists. Raises ValueError for what is none."""
    found = tuple(address for _, address in getaddresses([text]))
    if not text.strip():
        return ()
    if "\n" in text or "\r" in text or not all(map(_ADDRESS.fullmatch, found)):
        raise ValueError("not a list of e-mail addresses")
    return found


class Mail:
    """Sends alerts to a few people. Off this machine nothing goes unencrypted."""

    name = "e-mail"

    def __init__(
        self,
        access: MailAccess,
        to: Sequence[str],
        sender: str | None = None,
        *,
        within_s: float = WITHIN_S,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        """Write to these people, from the first of them if there is no ``sender``."""
        self._access = access
        self._to = tuple(to)
        self._sender = sender or self._to[0]
        self._within_s = within_s
        self._trusted = trusted or ssl.create_default_context()

    def send(self, alert: Alert) -> None:
        """Send one message. Raises AlertUnreachable, AlertRefused."""
        message = message_of(alert, self._sender, self._to)
        try:
            with self._connected() as server:
                if self._access.user is not None:
                    server.login(self._access.user, self._access.password or "")
                server.send_message(message, self._sender, self._to)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise _refusal(min(codes, default=550)) from None
        except smtplib.SMTPNotSupportedError:
            raise AlertRefused("The mail server doesn't offer what is needed.") from None
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code) from None
        except ssl.SSLCertVerificationError:
            raise AlertRefused("Its certificate is not trusted.") from None
        except (smtplib.SMTPException, OSError):
            raise AlertUnreachable from None

    def _connected(self) -> smtplib.SMTP:
        access, within_s = self._access, self._within_s
        if access.encrypted:
            return smtplib.SMTP_SSL(
                access.host, access.port, timeout=within_s, context=self._trusted
            )
        server = smtplib.SMTP(access.host, access.port, timeout=within_s)
        try:
            server.ehlo_or_helo_if_needed()
            if server.has_extn("starttls") or not is_this_machine(access.host):
                server.starttls(context=self._trusted)
                server.ehlo()
        except BaseException:
            server.close()
            raise
        return server


def message_of(alert: Alert, sender: str, to: Sequence[str]) -> EmailMessage:
    """Return the message that tells of an alert; the same alert has the same Message-ID."""
    said = _SAYS.get(alert.kind, "a warning")
    minutes, rest_ms = divmod(alert.at_ms, MS_PER_MINUTE)
    message = EmailMessage()
    message["Subject"] = f"Partyline alert: {said}"
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{alert.call_id}.{_plain(alert.warning_id)}@partyline.invalid>"
    lines = [
        f"In a call that is being held, {said}.",
        "",
        f"Time in the call: {minutes}:{rest_ms // MS_PER_S:02d}",
        *([f"Rule: {alert.rule}"] if alert.rule else []),
        f"Read along: {alert.link}",
    ]
    message.set_content("\n".join(lines))
    return message


def _plain(text: str) -> str:
    return "".join(c if c.isalnum() and c.isascii() else "-" for c in text)


def _refusal(code: int) -> AlertUnreachable | AlertRefused:
    """Return what a reply means: those from 400 to 499 ask to try again later."""
    said = f"The mail server answered with code {code}."
    return AlertUnreachable(said) if 400 <= code < 500 else AlertRefused(said)
