"""Which addresses and keys can be used without telling a secret to strangers."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

_ENCRYPTED = frozenset({"https", "wss"})
_PLAIN = frozenset({"http", "ws"})

Address = IPv4Address | IPv6Address


def numeric_address(text: str) -> Address:
    """Return a numeric address, without its zone; the IPv4 one where an IPv6 one maps that.

    A socket for both kinds names callers of IPv4 as ``::ffff:192.0.2.1``. Raises ValueError.
    """
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_address(host: str) -> bool:
    """Say whether a host, with or without brackets, is a numeric address and no name."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_this_machine(host: str) -> bool:
    """Say whether a host, with or without brackets, means this very machine.

    A name may begin like an address: 127.0.0.1.example.org is elsewhere.
    """
    name = host.strip("[]").lower()
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def is_on_this_machine(address: str) -> bool:
    """Say whether nothing that is sent to an address leaves this machine."""
    try:
        return is_this_machine(urlsplit(address).hostname or "")
    except ValueError:
        return False


def is_encrypted_or_here(address: str) -> bool:
    """Say whether nobody on the way can read what is sent to an address with a scheme."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if not parts.hostname:
        return False
    return parts.scheme in _ENCRYPTED or (
        parts.scheme in _PLAIN and is_this_machine(parts.hostname)
    )


def can_be_sent(key: str) -> bool:
    """Say whether a key can go in a header: a line end or an accent was pasted with it."""
    return key.isascii() and key.isprintable() and key == key.strip()
