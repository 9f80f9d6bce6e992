"""Which bytes a Range header means."""

import pytest

from app.ranges import ByteRange, UnsatisfiableRange, wanted_range

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, 1000),
        ("bytes=0-999", 0, 1000),
        ("bytes=0-99999", 0, 1000),
        ("bytes=500-599", 500, 600),
        ("bytes=999-", 999, 1000),
        ("bytes=-1", 999, 1000),
        ("bytes=-1000", 0, 1000),
        ("bytes=-5000", 0, 1000),
        ("bytes= 5-9 ", 5, 10),
    ],
)
def test_one_range(header: str, start: int, stop: int) -> None:
    assert wanted_range(header, SIZE) == ByteRange(start=start, stop=stop)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=1-2,5-6",
        "bytes=9-3",
        "items=0-5",
        "bytes=0-5; x",
        "bytes=²-³",
        "bytes=" + "9" * 200 + "-",
    ],
)
def test_what_is_no_range_means_the_whole_file(header: str | None) -> None:
    assert wanted_range(header, SIZE) is None


@pytest.mark.parametrize(
    "header", ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=5000-6000"]
)
def test_ranges_beyond_the_file(header: str) -> None:
    with pytest.raises(UnsatisfiableRange):
        wanted_range(header, SIZE)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=0-0", "bytes=-1"])
def test_an_empty_file_has_no_ranges(header: str) -> None:
    with pytest.raises(UnsatisfiableRange):
        wanted_range(header, 0)
