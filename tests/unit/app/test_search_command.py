"""``partyline search``: filters, order, one JSON object a line, and sentences for bad queries."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from services.domain.calls import CallDetails
from services.storage.calls import CallStore
from services.storage.database import open_engine
from services.storage.schema import migrate
from services.storage.transcripts import TranscriptStore
from tests.builders import transcript, utterance
from tests.contract.stores import ORG, add, analysed


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two calls of two agents about refunds."""
    monkeypatch.setenv("PARTYLINE_DATA_DIR", str(tmp_path))
    engine = open_engine(f"sqlite:///{tmp_path / 'partyline.db'}")
    migrate(engine)
    for agent, line in (("Ann", "my refund is late"), ("Bob", "refund refund")):
        details = CallDetails(agent_name=agent, queue="Billing", customer_ref="C 7")
        made = add(CallStore(engine), details=details)
        said = transcript(
            utterance(1, "s1", 0, "hello there"), utterance(2, "s2", 4_000, line, "-")
        )
        TranscriptStore(engine).save(ORG, made.id, 1, analysed(said))
    engine.dispose()


def search(*words: str) -> Result:
    return CliRunner().invoke(app, ["search", *words])


def test_lines_are_found_and_filtered(installation: None) -> None:
    texts = [line.split("\t")[-1] for line in search("refund").stdout.splitlines()]
    assert texts == ["refund refund", "my refund is late"]
    narrowed = search(
        "refund -late", "--agent", "Bob", "--queue", "Billing", "--sentiment", "negative",
        "--said-by", "customer", "--language", "en", "--provider", "scripted",
        "--max-minutes", "30", "--min-minutes", "0", "--best", "--json",
    )  # fmt: skip
    (found,) = map(json.loads, narrowed.stdout.splitlines())
    assert found["text"] == "refund refund"
    assert found["marks"] == [
        {"start_char": 0, "end_char": 6},
        {"start_char": 7, "end_char": 13},
    ]
    assert (found["sentiment"], found["queue"], found["customer_ref"]) == (
        "negative", "Billing", "C 7",
    )  # fmt: skip


def test_nothing_found_and_bad_queries_are_told_apart(installation: None) -> None:
    assert search("refund", "--category", "nothing").exit_code == 1
    for typed in ("?!", "a*"):
        refused = search(typed)
        assert refused.exit_code == 2
        assert len(refused.output.strip().splitlines()) == 1
