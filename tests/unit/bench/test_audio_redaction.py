"""The measure of how much of the spoken personal data is covered."""

import json

from bench.audio_redaction import BARE, Truth, coverage, read_truth, row_of
from services.analysis.covering import Margin
from tests.unit.analysis.test_covering import line, redacted

#  0     1000    2000    3000    4000    5000
#  |hello|       |[CARD] as recognised   |
#          |card as spoken |
TRANSCRIPT = redacted(line(("hello", 0, 800), ("[CARD]", 2000, 3000), ("bye", 3000, 5000)))
TRUTH = Truth(
    mentions=((1800, 3000), (15_000, 16_000)),
    numbers=((1800, 3000),),
    speech=((0, 800), (1800, 5000), (15_000, 16_000)),
)


def test_counts_found_mentions_and_what_else_is_lost() -> None:
    bare = row_of(BARE, [coverage(TRUTH, TRANSCRIPT, BARE)])
    assert (bare["mentions"], bare["found"], bare["covered_whole"]) == (2, 1, 0)
    assert bare["time_covered_percent"] == bare["numbers_time_covered_percent"] == 83.33
    assert bare["other_speech_lost_percent"] == 0
    margin = Margin(before_ms=200, after_ms=280, reach_ms=0)
    wide = row_of(margin, [coverage(TRUTH, TRANSCRIPT, margin)])
    assert (wide["covered_whole"], wide["time_covered_percent"]) == (1, 100)
    assert wide["other_speech_lost_percent"] == 10


def test_reads_truth_and_tells_what_is_none(tmp_path) -> None:
    file = tmp_path / "a.json"
    assert read_truth(file) is None
    file.write_text("{}")
    assert read_truth(file) is None
    mention = {"type": "CARD", "start_s": 1.0, "end_s": 2.5}
    name = {"type": "PERSON", "start_s": None, "end_s": None}
    file.write_text(json.dumps({"utterances": [{"pii": [mention, name], "voiced": [[0.5, 3.0]]}]}))
    assert read_truth(file) == Truth(
        mentions=((1000, 2500),), numbers=((1000, 2500),), speech=((500, 3000),)
    )
