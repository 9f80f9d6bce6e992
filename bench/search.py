"""How long a search takes among many calls: ``python -m bench.search --help``."""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from bench.results import keep, table
from bench.search_history import LAST, ORG, make_history, word
from services.domain.searching import LineFilter, read_query
from services.domain.speech import SentimentLabel, SpeakerRole
from services.storage.database import open_engine
from services.storage.schema import migrate
from services.storage.search import SearchIndex

FOUND = 50
RARE, MEDIUM, COMMON, TOP = 9_000, 900, 60, 0


def kinds() -> dict[str, list[tuple[str, LineFilter]]]:
    """Return what is looked for, by kind: queries as typed, with their filters."""
    agent, rare_agent = LineFilter(agents=("Agent 000",)), LineFilter(agents=("Agent 199",))
    month = LineFilter(
        first_day=(LAST - timedelta(days=400)).date(), last_day=(LAST - timedelta(days=370)).date()
    )
    said = LineFilter(said_by=SpeakerRole.CUSTOMER, sentiments=(SentimentLabel.NEGATIVE,))
    narrow = LineFilter(
        agents=("Agent 150",),
        queues=("Queue 3",),
        said_by=SpeakerRole.AGENT,
        sentiments=(SentimentLabel.NEGATIVE,),
    )
    long_call = LineFilter(min_duration_ms=900_000)
    category, rare_category = LineFilter(categories=("rule0",)), LineFilter(categories=("rule14",))
    german, azure = LineFilter(languages=("de",)), LineFilter(providers=("azure",))
    everything = LineFilter()

    def words(*first: int) -> list[str]:
        return [word(rank + step) for rank in first for step in range(6)]

    tops, commons, mediums, rares = words(TOP), words(COMMON), words(MEDIUM), words(RARE)
    pairs = list(zip(tops, commons, strict=True))
    found: dict[str, list[tuple[str, LineFilter]]] = {
        "rare word": [(w, everything) for w in rares],
        "medium word": [(w, everything) for w in mediums],
        "medium-rare word": [(w, everything) for w in words(3_000)],
        "common word": [(w, everything) for w in commons],
        "very common word": [(w, everything) for w in tops],
        "no such word": [("qqqq", everything), ("xyzzy", everything)],
        "two common words": [(f"{a} {b}", everything) for a, b in pairs],
        "common and rare": [(f"{a} {b}", everything) for a, b in zip(tops, rares, strict=True)],
        "phrase of common words": [(f'"{a} {b}"', everything) for a, b in pairs],
        "longer phrase": [(f'"{a} {b} {a}"', everything) for a, b in pairs],
        "beginning": [(f"{w[:3]}*", everything) for w in (*commons, *mediums)],
        "short beginning": [(t, everything) for t in ("re*", "qu*", "th*", "ba*")],
        "without": [(f"{b} -{a}", everything) for a, b in pairs],
    }
    for name, among in {
        "agent": agent, "rare agent": rare_agent, "a month a year ago": month,
        "customer, negative": said, "narrow": narrow, "long calls": long_call,
        "category": category, "rare category": rare_category, "German": german, "Azure": azure,
    }.items():  # fmt: skip
        found[f"very common, {name}"] = [(w, among) for w in tops]
        found[f"medium, {name}"] = [(w, among) for w in (*commons[:2], *mediums[:4])]
    return found


def main() -> None:
    """Measure, making the history first where there is none."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path, help="where the database is, or is made")
    asked.add_argument("--calls", type=int, default=100_000)
    asked.add_argument("--postgres", action="store_true", help="on a server of its own")
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--only", default="", help="kinds with this in their name")
    asked.add_argument("--json", type=Path, default=None)
    wishes = asked.parse_args()
    with _database(wishes.folder, postgres=wishes.postgres) as (engine, is_new):
        if is_new:
            migrate(engine)
            make_history(engine, wishes.calls)
        rows = measure(engine, wishes.rounds, wishes.only)
    sys.stdout.write(table(rows) + "\n")
    keep("search", [{"calls": wishes.calls, "postgres": wishes.postgres}, *rows], wishes.json)


def measure(engine: Engine, rounds: int, only: str = "") -> list[dict[str, object]]:
    """Return a row for each kind of query, and one for all."""
    index = SearchIndex(engine)
    rows, every, every_used = [], [], []
    for kind, queries in kinds().items():
        if only not in kind:
            continue
        took, used, found = [], [], 0
        for typed, among in queries:
            wanted = read_query(typed)
            times = []
            for _ in range(rounds):
                began, began_cpu = time.perf_counter(), time.thread_time()
                lines = index.newest(ORG, wanted, among, FOUND)
                times.append(1000 * (time.perf_counter() - began))
                used.append(1000 * (time.thread_time() - began_cpu))
            took.append(times)
            found += len(lines)
        every += took
        every_used += used
        rows.append(_row(kind, took, used, found / len(queries)))
    return [*rows, _row("all", every, every_used, None)]


def _row(
    kind: str, took: list[list[float]], used: list[float], found: float | None
) -> dict[str, object]:
    """Return the figures of a kind.

    What a busy machine adds is left out of the best round of each query, and of the processor time
    of this process (in which SQLite works; PostgreSQL doesn't).
    """
    each = [ms for times in took for ms in times]
    return {
        "what": kind,
        "p50 ms": statistics.median(each),
        "p95 ms": _p95(each),
        "most ms": max(each),
        "best rounds p95 ms": _p95(list(map(min, took))),
        "first rounds p95 ms": _p95([times[0] for times in took]),
        "processor p95 ms": _p95(used),
        "found": found,
    }


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


@contextmanager
def _database(folder: Path, *, postgres: bool) -> Iterator[tuple[Engine, bool]]:
    folder.mkdir(parents=True, exist_ok=True)
    if not postgres:
        file = folder / "search.db"
        is_new = not file.exists()
        engine = open_engine(f"sqlite:///{file}")
        yield engine, is_new
        engine.dispose()
        return
    from bench.search_server import durable_server

    with durable_server(folder / "postgres") as (address, is_new):
        engine = open_engine(address)
        yield engine, is_new
        engine.dispose()


if __name__ == "__main__":
    main()
