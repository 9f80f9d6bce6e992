"""Where requests of ours may go: not to machines that only this one is meant to reach.

An address may be right and its name still lead elsewhere, at the second look at the latest (DNS
rebinding). So the name is looked up once, what it leads to is looked at, and that very address is
connected to; the certificate has to be the name's all the same.
"""

import socket
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from services.domain.addresses import Address, is_this_machine, numeric_address

Resolve = Callable[[str, int], Sequence[str]]

# Where clouds tell a machine its keys; nobody has business there on somebody's word.
_METADATA = tuple(
    ip_network(one)
    for one in (
        "169.254.0.0/16",
        "fe80::/10",
        "fd00:ec2::254/128",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
    )
)
# A gateway on the way makes IPv4 addresses of these: it takes the last 32 bits for one.
_GATEWAYS = tuple(ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))
_TRANSLATED = (*_GATEWAYS, ip_network("2002::/16"), ip_network("2001::/32"))


class Trust(Enum):
    """On whose word a request goes somewhere.

    What an operator has set may be inside the network; what anybody else says has to be outside.
    """

    OPERATOR = "operator"
    OTHERS = "others"


class RefusedAddress(httpx.RequestError):
    """The address leads to a machine that isn't asked on this word."""

    def __init__(self) -> None:
        """Say so without the address."""
        super().__init__("refused address")


class GuardedTransport(httpx.HTTPTransport):
    """Sends requests to addresses it has looked at; redirects are looked at like any request."""

    def __init__(
        self,
        trust: Trust,
        *,
        also: Iterable[str] = (),
        resolve: Resolve | None = None,
        verify: bool = True,
    ) -> None:
        """Trust so far; ``also`` are host names that an operator has set, trusted as theirs."""
        super().__init__(verify=verify)
        self._trust = trust
        self._also = frozenset(name.lower() for name in also)
        self._resolve = resolve or _resolved

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises RefusedAddress, and what connecting raises."""
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        trust = Trust.OPERATOR if host.lower() in self._also else self._trust
        try:
            found = self._resolve(host, port)
        except OSError as error:
            raise httpx.ConnectError("unknown name", request=request) from error
        # One bad address among good ones is enough: which is taken would be its owner's choice.
        if not found or not all(may_be_asked(address, trust) for address in found):
            raise RefusedAddress
        for address in found[:-1]:
            try:
                return self._ask(address, request)
            except httpx.ConnectError:
                continue
        return self._ask(found[-1], request)

    def _ask(self, address: str, request: httpx.Request) -> httpx.Response:
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        return super().handle_request(pinned)


def transport_to(url: str, trust: Trust, *, also: Iterable[str] = ()) -> httpx.HTTPTransport:
    """Return what sends requests to an address: through the proxy that is set for it, or guarded.

    A proxy looks names up itself, so it is the one to refuse. Nothing for this machine goes to one.
    Raises httpx.ProxyError where the proxy's own address is none.
    """
    proxy = _proxy_for(url)
    if proxy is None:
        return GuardedTransport(trust, also=also)
    try:
        return httpx.HTTPTransport(proxy=proxy)
    except (httpx.InvalidURL, ValueError, ImportError):
        raise httpx.ProxyError("unfit proxy") from None


def _proxy_for(url: str) -> str | None:
    """Return the address of the proxy that the environment names for an address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or is_this_machine(host) or proxy_bypass(f"{host}:{port}" if port else host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def may_be_asked(address: str, trust: Trust) -> bool:
    """Say whether a machine may be asked by its numeric address."""
    try:
        parsed = numeric_address(address)
    except ValueError:
        return False
    meant = _meant(parsed)
    if _is_among(meant, _METADATA) or meant.is_multicast or meant.is_unspecified:
        return False
    if trust is Trust.OPERATOR:
        return True
    return parsed.is_global and not _is_among(parsed, _TRANSLATED)


def _meant(address: Address) -> Address:
    """Return the IPv4 address that a gateway makes of an IPv6 one, where it does."""
    if isinstance(address, IPv4Address) or address.is_loopback:
        return address
    if _is_among(address, _GATEWAYS):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.sixtofour or address


def _is_among(address: Address, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    return any(address.version == one.version and address in one for one in networks)


def _resolved(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found]
