"""Phone calls at once, by all the real parts: no line is lost, and all of them land."""

import pytest

from bench.phone import PhoneLoad, hold


@pytest.mark.slow
def test_ten_calls_at_once_lose_nothing() -> None:
    (row,) = hold(PhoneLoad(calls=10, seconds=10))
    assert row["lines"] == 50
    assert row["frames"] == 200
    assert row["lines lost"] == 0
    assert row["landed"] == 10
