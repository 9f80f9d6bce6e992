"""Events that are kept for as long as a call lasts."""

import json
import tracemalloc
from collections.abc import Callable

from services.live.telling.packed import Packed

LINE = {
    "type": "final",
    "id": "u1",
    "text": "Schönen Dank, that is 12 € \ud83d\n",
    "start_ms": 0,
    "confidence": 0.9,
    "pii": [],
    "speaker": None,
    "words": [
        {
            "text": f"word{n}",
            "start_ms": 300 * n,
            "end_ms": 300 * n + 250,
            "confidence": 0.9 - n / 90,
        }
        for n in range(10)
    ],
}


def test_an_event_comes_out_as_it_went_in() -> None:
    assert Packed(LINE).told == LINE


def test_a_kept_line_takes_a_fraction_of_the_room() -> None:
    def taken(keep: Callable[[str], object]) -> int:
        forms = [json.dumps({**LINE, "id": f"u{n}"}) for n in range(200)]
        tracemalloc.start()
        try:
            kept = [keep(form) for form in forms]
            assert len(kept) == 200
            return tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    assert 3 * taken(lambda form: Packed(json.loads(form))) < taken(json.loads)
