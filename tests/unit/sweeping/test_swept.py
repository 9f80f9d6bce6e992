"""What a sweep finds comes out as it went in, from memory and from a file that nobody can read."""

from datetime import date
from pathlib import Path

import pytest

from services.storage.swept_calls import Found
from services.sweeping.swept import Swept, pack_found

DAY = date(2026, 11, 26)


def found(rule_id: str, *calls: int) -> dict[str, list[Found]]:
    return {rule_id: [(f"call {n}", DAY, f"[[0, {n}, “secret”]]") for n in calls]}


@pytest.mark.parametrize("most_in_memory", [0, 150, 1_000_000])
def test_what_was_found_comes_out_by_rule_in_order(tmp_path: Path, most_in_memory: int) -> None:
    swept = Swept(calls=9, rules=(), working_folder=tmp_path, most_in_memory=most_in_memory)
    for calls in ((1, 2), (3,), (4, 5, 6)):
        swept.add(pack_found(found("a", *calls) | found("b", *calls[:1])))
    assert list(swept.of("a")) == found("a", 1, 2, 3, 4, 5, 6)["a"]
    assert list(swept.of("b")) == found("b", 1, 3, 4)["b"]
    assert list(swept.of("c")) == []
    assert (swept.count("a"), swept.count("b"), swept.count("c"), swept.counted) == (6, 3, 0, 9)
    swept.close()


def test_memory_is_bounded_by_what_is_allowed_and_nothing_lies_about(tmp_path: Path) -> None:
    swept = Swept(calls=9, rules=(), working_folder=tmp_path, most_in_memory=2_000)
    for number in range(400):
        swept.add(pack_found(found("a", number)))
    in_memory = [kept for kept in swept._found["a"] if isinstance(kept, bytes)]
    assert sum(map(len, in_memory)) <= 2_000 < swept.packed_bytes
    assert len(in_memory) < 400
    assert list(tmp_path.iterdir()) == []
    assert [call for call, _, _ in swept.of("a")] == [f"call {number}" for number in range(400)]
    swept.close()
