"""Which recordings are taken, and which truth belongs to them."""

from pathlib import Path

import pytest

from bench.scoring.corpus import Example, Search, find_examples
from bench.scoring.truth import BadTruth

STM = "a 1 Diane 1.0 2.0 Hello\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.mono8k.flac", "a.b.wav", "b.WAV", "lonely.mp3", "ring.wav", "a.txt"):
        (tmp_path / name).write_bytes(b"")
    for name in ("a.stm", "b.stm"):
        (tmp_path / name).write_text(STM)
    return tmp_path


def found(folder: Path, **search: object) -> dict[str, Example]:
    def refuse(audio: Path, error: BadTruth) -> None:
        raise AssertionError(audio)

    examples = find_examples([folder], Search(**search), refuse)  # type: ignore[arg-type]
    return {e.audio.name: e for e in examples}


def test_variants_belong_to_the_truth_of_their_call(folder: Path) -> None:
    examples = found(folder)
    assert {name: e.variant for name, e in examples.items()} == {
        "a.b.wav": "b",
        "a.mono8k.flac": "mono8k",
        "b.WAV": None,
    }


def test_truth_of_ones_own_wins(folder: Path) -> None:
    (folder / "a.mono8k.stm").write_text(STM.replace("Hello", "Own"))
    example = found(folder)["a.mono8k.flac"]
    assert example.variant is None
    assert example.truth.utterances is not None
    assert example.truth.utterances[0].text == "Own"


def test_only_and_no_speech_are_patterns(folder: Path) -> None:
    assert list(found(folder, only="*mono*")) == ["a.mono8k.flac"]
    silent = found(folder, no_speech=("ring*",))["ring.wav"]
    assert silent.truth.is_without_speech


def test_bad_truth_costs_its_recordings_only(folder: Path) -> None:
    (folder / "b.stm").write_text("nonsense\n")
    refused: list[str] = []
    examples = find_examples([folder], Search(), lambda audio, _: refused.append(audio.name))
    assert [e.audio.name for e in examples] == ["a.b.wav", "a.mono8k.flac"]
    assert refused == ["b.WAV"]
