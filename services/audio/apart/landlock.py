"""How a process of Linux gives up all files and connections for good (Landlock).

What is open already stays open. Kernels before 5.13, or started without it, don't have it; the
later ones hold back more than the earlier.
"""

import ctypes
import os
import sys

_PR_SET_NO_NEW_PRIVS = 38
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_ASK_VERSION = 1
# How many rights over files each version of it knows, as bits from the lowest.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_CONNECTIONS_FROM, _CONNECTION_RIGHTS = 4, 2
_SIGNALS_FROM, _SCOPES = 6, 2


class _Ruleset(ctypes.Structure):
    """What is held back: rights over files and over TCP, signals and nameless sockets of others."""

    _fields_ = (
        ("files", ctypes.c_uint64),
        ("connections", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


def version() -> int:
    """Return which version this kernel has; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, _call(_CREATE_RULESET, None, 0, _ASK_VERSION))


def give_up_files() -> bool:
    """Let this thread, and what it starts, open, make, change or remove no file any more.

    Nor, where the kernel knows of that, connect or listen by TCP, or signal other processes; the
    memory of processes outside is out of reach as well. Return whether the kernel does it.
    """
    known = version()
    if not known:
        return False
    ruleset = _Ruleset(
        files=_bits(_FILE_RIGHTS.get(known, max(_FILE_RIGHTS.values()))),
        connections=_bits(_CONNECTION_RIGHTS) if known >= _CONNECTIONS_FROM else 0,
        scopes=_bits(_SCOPES) if known >= _SIGNALS_FROM else 0,
    )
    made = _call(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.sizeof(ruleset), 0)
    if made < 0:
        return False
    try:
        ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return _call(_RESTRICT_SELF, made, 0) == 0
    finally:
        os.close(made)


def _bits(count: int) -> int:
    return (1 << count) - 1


def _call(number: int, *given: object) -> int:
    """Make a call of the system that the C library has no name for; -1 where that fails."""
    try:
        call = ctypes.CDLL(None).syscall
    except (OSError, AttributeError):
        return -1
    call.restype = ctypes.c_long
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in given]
    return int(call(ctypes.c_long(number), *wide))
