"""What processes of this application do at their start that depends on the system they run on."""

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from services import telemetry

PR_SET_PDEATHSIG = 1
M_ARENA_MAX = -8
HEAPS = 2
NICENESS = 10
# Their messages quote what they were doing: addresses with tokens, exceptions with their texts.
# The same for every process, whichever of them it loads.
TALKATIVE = (
    *("streamlit", "uvicorn", "starlette", "websockets", "python_multipart", "authlib"),
    *("asyncio", "concurrent", "sqlalchemy", "httpx", "httpcore", "urllib3"),
    *("azure", "assemblyai", "faster_whisper", "spacy"),
)


def keep_memory_together() -> None:
    """Let all threads share two heaps of the C library, which otherwise hoards one for each."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, HEAPS)


@contextmanager
def loading() -> Iterator[None]:
    """Load modules without looking for garbage among them, now or ever.

    There is next to none, and each look goes through all that is there: a sixth of a start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def keep_libraries_quiet() -> None:
    """Keep what libraries say out of the log; of a warning only its place becomes an event."""
    telemetry.keep_texts_out(*TALKATIVE)


def killed_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends, where it can.

    That works even while a native call keeps every Python thread waiting.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def give_way() -> None:
    """Let processes that people are waiting for come first, where the system has a way to say so.

    Windows has none that is as simple; nothing is done there.
    """
    if sys.platform != "win32":
        with suppress(OSError):
            os.nice(NICENESS)


def own_pipes() -> tuple[int, int]:
    """Take the pipes away from standard input and output.

    Nothing else reads from the one; whatever libraries print goes to the log instead of between
    the frames.
    """
    incoming, outgoing = os.dup(0), os.dup(1)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return incoming, outgoing
