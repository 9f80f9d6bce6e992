"""The command line on real stores, with the scripted provider and a real worker process.

That it can be started as a program is proven in test_live_command.py and test_azure_commands.py.
"""

import json
import os
import re
import subprocess
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
def partyline(commands, tmp_path):
    """Run the command on a data folder of its own."""
    environment = {
        **{k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}},
        "PYTHONPATH": str(ROOT),
        "PARTYLINE_DATA_DIR": str(tmp_path / "data"),
        "PARTYLINE_SCRIPTED_PROVIDER": "1",
    }

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return commands.run(arguments, env=environment, cwd=tmp_path)

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


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--start", "soon"], "Write a time as minutes and seconds"),
        (["--start", "2:00", "--end", "1:00"], "has to end after it starts"),
        (["--start", "1:00"], "starts after the end of the recording"),
        (["--end", "0:00.5"], "at least one second"),
        (["--spelling", "acme tell"], "needs both sides"),
        (["--vocabulary", "x" * 61], "longer than 60 characters"),
        (["--vocabulary-file", "nowhere.txt"], "no file of this name"),
    ],
)
def test_words_and_parts_that_cannot_be_are_one_line(partyline, tmp_path, options, sentence):
    done = partyline("transcribe", sound(tmp_path / "a.wav"), "--provider", "scripted", *options)
    assert done.returncode == 2
    assert sentence in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_vocabulary_is_kept_and_used(partyline, tmp_path):
    assert partyline("vocabulary", "show").stdout == ""
    assert partyline("vocabulary", "add", "CPAP", "AcmeTel").stdout == "CPAP\nAcmeTel\n"
    partyline("vocabulary", "spell", "good morning = Hello")
    shown = partyline("vocabulary", "remove", "cpap")
    assert shown.stdout == "AcmeTel\ngood morning = Hello\n"
    assert partyline("vocabulary", "show").stdout == shown.stdout
    refused = partyline("vocabulary", "remove", "nobody")
    assert refused.returncode == 2
    assert "does not hold this word" in refused.stderr

    words = tmp_path / "words.txt"
    words.write_text("\ufeffNora\n\nacmetel\n", encoding="utf-8")
    path = sound(tmp_path / "a.wav")
    done = partyline(
        *("transcribe", path, "--provider", "scripted", "--no-fillers"),
        *("--vocabulary", "Dana", "--vocabulary-file", words),
        *("--spelling", "thank you=Thanks", "--spelling", "calling=phoning"),
    )
    document = json.loads(done.stdout)
    assert document["utterances"][0]["text"].startswith("Hello, Thanks for phoning,")
    stages = document["stages"]
    assert (stages["vocabulary"], stages["spelling"]) == ("3 words", "3 pairs")
    assert stages["fillers"] == "taken out"


def test_a_vocabulary_file_has_to_be_text(partyline, tmp_path):
    for content, sentence in ((b"\xff\xfe\x00", "UTF-8"), (b"word\n" * 30_000, "too large")):
        (tmp_path / "words.txt").write_bytes(content)
        done = partyline(
            "transcribe", sound(tmp_path / "a.wav"), "--vocabulary-file", tmp_path / "words.txt"
        )
        assert done.returncode == 2
        assert sentence in done.stderr.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("call", ["Billing", "Deliveries"], ids=["two channels", "mono"])
