"""The measure of what is left of personal data in recognised speech."""

import json
from collections import Counter

from bench.recognised_redaction import Mention, judged, read_mentions, rows_of
from tests.unit.analysis.test_covering import line, redacted

TRANSCRIPT = redacted(
    line(("hello", 0, 800), ("[CARD]", 2000, 3000), ("five", 3000, 3400), ("Holender", 6000, 7000))
)


def _mention(start_ms: int, end_ms: int, *, text: str = "", timed: bool = True) -> Mention:
    return Mention(kind="CARD", text=text, within=(start_ms, end_ms), timed=timed)


def test_tells_found_covered_and_clean_apart() -> None:
    whole = judged(_mention(2100, 2900), TRANSCRIPT)
    assert (whole["found"], whole["covered"], whole["clean"]) == (True, True, True)
    longer = judged(_mention(2100, 4500), TRANSCRIPT)
    assert (longer["found"], longer["covered"], longer["clean"]) == (True, False, False)
    assert longer["left"] == ["five"]
    assert judged(_mention(9000, 9500), TRANSCRIPT)["found"] is False


def test_a_name_without_times_is_looked_for_in_what_is_left() -> None:
    left = judged(_mention(6000, 7000, text="Marcus Hollander", timed=False), TRANSCRIPT)
    assert (left["clean"], left["left"]) == (False, ["Holender"])
    assert judged(_mention(6000, 7000, text="Priya", timed=False), TRANSCRIPT)["clean"] is True


def test_reads_the_truth(tmp_path) -> None:
    file = tmp_path / "a.json"
    assert list(read_mentions(file)) == []
    timed = {"type": "CARD", "text": "four", "start_s": 1.0, "end_s": 2.5}
    name = {"type": "PERSON", "text": "Dana", "start_s": None, "end_s": None}
    left_out = {**timed, "optional": True}
    said = {"start_s": 0.5, "end_s": 3.0, "pii": [timed, name, left_out]}
    file.write_text(json.dumps({"utterances": [said]}))
    assert list(read_mentions(file)) == [
        Mention(kind="CARD", text="four", within=(1000, 2500), timed=True),
        Mention(kind="PERSON", text="Dana", within=(500, 3000), timed=False),
    ]


def test_rows_add_up() -> None:
    counts = Counter({("CARD", "mentions"): 2, ("CARD", "found"): 1, ("CVV", "mentions"): 1})
    rows = rows_of(counts)
    assert [row["kind"] for row in rows] == ["CARD", "CVV", "all"]
    assert (rows[-1]["mentions"], rows[-1]["found"], rows[-1]["clean"]) == (3, 1, 0)
