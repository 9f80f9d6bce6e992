"""The names of processes that hold live calls."""

import os
import secrets
import socket
from functools import cache

MOST_HOST_CHARS = 40


@cache
def process_name() -> str:
    """Return a name that no other process has or had."""
    return f"{_host()}-{os.getpid()}-{secrets.token_hex(4)}"


def is_dead(process: str) -> bool:
    """Say whether the name is that of a process of this machine, and the process is gone."""
    host, _, number = process.rpartition("-")[0].rpartition("-")
    if process == process_name() or host != _host() or not number.isdigit():
        return False
    if int(number) == os.getpid():
        # One before this one had the same number.
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _host() -> str:
    return socket.gethostname()[:MOST_HOST_CHARS]
