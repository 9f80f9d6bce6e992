"""How much a decoder may take, and how a process gives up everything else for good."""

import ctypes
import sys
from contextlib import suppress
from dataclasses import dataclass

from services.audio.apart.landlock import give_up_files

MEBIBYTE = 1024 * 1024
PR_SET_NO_NEW_PRIVS = 38
# What is open already, and what libraries open on their way; no more.
MOST_OPEN_FILES = 64


@dataclass(frozen=True, kw_only=True)
class DecodeLimits:
    """What one recording may take to decode.

    ``memory_bytes`` is address space, libraries included. ``time_ms`` bounds the time by the clock
    and that of the processor alike; ``silence_ms`` is how long no sign of life may come.
    """

    memory_bytes: int = 1024 * MEBIBYTE
    time_ms: int = 30 * 60_000
    silence_ms: int = 60_000


def confine(limits: DecodeLimits) -> None:
    """Bound this process: memory, time, no files, no processes, no memory image.

    All libraries have to be loaded. Does what the system has: all of it on Linux whose kernel has
    Landlock, without that files can still be read and removed; no bounds on Windows, where only
    the clock of the process that started this one holds.
    """
    if sys.platform == "win32":
        return
    import resource

    def bound(what: int, most: int, *, at_last: int = 0) -> None:
        _, hard = resource.getrlimit(what)
        if hard != resource.RLIM_INFINITY:
            most, at_last = min(most, hard), min(most + at_last, hard) - most
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most + at_last))

    bound(resource.RLIMIT_CORE, 0)
    bound(resource.RLIMIT_FSIZE, 0)
    bound(resource.RLIMIT_NOFILE, MOST_OPEN_FILES)
    # The first signal says why; one that is held off is followed by the end.
    bound(resource.RLIMIT_CPU, max(1, -(-limits.time_ms // 1000)), at_last=5)
    bound(resource.RLIMIT_AS, limits.memory_bytes)
    if sys.platform == "linux":
        # Only those of others count for root; there it holds nothing back.
        bound(resource.RLIMIT_NPROC, 0)
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        give_up_files()
