"""Many sessions in a process of their own: ``python -m … SESSIONS AT_ONCE``; writes what is left.

The Speech SDK aborts the process when it is let go of in the wrong order, so the process's exit
status counts as much as what it writes.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from services.domain.running import RunContext
from services.providers.live import LiveFormat
from tests.unit.providers.azure_speech.streams import (
    CALL,
    OPTIONS,
    call,
    emulator_of,
    nobody_waits,
    provider_of,
    sound_of,
)

LINES = CALL[:1]
# Native threads end a moment after they were told to, later on a busy machine.
ENDS_WITHIN_S = 20.0


def open_files() -> int:
    """Return how many files and sockets are open."""
    return len(os.listdir("/proc/self/fd"))


def native_threads() -> int:
    """Return how many threads there are, those of native code included."""
    return len(os.listdir("/proc/self/task"))


def left_after(before: tuple[int, int]) -> tuple[int, int]:
    """Return threads and files once there are no more than before, or after a while."""
    until = time.monotonic() + ENDS_WITHIN_S
    while True:
        now = native_threads(), open_files()
        if (now[0] <= before[0] and now[1] <= before[1]) or time.monotonic() > until:
            return now
        time.sleep(0.1)


def main(sessions: int, at_once: int) -> dict[str, int]:
    """Run so many sessions, so many at a time: recorded, live, and live ones that are aborted."""
    recording = call(seconds=3)
    sound = sound_of(recording)

    def one(number: int) -> int:
        provider = provider_of(emulator)
        if number % 3 == 0:
            done = provider.transcribe(recording, OPTIONS, RunContext(), sleep=nobody_waits)
            return len(done.utterances)
        events: list[object] = []
        live = provider.open_live(LiveFormat(), OPTIONS, events.append)
        live.send(sound)
        if number % 3 == 1:
            live.finish(timeout_s=20)
            return len({e.line.id for e in events if hasattr(e, "line")})
        live.abort()
        return len(LINES)

    with emulator_of(recording, lines=LINES) as emulator:
        one(0)
        before = native_threads(), open_files()
        with ThreadPoolExecutor(at_once) as pool:
            heard = list(pool.map(one, range(sessions)))
        after = left_after(before)
    return {
        "sessions": len(heard),
        "complete": sum(n == len(LINES) for n in heard),
        "threads_before": before[0],
        "threads_after": after[0],
        "files_before": before[1],
        "files_after": after[1],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
