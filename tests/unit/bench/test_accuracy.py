"""The bench from folders to figures, with a pipeline that has it all written down."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench import accuracy
from bench.accuracy import Wishes, measure
from bench.scoring.corpus import Search
from services.analysis.metrics import analyse
from services.domain.calls import AudioFacts
from services.domain.errors import InvalidRequest, NotAudio
from services.domain.reviewed import ReviewedCall
from tests.builders import call, transcript

STM = "a 1 agent 0.0 4.75 Thank you for calling Harbor Energy how can I help you\n"


class Peer:
    """Hears one word less than there is."""

    def text_of(self, path: Path) -> str:
        return "Thank you for calling Harbor Energy how can I help"


def process(path: Path) -> ReviewedCall:
    """A call with one channel, or two if the name says so."""
    if "broken" in path.name:
        raise NotAudio
    made = transcript(*transcript().utterances[:1])
    channels = 2 if "stereo" in path.name else 1
    facts = AudioFacts(
        duration_ms=5_000, channels=channels, sample_rate=8_000, codec="flac", container="flac"
    )
    reviewed = replace(call(audio=facts), source_name=path.name)
    return ReviewedCall(call=reviewed, transcript=made, analysis=analyse(made))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(accuracy, "_pipeline", lambda: process)
    monkeypatch.setattr(accuracy, "_peer", Peer)
    monkeypatch.setattr(accuracy, "english", lambda: str.lower)
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("a.mono8k.flac", "a.stereo16k.flac"):
        (folder / name).write_bytes(b"")
    (folder / "a.stm").write_text(STM)
    return folder


def rows_in(file: Path) -> dict[str, dict]:
    return {row["file"]: row for row in json.loads(file.read_text())["rows"]}


def test_files_kinds_and_all_together(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wishes = Wishes(folders=[folder], transcripts=tmp_path / "kept")
    assert measure(wishes, tmp_path / "out.json") == 0
    rows = rows_in(tmp_path / "out.json")
    assert list(rows) == [
        "a.mono8k.flac",
        "a.stereo16k.flac",
        "all 1 mono8k",
        "all 1 stereo16k",
        "all 2",
    ]
    assert [rows[name]["wer_n"] for name in rows] == [1, 1, 1, 1, 2]
    assert rows["all 2"]["wer"] == 0.0
    assert rows["a.mono8k.flac"]["peer_wer"] == pytest.approx(1 / 11, abs=1e-6)
    assert rows["a.stereo16k.flac"]["peer_wer"] is None
    assert rows["all 2"]["peer_wer_n"] == 1
    words = capsys.readouterr().out.split("\n\n")[0].splitlines()
    assert words[-1].split() == ["all", "2", "2", "22", "0.00", "–", "0.00"]
    kept = json.loads((tmp_path / "kept" / "a.mono8k.json").read_text())
    assert kept["schema"] == "partyline.call/1"


def test_without_peer_and_with_a_pattern(folder: Path, tmp_path: Path) -> None:
    wishes = Wishes(folders=[folder], search=Search(only="*mono*"), peer=False)
    assert measure(wishes, tmp_path / "out.json") == 0
    rows = rows_in(tmp_path / "out.json")
    assert list(rows) == ["a.mono8k.flac", "all 1 mono8k", "all 1"]
    assert rows["all 1"]["peer_wer"] is None


def test_what_cannot_be_used_costs_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.broken.wav").write_bytes(b"")
    (folder / "b.wav").write_bytes(b"")
    (folder / "b.stm").write_text("nonsense")
    assert measure(Wishes(folders=[folder]), tmp_path / "out.json") == 2
    said = capsys.readouterr().err.splitlines()
    assert sum(line.startswith(("a.broken.wav: This file", "b.wav: This truth")) for line in said)
    assert "all 2" in rows_in(tmp_path / "out.json")


def test_when_nothing_can_be_used_no_figures_are_written(folder: Path, tmp_path: Path) -> None:
    for name in ("a.mono8k.flac", "a.stereo16k.flac"):
        (folder / name).unlink()
    (folder / "a.broken.wav").write_bytes(b"")
    assert measure(Wishes(folders=[folder]), tmp_path / "out.json") == 2
    assert not (tmp_path / "out.json").exists()


def test_recordings_of_one_name_keep_a_transcript_each_and_reruns_replace(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "a.mono8k.wav").write_bytes(b"")
    wishes = Wishes(folders=[folder], search=Search(only="*mono*"), transcripts=tmp_path / "kept")
    for _ in range(2):
        measure(wishes, tmp_path / "out.json")
    kept = sorted(p.name for p in (tmp_path / "kept").iterdir())
    assert kept == ["a.mono8k-2.json", "a.mono8k.json"]


def test_nothing_to_score_ends_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="truth beside"):
        measure(Wishes(folders=[folder], search=Search(only="x*")), tmp_path / "out.json")
    with pytest.raises(InvalidRequest, match="folders"):
        measure(Wishes(folders=[tmp_path / "absent"]), tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()