def test_a_part_of_a_call_keeps_the_clock_of_the_recording(partyline, call):
    path = next(p for p in (ROOT / "demo").glob(f"*{call}*") if p.suffix in {".ogg", ".wav"})
    start_ms, end_ms = 20_000, 60_000
    done = partyline("transcribe", path, "--start", "0:20", "--end", "1:00", "--no-redact")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["call"]["part"] == {"start_ms": start_ms, "end_ms": end_ms}
    words = [word for utterance in document["utterances"] for word in utterance["words"]]
    timed = [*document["utterances"], *document["spans"], *document["holds"], *words]
    assert all(start_ms <= it["start_ms"] < it["end_ms"] <= end_ms for it in timed)

    truth = json.loads(path.with_suffix(".truth.json").read_text())
    assert document["call"]["duration_ms"] == pytest.approx(truth["duration_ms"], abs=50)
    figures = document["metrics"]["by_speaker"].values()
    assert all(len(own["loudness_dbfs"]) >= truth["duration_ms"] // 1000 for own in figures)
    inside = [u for u in truth["utterances"] if start_ms <= u["start_ms"] and u["end_ms"] <= end_ms]
    said = [(word, u) for u in inside for word in plain_words(u["text"])]
    found = [
        any(
            word in plain_words(w["text"])
            and u["start_ms"] - 500 <= w["start_ms"] <= u["end_ms"] + 500
            for w in words
        )
        for word, u in said
    ]
    assert len(said) > 50
    assert sum(found) / len(found) > 0.85


def plain_words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


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


def stored_call(partyline, tmp_path) -> dict:
    """Store a call and return its document."""
    path = sound(tmp_path / "a.wav")
    done = partyline("transcribe", path, "--provider", "scripted", "--save")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("no-such-call",), "This call does not exist, or it has been deleted."),
        (("a" * 32,), "This call does not exist, or it has been deleted."),
        (("a.wav", "--transcript", "none.json"), "There is no file of this name."),
        (("a.wav", "--transcript", "a.wav"), "It is not JSON."),
        (("none.wav", "--transcript", "good.json"), "There is no file of this name."),
        (("a.wav", "--transcript", "long.json"), "It goes on after this recording has ended."),
        (
            ("a.wav", "--transcript", "good.json", "--min-speakers", "3", "--max-speakers", "2"),
            "The least number of speakers is above the most.",
        ),
    ],
)
def test_what_cannot_be_relabelled_is_one_line_and_exit_status_2(
    partyline, tmp_path, arguments, sentence
):
    sound(tmp_path / "a.wav")
    for name, end_ms in (("good", 900), ("long", 90_000)):
        line = {"start_ms": 0, "end_ms": end_ms, "text": "Hello."}
        document = {"schema": "partyline.call/1", "utterances": [line]}
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    done = partyline("relabel", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_bounds_of_speakers_are_checked_before_anything_is_done(partyline, tmp_path):
    bounds = ("--min-speakers", "4", "--max-speakers", "2")
    done = partyline("transcribe", sound(tmp_path / "a.wav"), "--provider", "scripted", *bounds)
    assert done.returncode == 2
    assert "The least number of speakers is above the most." in done.stderr
    assert partyline("transcribe", "a.wav", "--max-speakers", "21").returncode == 2


@pytest.mark.slow
def test_a_stored_call_is_relabelled_and_one_without_sound_is_not(partyline, tmp_path):
    before = stored_call(partyline, tmp_path)
    call_id = before["call"]["id"]
    done = partyline("relabel", call_id, "--max-speakers", "3", "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert f"{call_id}: ready" in done.stderr
    after = json.loads((tmp_path / "out" / "a.json").read_text())
    assert after["stages"]["speakers"] == "local voices (relabelled)"
    assert after["stages"]["recognition"].startswith("as before by scripted")
    assert [u["text"] for u in after["utterances"]] == [u["text"] for u in before["utterances"]]
    assert after["call"]["provider"] == "scripted"

    (original,) = (tmp_path / "data" / "audio" / "calls" / call_id).glob("original*")
    original.unlink()
    refused = partyline("relabel", call_id)
    assert refused.returncode == 2
    assert "The original recording was dropped once its p" in refused.stderr.splitlines()[-1]


@pytest.mark.slow
def test_a_transcript_beside_its_recording_is_relabelled_and_nothing_stored(partyline, tmp_path):
    line = {"start_ms": 100, "end_ms": 900, "text": "Hello [PERSON].", "speaker": "x"}
    mark = {"type": "PERSON", "start_char": 6, "end_char": 14}
    document = {
        "schema": "partyline.call/1",
        "call": {"id": "c1", "provider": "example", "redacted": True, "agent_name": "Nora"},
        "utterances": [{**line, "pii": [mark]}],
        "stages": {"recognition": "example v2"},
        "comments": [
            {"start_ms": 0, "end_ms": 9, "text": "Good.", "made_at": "2026-01-01T00:00:00Z"}
        ],
    }
    (tmp_path / "t.json").write_text(json.dumps(document))
    done = partyline("relabel", sound(tmp_path / "a.wav"), "--transcript", tmp_path / "t.json")
    assert done.returncode == 0, done.stderr
    after = json.loads(done.stdout)
    assert after["call"]["id"] == "c1"
    assert after["call"]["provider"] == "example"
    assert after["call"]["redacted"] is True
    assert after["call"]["agent_name"] == "Nora"
    (heard,) = after["utterances"]
    assert (heard["text"], heard["speaker"], heard["pii"]) == ("Hello [PERSON].", None, [mark])
    assert after["stages"]["recognition"] == "as before by example v2"
    assert [c["text"] for c in after["comments"]] == ["Good."]
    assert not (tmp_path / "data" / "partyline.db").exists()


def test_names_that_meet_in_one_folder_are_numbered(tmp_path):
    folder = OutputFolder(tmp_path)
    for text in (b"1", b"2", b"3"):
        folder.deliver(Export(content=text, media_type="x", file_name="Call.json"))
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        "Call.json": b"1",
        "Call-2.json": b"2",
        "Call-3.json": b"3",
    }


def test_words_are_found_in_stored_calls(partyline, tmp_path):
    saved = partyline("transcribe", "--save", sound(tmp_path / "a.wav"), "--provider", "scripted")
    assert saved.returncode == 0, saved.stderr
    document = json.loads(saved.stdout)
    line = next(u for u in document["utterances"] if len(u["text"].split()) > 3)
    words = re.findall(r"[a-z]+", line["text"].lower())[:2]

    found = partyline("search", f'"{" ".join(words)}"', "--json")
    assert found.returncode == 0, found.stderr
    hits = [json.loads(row) for row in found.stdout.splitlines()]
    assert (document["call"]["id"], line["id"]) in {(h["call"], h["utterance"]) for h in hits}
    assert partyline("search", words[0]).stdout.splitlines()[0].startswith(document["call"]["id"])

    nothing = partyline("search", "quadrillion")
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert partyline("search", "x", "--since", "yesterday").returncode == 2
