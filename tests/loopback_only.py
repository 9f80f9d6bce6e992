"""Pytest plugin: a test that connects to another machine fails, whatever library does it.

bin/test loads it with `-p`. An audit hook sees every connection of this process, C code that goes
through the socket module included; children and libraries with sockets of their own are not seen.
"""

import ipaddress
import sys


class OutsideTraffic(AssertionError):
    """A test tried to reach a machine other than this one."""


def _is_loopback(host: str) -> bool:
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _watch(event: str, args: tuple[object, ...]) -> None:
    if event not in {"socket.connect", "socket.sendto"}:
        return
    address = args[1]
    if isinstance(address, tuple) and not _is_loopback(str(address[0])):
        raise OutsideTraffic("tests may only talk to this machine")


def pytest_configure() -> None:
    """Start watching; an audit hook stays for the life of the process."""
    sys.addaudithook(_watch)
