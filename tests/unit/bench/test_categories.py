"""Scoring categories against truth files."""

import json

from bench.categories import measure

TRUTH = {
    "duration_s": 20,
    "utterances": [
        {"speaker": "agent", "start_s": 0, "end_s": 4,
         "text": "Thanks for calling Acme, this is Ann. This call is recorded."},
        {"speaker": "customer", "start_s": 5, "end_s": 9,
         "text": "I want to cancel my subscription, or my lawyer will write to you."},
    ],
    "hold": [],
    "categories_expected": ["event:greeting_standard", "event:cancel_intent", "topic:fraud"],
    "categories_ambiguous": ["event:legal_or_regulator_threat", "topic:cancellation"],
}  # fmt: skip


def test_what_is_found_is_counted_against_the_truth(tmp_path, capsys):
    (tmp_path / "one.json").write_text(json.dumps(TRUTH))
    (tmp_path / "other.json").write_text("{}")
    figures = tmp_path / "figures.json"
    assert measure(tmp_path, None, figures) == 0
    rows = {row["category"]: row for row in json.loads(figures.read_text())["rows"]}

    def counts(category):
        return tuple(rows[category][key] for key in ("right", "wrong", "missed"))

    assert counts("greeting_standard") == counts("cancel_intent") == (1, 0, 0)
    assert counts("recording_disclosure") == (0, 1, 0)
    assert counts("fraud") == (0, 0, 1)
    assert "legal_or_regulator_threat" not in rows
    assert "cancellation" not in rows
    assert counts("all together") == (2, 1, 1)
    assert rows["all together"]["F1"] == 4 / 6
    assert "all together" in capsys.readouterr().out


def test_without_truth_there_is_nothing_to_score(tmp_path, capsys):
    assert measure(tmp_path, None, None) == 1
    assert "no truth files" in capsys.readouterr().out
