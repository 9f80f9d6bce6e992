"""The command line on real stores, with the scripted provider and a real worker process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.commands.output import OutputFolder
from services.exports import Export
from tests.recordings import save_channel

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "demo"


def sound(path: Path, pitch: int = 300) -> Path:
    """A second of tone as WAV."""
    import wave

    tone = (8_000 * np.sin(np.arange(16_000) * 2 * np.pi * pitch / 16_000)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(tone.tobytes())
    return path


@pytest.fixture
def partyline(tmp_path):
    """Run the command on a data folder of its own."""
    environment = {
        **{k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}},
        "PYTHONPATH": str(ROOT),
        "PARTYLINE_DATA_DIR": str(tmp_path / "data"),
        "PARTYLINE_SCRIPTED_PROVIDER": "1",
    }

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *map(str, arguments)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_one_file_comes_out_as_json_and_nothing_is_stored(partyline, tmp_path):
    done = partyline("transcribe", sound(tmp_path / "a.wav"), "--provider", "scripted")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "partyline.call/1"
    assert document["call"]["source_name"] == "a.wav"
    assert not (tmp_path / "data" / "partyline.db").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"only words, no sound\n" * 40, "not an audio or video file"),
        (None, "There is no file of this name."),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(partyline, tmp_path, content, sentence):
    path = tmp_path / "bad.wav"
    if content is not None:
        path.write_bytes(content)
    done = partyline("transcribe", path, "--provider", "scripted")
    assert done.returncode == 2
    assert sentence in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_bad_file_among_several_costs_only_itself(partyline, tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"")
    done = partyline(
        "transcribe",
        *(sound(tmp_path / "a.wav"), tmp_path / "bad.wav", sound(tmp_path / "b.wav", 500)),
        *("--provider", "scripted", "--format", "srt", "--output", tmp_path / "out"),
    )
    assert done.returncode == 2
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.srt", "b.srt"]


def test_an_unknown_or_unready_provider_is_named(partyline, tmp_path):
    done = partyline("transcribe", sound(tmp_path / "a.wav"), "--provider", "nobody")
    assert done.returncode == 2
    assert "no speech provider of this name" in done.stderr


@pytest.mark.slow
def test_saved_calls_are_processed_once_and_again_with_other_options(partyline, tmp_path):
    path = sound(tmp_path / "a.wav")
    (tmp_path / "bad.wav").write_bytes(b"")
    save = ("transcribe", path, "--provider", "scripted", "--save", "--format", "json")
    first = partyline(*save, tmp_path / "bad.wav", "--output", tmp_path / "out")
    assert first.returncode == 2
    assert "bad.wav: The file is empty." in first.stderr
    stored = json.loads((tmp_path / "out" / "a.json").read_text())
    assert stored["call"]["redacted"] is True

    again = json.loads(partyline(*save).stdout)
    assert again["call"]["id"] == stored["call"]["id"]

    unredacted = partyline(*save, "--no-redact")
    assert json.loads(unredacted.stdout)["call"]["redacted"] is False, unredacted.stderr

    exported = partyline("export", stored["call"]["id"], "--format", "txt")
    assert exported.returncode == 0
    assert exported.stdout


# --- known voices ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "Nora", "missing.wav"), "There is no file of this name."),
        (("add", "Nora", "bad.wav"), "not an audio or video file"),
        (("add", " ", "bad.wav"), "needs the person's name"),
        (("rename", "Nora", "Dana"), "does not exist"),
        (("delete", "Nora"), "does not exist"),
    ],
)
def test_what_voices_can_not_do_is_one_line_and_exit_status_2(
    partyline, tmp_path, arguments, sentence
):
    (tmp_path / "bad.wav").write_bytes(b"only words, no sound\n" * 40)
    done = partyline("voices", *arguments)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert sentence in line
    assert done.stdout == ""


@pytest.mark.slow
def test_a_voice_is_added_listed_renamed_and_deleted(partyline, tmp_path):
    recording = tmp_path / "nora.wav"
    save_channel(next(DEMO.glob("*QUEUE_Billing*.ogg")), 0, recording)
    added = partyline("voices", "add", "Nora Fields", recording, "--role", "agent")
    assert added.returncode == 0, added.stderr
    voice_id, name, quality = added.stdout.strip().split("\t")
    assert (name, quality) == ("Nora Fields", "good")
    again = partyline("voices", "add", "Nora Fields", recording)
    assert (again.returncode, again.stdout) == (2, "")
    assert partyline("voices", "rename", voice_id, "Nora Price").returncode == 0
    listed = partyline("voices", "list").stdout.strip().split("\t")
    assert listed[:4] == [voice_id, "Nora Price", "agent", "good"]
    assert partyline("voices", "delete", "Nora Price").returncode == 0
    assert partyline("voices", "list").stdout == ""


def test_names_that_meet_in_one_folder_are_numbered(tmp_path):
    folder = OutputFolder(tmp_path)
    for text in (b"1", b"2", b"3"):
        folder.deliver(Export(content=text, media_type="x", file_name="Call.json"))
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        "Call.json": b"1",
        "Call-2.json": b"2",
        "Call-3.json": b"3",
    }
