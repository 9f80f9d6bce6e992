"""``partyline emulator llm`` serves at the address it prints; ``--no-llm`` leaves a model alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from app.settings import Settings
from emulators.language_model import LanguageModelEmulator
from services.storage.objects import ObjectStore
from tests.unit.app.test_commands import ROOT, sound

COMMAND = [sys.executable, "-m", "app.cli"]


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "PARTYLINE_DATA_DIR": str(tmp_path / "data"),
        "PARTYLINE_SCRIPTED_PROVIDER": "1",
        **more,
    }


def test_it_prints_the_address_at_which_it_serves(tmp_path):
    with subprocess.Popen(
        [*COMMAND, "emulator", "llm", "no-choices"],
        env=environment(tmp_path), cwd=tmp_path, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            told = dict(part.split("=", 1) for part in process.stdout.readline().split())
            listed = httpx.get(f"{told['LLM_BASE_URL']}/models", trust_env=False).json()
            assert listed["data"][0]["id"] == told["LLM_MODEL"]
            answer = httpx.post(
                f"{told['LLM_BASE_URL']}/chat/completions", json={"messages": []}, trust_env=False
            )
            assert answer.json()["choices"] == []
        finally:
            process.terminate()


def test_a_behaviour_it_does_not_know_is_told(tmp_path):
    done = subprocess.run(
        [*COMMAND, "emulator", "llm", "polite"],
        env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "invented-quotes" in done.stderr


def test_streamed_answers_come_word_by_word():
    asked = {"messages": [{"role": "user", "content": "L1 agent: Hello there."}], "stream": True}
    with LanguageModelEmulator() as emulator:
        address = f"{emulator.address}/chat/completions"
        lines = httpx.post(address, json=asked, trust_env=False).text.split("\n\n")
    chunks = [json.loads(x.removeprefix("data: ")) for x in lines if x.startswith("data: {")]
    said = "".join(c["choices"][0]["delta"].get("content", "") for c in chunks)
    assert said == "They said: Hello there."
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert "data: [DONE]" in lines


@pytest.mark.parametrize(("switch", "asked"), [((), 1), (("--no-llm",), 0)])
def test_the_command_line_asks_the_model_unless_told_not_to(tmp_path, switch, asked):
    with LanguageModelEmulator() as emulator:
        done = subprocess.run(
            [*COMMAND, "transcribe", str(sound(tmp_path / "a.wav")), "--provider", "scripted",
             *switch],
            env=environment(tmp_path, LLM_BASE_URL=emulator.address, LLM_MODEL="emulated-1"),
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert len(emulator.requests) == asked
    assert json.loads(done.stdout)["stages"]["summary"]


def test_s3_can_be_written_to_by_the_settings_it_prints(tmp_path):
    folder = tmp_path / "buckets"
    with subprocess.Popen(
        [*COMMAND, "emulator", "s3", "--folder", str(folder)],
        env=environment(tmp_path), cwd=tmp_path, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            told = dict(part.split("=", 1) for part in process.stdout.readline().split())
            settings = Settings(**told)
            objects = ObjectStore(settings.storage_url, settings.bucket_access)
            with objects.write("calls/a/original") as writer:
                writer.write(b"sound")
            assert objects.size("calls/a/original") == 5
        finally:
            process.terminate()
    assert [p for p in (folder / "partyline").iterdir() if p.read_bytes() == b"sound"]
    done = subprocess.run(
        [*COMMAND, "emulator", "s3", "--bucket", "../x"],
        env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
