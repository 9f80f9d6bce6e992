"""Whether a handshake of AudioHook is signed by who has the client secret.

HTTP message signatures (hmac-sha256) over the request's target, host and AudioHook's headers, as
the protocol's page and Genesys's reference implementation have it.
"""

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services import telemetry
from services.domain.errors import CallerRefused
from services.telephony.streaming.seen import SeenIds

NEEDED = (
    "@request-target",
    "@authority",
    "audiohook-organization-id",
    "audiohook-session-id",
    "audiohook-correlation-id",
    "x-api-key",
)
ALGORITHM = "hmac-sha256"
OLDEST_S = 10
SKEW_S = 3
SHORTEST_NONCE_CHARS = 22
MOST_CHARS = 8_192
MOST_DIGITS = 12
_LABEL = r"[a-z*][a-z0-9_.*-]*"
_INPUT = re.compile(
    rf'(?P<label>{_LABEL})=(?P<signed>\((?P<names>"[^"\\]+"(?: "[^"\\]+")*)\)'
    rf'(?P<parameters>(?:;[a-z]+=(?:"[^"\\]*"|\d{{1,15}}))*))'
)
_PARAMETER = re.compile(r';(?P<name>[a-z]+)=(?:"(?P<text>[^"\\]*)"|(?P<number>\d+))')
_SIGNATURE = re.compile(rf"(?P<label>{_LABEL})=:(?P<value>[A-Za-z0-9+/=]+):")


@dataclass(frozen=True, kw_only=True)
class _Signed:
    """What a signature says that it covers."""

    text: str
    names: tuple[str, ...]
    parameters: Mapping[str, str]
    signature: bytes


class HandshakeCheck:
    """Checks handshakes; one nonce opens one session. Safe across threads."""

    def __init__(
        self, secrets: Mapping[str, bytes], *, clock: Callable[[], float] = time.time
    ) -> None:
        """Take the client secret of each API key, decoded from base64."""
        self._secrets = {key: secret for key, secret in secrets.items() if secret}
        self._clock = clock
        self._nonces = SeenIds(kept_s=OLDEST_S + 2 * SKEW_S, clock=clock)

    def check(self, headers: Mapping[str, str], target: str) -> str:
        """Return the API key of a handshake for this path and query.

        ``headers`` have lower-case names. Raises CallerRefused.
        """
        try:
            return self._checked(headers, target)
        except _Refused as refused:
            telemetry.warning("audiohook.caller_refused", reason=str(refused))
            raise CallerRefused from None

    def _checked(self, headers: Mapping[str, str], target: str) -> str:
        signed = _signed(headers)
        key = headers.get("x-api-key", "")
        if signed.parameters.get("keyid") != key:
            raise _Refused("key")
        if signed.parameters.get("alg", ALGORITHM) != ALGORITHM:
            raise _Refused("algorithm")
        if not set(NEEDED) <= set(signed.names) or len(set(signed.names)) != len(signed.names):
            raise _Refused("covers")
        self._check_age(signed.parameters)
        nonce = signed.parameters.get("nonce", "")
        if len(nonce) < SHORTEST_NONCE_CHARS:
            raise _Refused("nonce")
        # With a key that is unknown the same is done, so that the time taken tells nothing.
        secret = self._secrets.get(key, b"\0")
        computed = hmac.new(secret, _base(signed, headers, target), hashlib.sha256).digest()
        if not hmac.compare_digest(computed, signed.signature) or key not in self._secrets:
            raise _Refused("signature")
        if not self._nonces.is_new(f"{key} {nonce}"):
            raise _Refused("again")
        return key

    def _check_age(self, parameters: Mapping[str, str]) -> None:
        now = self._clock()
        created = int(parameters.get("created") or 0)
        expires = parameters.get("expires")
        if not now - OLDEST_S - SKEW_S <= created <= now + SKEW_S:
            raise _Refused("age")
        if expires is not None and int(expires or 0) < now - SKEW_S:
            raise _Refused("expired")


class _Refused(Exception):
    """Why a handshake is refused; for the log."""


def _signed(headers: Mapping[str, str]) -> _Signed:
    given, signature = headers.get("signature-input", ""), headers.get("signature", "")
    if not given or not signature or len(given) + len(signature) > MOST_CHARS:
        raise _Refused("unsigned")
    about, value = _INPUT.fullmatch(given.strip()), _SIGNATURE.fullmatch(signature.strip())
    if about is None or value is None or about["label"] != value["label"]:
        raise _Refused("form")
    parameters: dict[str, str] = {}
    for found in _PARAMETER.finditer(about["parameters"]):
        if found["name"] in parameters:
            raise _Refused("form")
        parameters[found["name"]] = found["text"] if found["number"] is None else found["number"]
    for name in ("created", "expires"):
        number = parameters.get(name, "0")
        # Digits as int() takes them: "²" is one for isdigit() alone, and thousands are too many.
        if not (number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS):
            raise _Refused("form")
    try:
        decoded = base64.b64decode(value["value"], validate=True)
    except (binascii.Error, ValueError):
        raise _Refused("form") from None
    names = tuple(name[1:-1] for name in about["names"].split(" "))
    return _Signed(text=about["signed"], names=names, parameters=parameters, signature=decoded)


def _base(signed: _Signed, headers: Mapping[str, str], target: str) -> bytes:
    """Return what was signed: each component with its value, then how it was signed."""
    lines = []
    for name in signed.names:
        if name == "@request-target":
            value: str | None = target
        elif name == "@authority":
            value = headers.get("host", "").lower() or None
        elif name.startswith("@"):
            raise _Refused("component")
        else:
            value = headers.get(name)
        if value is None:
            raise _Refused("component")
        lines.append(f'"{name}": {value.strip()}')
    lines.append(f'"@signature-params": {signed.text}')
    return "\n".join(lines).encode()
