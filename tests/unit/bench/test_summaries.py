"""Scoring summaries against what a listener noted in other words."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.summaries import Noted, content_words, is_about, measure, score, total
from services.domain.errors import InvalidRequest
from services.domain.speech import SpeakerRole, Statement, Summary
from tests import builders

TRUTH = Path(__file__).resolve().parents[3] / "demo"


def test_words_of_content_count_by_their_beginning():
    assert content_words("The customer's bills were charged!") == {"bills", "charg"}


@pytest.mark.parametrize(
    ("said", "noted", "same"),
    [
        ("I was charged twice for October", "The October bill was charged twice", True),
        ("I'd like to book an inspection", "The October bill was charged twice", False),
        ("You'll get a letter", "letter", True),
        ("", "The October bill was charged twice", False),
    ],
)
def test_texts_about_the_same(said, noted, same):
    assert is_about(said, noted) is same


def noted(resolved):
    spoken = builders.transcript(
        builders.utterance(1, "s1", 0, "how can I help"),
        builders.utterance(2, "s2", 6_000, "my October bill was charged twice"),
        builders.utterance(3, "s1", 12_000, "I'll send a letter by Friday"),
    )
    return Noted(
        name="a", transcript=spoken, reason="The October bill was charged twice",
        resolved=resolved, tasks=("send a letter by Friday", "refund of ninety dollars"),
    )  # fmt: skip


SUMMARY = Summary(
    reason=Statement(text="…", utterances=("u2",)),
    promises=(
        Statement(text="I'll send a letter by Friday", utterances=("u3",), due="by Friday",
                  who=SpeakerRole.AGENT),
        Statement(text="You'll be happy", utterances=("u3",)),
    ),
    resolved=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("truth", "given", "verdict"),
    [(True, True, "right"), (False, True, "wrong"), (True, None, "open"), (None, None, "right"),
     (None, True, "wrong")],
)  # fmt: skip
def test_verdicts(truth, given, verdict):
    assert score(noted(truth), replace(SUMMARY, resolved=given))["resolved"] == verdict


def test_counts():
    row = score(noted(True), SUMMARY)
    assert row["reason"] is True
    assert (row["tasks_found"], row["tasks_n"]) == (1, 2)
    assert (row["promises_fit"], row["promises_n"], row["dated_n"]) == (1, 2, 1)
    missing = score(noted(True), Summary())
    assert (missing["reason"], missing["tasks_found"]) == (False, 0)
    everything = total([row, missing])
    assert everything["reason"] == "1/2"
    assert everything["resolved"] == "1 right, 0 wrong, 1 open"
    assert everything["tasks_n"] == 4


def test_a_folder_without_facts_is_told(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"utterances": []}))
    with pytest.raises(InvalidRequest, match="no truth file"):
        measure([tmp_path], None, None, with_model=False)


def test_the_demo_calls(tmp_path, capsys):
    written = tmp_path / "figures.json"
    assert measure([TRUTH], None, written, with_model=False) == 0
    rows = json.loads(written.read_text())["rows"]
    assert len(rows) == 5
    assert rows[-1]["resolved"] == "4 right, 0 wrong, 0 open"
    assert rows[-1]["reason"] == "4/4"
    assert "all 4" in capsys.readouterr().out
