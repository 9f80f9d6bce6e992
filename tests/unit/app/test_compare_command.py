"""``partyline compare``."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from services.analysis.metrics import analyse
from services.domain.calls import ProcessingOptions
from services.domain.metrics import AnalysedTranscript
from services.storage.calls import CallStore
from services.storage.database import open_engine
from services.storage.runs import RunStore
from services.storage.schema import migrate
from services.storage.transcripts import TranscriptStore
from tests import builders
from tests.contract.stores import ORG, add


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Store a call with transcripts of these texts of its last line; return its id."""
    monkeypatch.setenv("PARTYLINE_DATA_DIR", str(tmp_path))
    # else the log of later tests would go to a stream that ends with this one
    monkeypatch.setattr("services.telemetry.configure", lambda level: None)
    engine = open_engine(f"sqlite:///{tmp_path / 'partyline.db'}")
    migrate(engine)

    def store(*texts: str) -> str:
        call = add(CallStore(engine))
        for run, text in enumerate(texts, start=1):
            transcript = builders.transcript()
            *lines, last = transcript.utterances
            transcript = replace(transcript, utterances=(*lines, replace(last, text=text)))
            if run > 1:
                RunStore(engine).start(ORG, call.id, ProcessingOptions(provider="scripted"))
            RunStore(engine).begin(call.id, run)
            analysed = AnalysedTranscript(transcript=transcript, analysis=analyse(transcript))
            TranscriptStore(engine).save(ORG, call.id, run, analysed)
            RunStore(engine).finish(call.id, run, transcript.id)
        return call.id

    yield store
    engine.dispose()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["compare", *map(str, arguments)])


def test_the_shown_one_is_compared_with_the_newest_other(stored) -> None:
    done = run(stored("great thank you", "great thanks", "fine thank you so much"))
    assert done.exit_code == 0, done.stderr
    assert "Reference: run 3, scripted\nCompared: run 2, scripted\n" in done.stdout
    assert "36 words: 31 the same, 2 changed, 3 missing, 0 added" in done.stdout
    assert "Word error rate: 13.9%" in done.stdout
    assert "Customer: [-fine thank-] [-you so much-]\n" in done.stdout
    assert "{+great thanks+}" in done.stdout
    assert "my bill is wrong" not in done.stdout


def test_runs_can_be_named_and_all_lines_written(stored) -> None:
    call_id = stored("great thank you", "great thank you so much")
    done = run(call_id, 1, 2, "--all")
    assert "Reference: run 1" in done.stdout
    assert "0:18  Customer: great thank you\n" in done.stdout
    assert "      Customer: great thank you {+so much+}" in done.stdout
    assert "my bill is wrong" in done.stdout


def test_one_json_object_carries_counts_and_rows(stored) -> None:
    found = json.loads(run(stored("great thank you", "great thank"), "--json").stdout)
    assert (found["reference"]["run"], found["other"]["run"]) == (2, 1)
    assert found["counts"]["added"] == found["counts"]["errors"] == 1
    assert [row["other"][0]["pieces"][-1] for row in found["rows"]] == [
        {"kind": "added", "text": "you"}
    ]


@pytest.mark.parametrize(
    ("texts", "arguments", "sentence"),
    [
        (("great",), (), "This call has one transcript only."),
        (("great", "fine"), (1, 7), "The call has transcripts of the runs 1, 2."),
        (("great", "fine"), (2, 2), "Choose two different runs."),
    ],
)
def test_what_can_not_be_compared_is_one_line(stored, texts, arguments, sentence) -> None:
    done = run(stored(*texts), *arguments)
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_call_is_told(stored) -> None:
    stored("great")
    done = run("gone")
    assert done.exit_code == 2
    assert "does not exist" in done.stderr
