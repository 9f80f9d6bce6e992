"""Addresses and keys as the settings give them, taken only if they are safe to use."""

from urllib.parse import SplitResult, urlsplit

from services.domain.addresses import can_be_sent, is_encrypted_or_here
from services.domain.errors import ProviderNotConfigured

HTTP = "https"
WEB_SOCKET = "wss"
_PLAIN = {HTTP: "http", WEB_SOCKET: "ws"}


def safe_address(given: str, setting: str, key_setting: str, *, scheme: str = HTTP) -> str:
    """Return an address that is encrypted or on this machine, without a slash at its end.

    ``scheme`` is the encrypted one, HTTP or WEB_SOCKET. Raises ProviderNotConfigured, which names
    the setting and never repeats what it holds.
    """
    address = given.strip().rstrip("/")
    parts = _parts(address)
    if parts is None or parts.scheme not in {scheme, _PLAIN[scheme]} or not parts.hostname:
        raise ProviderNotConfigured(f"{setting} is not an address that begins with {scheme}://.")
    if parts.query or parts.fragment:
        raise ProviderNotConfigured(f"{setting} is an address without ? and #.")
    if parts.username or parts.password:
        raise ProviderNotConfigured(f"Set {key_setting}, no key in {setting}.")
    if not is_encrypted_or_here(address):
        raise ProviderNotConfigured(f"{setting} has to start with {scheme}://.")
    return address


def safe_host(given: str, setting: str, key_setting: str) -> str:
    """Return scheme and host of a web socket without a path. Raises ProviderNotConfigured."""
    address = safe_address(given, setting, key_setting, scheme=WEB_SOCKET)
    if urlsplit(address).path:
        raise ProviderNotConfigured(f"{setting} has the form wss://host, without a path.")
    return address


def safe_key(key: str | None, setting: str) -> str:
    """Return a key that can be sent. Raises ProviderNotConfigured for none, and for any other."""
    if not key:
        raise ProviderNotConfigured(f"{setting} is missing.")
    if not can_be_sent(key):
        raise ProviderNotConfigured(f"{setting} has characters that no key has.")
    return key


def _parts(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts
