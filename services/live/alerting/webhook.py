"""Alerts by webhook: a signed JSON document to one address."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable

import httpx

from services.access.outgoing import RefusedAddress, Trust, transport_to
from services.domain.addresses import is_on_this_machine
from services.domain.errors import AlertRefused, AlertUnreachable
from services.domain.live_warnings import Alert

WITHIN_S = 10.0
RETRYABLE = frozenset({408, 425, 429})
SIGNATURE = "Partyline-Signature"
TIMESTAMP = "Partyline-Timestamp"


class Webhook:
    """Posts alerts to an address. Nothing is followed elsewhere, no answer is read."""

    name = "webhook"

    def __init__(
        self,
        url: str,
        secret: str | None = None,
        *,
        within_s: float = WITHIN_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take an address that was checked, and what to sign with; nothing is connected yet."""
        self._url = url
        self._secret = secret.encode() if secret else None
        self._within_s = within_s
        self._clock = clock

    def send(self, alert: Alert) -> None:
        """Post an alert. Raises AlertUnreachable, AlertRefused."""
        body = document_of(alert)
        headers = {"Content-Type": "application/json", **self._signed(body)}
        try:
            with (
                httpx.Client(
                    transport=transport_to(self._url, Trust.OPERATOR),
                    timeout=self._within_s,
                    follow_redirects=False,
                    trust_env=not is_on_this_machine(self._url),
                ) as client,
                client.stream("POST", self._url, content=body, headers=headers) as response,
            ):
                status = response.status_code
        except RefusedAddress:
            raise AlertRefused("It leads to a machine that keeps secrets of its own.") from None
        except (httpx.HTTPError, OSError):
            raise AlertUnreachable from None
        except (httpx.InvalidURL, httpx.StreamError):
            raise AlertRefused from None
        if status >= 500 or status in RETRYABLE:
            raise AlertUnreachable(f"It answered with status {status}.")
        if not 200 <= status < 300:
            raise AlertRefused(f"It answered with status {status}.")

    def _signed(self, body: bytes) -> dict[str, str]:
        """Return the headers by which a receiver knows that it is us, and that it is now."""
        stamp = str(int(self._clock()))
        if self._secret is None:
            return {TIMESTAMP: stamp}
        return {TIMESTAMP: stamp, SIGNATURE: signature_of(self._secret, stamp, body)}


def document_of(alert: Alert) -> bytes:
    """Return what is posted of an alert."""
    document = {
        "type": "partyline.alert",
        "id": f"{alert.call_id}/{alert.warning_id}",
        "call": alert.call_id,
        "kind": alert.kind,
        "at_ms": alert.at_ms,
        "rule": alert.rule,
        "link": alert.link,
    }
    return json.dumps(document).encode()


def signature_of(secret: bytes, stamp: str, body: bytes) -> str:
    """Return the HMAC-SHA256 of "stamp.body", as it stands in the header."""
    digest = hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"
