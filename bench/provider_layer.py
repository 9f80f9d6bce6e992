"""What our layer adds to the providers' own SDKs: the same call, service and pauses for both.

``partyline bench provider-layer``. Emulated services answer; the bare SDKs are used as their
samples do, the provider also remembers, maps and can be stopped. The two take turns; medians count.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench.layers import assemblyai, azure
from bench.layers.session import Session
from bench.results import RESULTS, keep, table

BARE, OURS = "bare SDK", "provider"


def measure(json_file: Path | None) -> int:
    """Measure, print a table, and write it; the exit status.

    Without ``json_file`` the figures are kept beside this script, under today's date.
    """
    rows = [row for made in _sessions() for row in _compared(made)]
    print(table(rows))
    today = datetime.now(UTC).date().isoformat()
    keep("provider-layer", rows, json_file or RESULTS / f"provider-layer-{today}.json")
    return 0


def _sessions() -> Iterator[AbstractContextManager[Session]]:
    yield assemblyai.recorded()
    yield assemblyai.live()
    yield azure.fast()
    yield azure.streamed(None, rounds=3)
    yield azure.streamed(100, rounds=9)
    yield azure.live()


def _compared(made: AbstractContextManager[Session]) -> list[dict[str, Any]]:
    with made as session:
        ways = {BARE: session.bare, OURS: session.ours}
        took: dict[str, list[float]] = {way: [] for way in ways}
        # What is loaded at the first use is not part of any session.
        lines = {way: work() for way, work in ways.items()}
        for _ in range(session.rounds):
            for way, work in ways.items():
                began = time.perf_counter()
                work()
                took[way].append(time.perf_counter() - began)
    bare = median(took[BARE])
    return [
        {
            "service": session.service,
            "session": session.about,
            "way": way,
            "lines": lines[way],
            "rounds": session.rounds,
            "median_s": median(took[way]),
            "fastest_s": min(took[way]),
            "slowest_s": max(took[way]),
            "added_percent": 100 * (median(took[way]) - bare) / bare,
        }
        for way in ways
    ]
