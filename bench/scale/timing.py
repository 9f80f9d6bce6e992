"""Times as percentiles."""

import time
from collections.abc import Callable, Sequence
from typing import Any


def spread(taken_ms: Sequence[float]) -> dict[str, Any]:
    """Return n, median and 95th percentile (nearest rank) of milliseconds."""
    ordered = sorted(taken_ms)
    return {
        "n": len(ordered),
        "p50_ms": round(_at(ordered, 0.5), 2),
        "p95_ms": round(_at(ordered, 0.95), 2),
    }


def timed_ms(work: Callable[[], object]) -> float:
    """Return how many milliseconds it takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[max(0, -(-int(len(ordered) * share * 100) // 100) - 1)] if ordered else 0.0
