"""The keys with which a token issuer signs, fetched when they are needed and kept for a while."""

import json
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from services import telemetry
from services.domain.addresses import is_encrypted_or_here, is_on_this_machine
from services.domain.errors import BadSettings, TelephonyUnavailable

if TYPE_CHECKING:
    from jwt import PyJWK

ALGORITHM = "RS256"
KEPT_S = 12 * 3_600.0
"""After so long the keys are fetched anew: one that was withdrawn doesn't count for ever."""
USED_UNTIL_S = 48 * 3_600.0
"""Keys as old as this count no more when no newer ones can be had."""
ASK_EVERY_S = 60.0
TIMEOUT_S = 5.0
MOST_BYTES = 256 * 1024
MOST_KEYS = 50

Fetch = Callable[[str], bytes]


def fetch_page(address: str) -> bytes:
    """Return what lies at an address, whole and as it stands. Raises TelephonyUnavailable."""
    import httpx

    try:
        with (
            httpx.Client(
                timeout=TIMEOUT_S,
                follow_redirects=False,
                trust_env=not is_on_this_machine(address),
            ) as client,
            client.stream("GET", address) as answer,
        ):
            if answer.status_code != 200:
                raise TelephonyUnavailable
            read = b""
            for chunk in answer.iter_bytes():
                read += chunk
                if len(read) > MOST_BYTES:
                    raise TelephonyUnavailable
            return read
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        raise TelephonyUnavailable from None


class SigningKeys:
    """Public RSA keys of one issuer by their ids. Safe across threads; asking may take seconds."""

    def __init__(
        self,
        address: str,
        *,
        fetch: Fetch = fetch_page,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take where the issuer publishes its keys. Raises BadSettings for a readable way there."""
        if not is_encrypted_or_here(address):
            raise BadSettings("The keys of a token issuer are only fetched by https.")
        self._address = address
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at: float | None = None
        self._asked_at: float | None = None

    def find(self, key_id: str) -> "PyJWK | None":
        """Return the key of this id, None when the issuer has none.

        One that isn't known is asked for, at most once a minute whatever comes in. Raises
        TelephonyUnavailable when no keys could be had.
        """
        known = self._keys.get(key_id)
        if known is not None and self._age_s() < KEPT_S:
            # Nobody whose key is known waits for a key that somebody else has made up.
            return known
        with self._lock:
            known = self._keys.get(key_id)
            if known is None or self._age_s() >= KEPT_S:
                self._refresh()
            if self._fetched_at is None or self._age_s() >= USED_UNTIL_S:
                raise TelephonyUnavailable
            return self._keys.get(key_id)

    def _age_s(self) -> float:
        return float("inf") if self._fetched_at is None else self._clock() - self._fetched_at

    def _refresh(self) -> None:
        now = self._clock()
        if self._asked_at is not None and now - self._asked_at < ASK_EVERY_S:
            return
        self._asked_at = now
        try:
            keys = _keys_in(self._fetch(self._address))
        except TelephonyUnavailable:
            telemetry.warning("phone.keys_unavailable", known=len(self._keys))
            return
        self._keys, self._fetched_at = keys, self._clock()


def _keys_in(page: bytes) -> "dict[str, PyJWK]":
    """Return the keys of a page that can be used. Raises TelephonyUnavailable when it is none."""
    try:
        parsed: Any = json.loads(page)
    except (ValueError, RecursionError):
        raise TelephonyUnavailable from None
    listed = parsed.get("keys") if isinstance(parsed, dict) else None
    if not isinstance(listed, list):
        raise TelephonyUnavailable
    keys = {}
    for told in listed[:MOST_KEYS]:
        key = _key(told)
        if key is not None and key.key_id:
            keys[key.key_id] = key
    return keys


def _key(told: Any) -> "PyJWK | None":
    """Return a key that signs as we accept it; others of the same page are for somebody else."""
    from jwt import PyJWK
    from jwt.exceptions import PyJWTError

    if not isinstance(told, dict) or told.get("kty") != "RSA":
        return None
    if told.get("use", "sig") != "sig" or told.get("alg", ALGORITHM) != ALGORITHM:
        return None
    try:
        return PyJWK(told, algorithm=ALGORITHM)
    except (PyJWTError, ValueError, TypeError):
        return None
