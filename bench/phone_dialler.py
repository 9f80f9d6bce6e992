"""The emulated telephone service of ``partyline bench phone``, in a process of its own.

Prints how it is reached; a line on its standard input has it print what it sent and when, and end.
"""

import json
import sys
from dataclasses import asdict, replace

from emulators.acs.plans import CallPlan
from emulators.acs.script import PAUSE_MS, PhoneLine, dialogue
from emulators.acs.server import AcsEmulator

LINE_MS = 2_000
"""Four frames a line, three of them while it is said: two a second."""


def lines(seconds: int) -> list[PhoneLine]:
    """Return the talk of the emulator's script again and again, a line every two seconds."""
    script = dialogue()
    return [
        replace(
            script[number % len(script)],
            start_ms=number * LINE_MS,
            end_ms=(number + 1) * LINE_MS - PAUSE_MS,
        )
        for number in range(seconds * 1_000 // LINE_MS)
    ]


def main(seconds: int) -> None:
    """Serve until told to stop."""
    with AcsEmulator(CallPlan(lines=lines(seconds))) as service:
        reached = [service.endpoint, service.key, service.issuer.audience]
        print(json.dumps(reached), flush=True)
        sys.stdin.readline()
        seen = {one.connection_id: [asdict(sent) for sent in one.sent] for one in service.calls}
        print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
