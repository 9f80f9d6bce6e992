"""Which part of a recording is transcribed, and how its ends are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InvalidRequest
from services.domain.part import LATEST_MS, Part, check_bounds, part_of, read_clock, write_clock

MINUTE = 60_000


@pytest.mark.parametrize(
    ("bounds", "part"),
    [
        ((None, None), None),
        ((0, None), None),
        ((0, 10 * MINUTE), None),
        ((None, 11 * MINUTE), None),
        ((MINUTE, None), Part(start_ms=MINUTE, end_ms=10 * MINUTE)),
        ((None, MINUTE), Part(start_ms=0, end_ms=MINUTE)),
        ((MINUTE, 2 * MINUTE), Part(start_ms=MINUTE, end_ms=2 * MINUTE)),
        ((MINUTE, 99 * MINUTE), Part(start_ms=MINUTE, end_ms=10 * MINUTE)),
        ((MINUTE, MINUTE + 1_000), Part(start_ms=MINUTE, end_ms=MINUTE + 1_000)),
    ],
)
def test_the_part_of_a_recording_of_ten_minutes(bounds, part):
    assert part_of(10 * MINUTE, *bounds) == part


@pytest.mark.parametrize(
    ("bounds", "sentence"),
    [
        ((MINUTE, MINUTE), "has to end after it starts"),
        ((2 * MINUTE, MINUTE), "has to end after it starts"),
        ((None, 0), "has to end after it starts"),
        ((MINUTE, MINUTE + 999), "at least one second"),
        ((-1, None), "outside of any recording"),
        ((None, LATEST_MS + 1), "outside of any recording"),
        ((10 * MINUTE, None), "starts after the end"),
        ((11 * MINUTE, 12 * MINUTE), "starts after the end"),
        ((10 * MINUTE - 500, None), "at least one second"),
        ((10 * MINUTE - 500, 11 * MINUTE), "at least one second"),
    ],
)
def test_parts_that_a_recording_of_ten_minutes_does_not_have(bounds, sentence):
    with pytest.raises(InvalidRequest) as refused:
        part_of(10 * MINUTE, *bounds)
    assert sentence in refused.value.detail


def test_what_no_recording_has_is_known_before_it_is_read():
    check_bounds(None, None)
    check_bounds(11 * MINUTE, None)
    with pytest.raises(InvalidRequest):
        check_bounds(2_000, 1_000)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("90", 90_000),
        ("0", 0),
        ("1:30", 90_000),
        (" 01:30 ", 90_000),
        ("75:00", 75 * MINUTE),
        ("1:02:03", 3_723_000),
        ("1:02:03.5", 3_723_500),
        ("1:30,25", 90_250),
        ("12.345", 12_345),
    ],
)
def test_times_as_people_write_them(text, ms):
    assert read_clock(text) == ms


@pytest.mark.parametrize(
    "text", ["", "soon", "1:60", "1:60:00", "1:2:3:4", "-1", "1:", "1.2345", "1e3", "١:٣٠", "1m30s"]
)
def test_what_is_no_time(text):
    with pytest.raises(InvalidRequest):
        read_clock(text)


@given(st.integers(0, LATEST_MS))
def test_a_written_time_reads_as_itself(ms):
    assert read_clock(write_clock(ms)) == ms
