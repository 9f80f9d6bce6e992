"""What processes of this application do at their start that depends on the system they run on."""

import ctypes
import signal
import sys
from contextlib import suppress

PR_SET_PDEATHSIG = 1
M_ARENA_MAX = -8
HEAPS = 2


def keep_memory_together() -> None:
    """Let all threads share two heaps of the C library, which otherwise hoards one for each."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, HEAPS)


def killed_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends, where it can.

    That works even while a native call keeps every Python thread waiting.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
