"""The whole pipeline with the real engine: a call becomes the published JSON."""

import json
import re
from pathlib import Path

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.running import RunContext
from services.exports import ExportFormat, export
from services.one_file import process_file
from services.providers.local import LocalProvider
from services.understanding.models import UnderstandingModels

ROOT = Path(__file__).resolve().parents[2]
REPAIRS = ROOT.parent / "shared" / "corpus" / "real" / "auto_repairs_stereo.flac"
BILLING = next((ROOT / "demo").glob("*QUEUE_Billing*.ogg"))
DELIVERIES = next((ROOT / "demo").glob("*QUEUE_Deliveries*.wav"))
HOUR_MS = 3_600_000

PER_CALL = {
    *("overlap_ms", "overlap_count", "non_talk_ms", "dead_air_ms", "hold_ms"),
    *("switches_per_minute", "patience_ms", "response_ms", "sentiment_trend", "sentiment_n"),
}
PER_SPEAKER = {
    *("talk_ms", "talk_share_of_call", "talk_share_of_speech", "talk_listen_ratio", "words"),
    *("words_per_minute", "interruptions", "longest_monologue_ms", "questions"),
    *("fillers_per_100_words", "loudness_dbfs"),
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    folder = tmp_path_factory.mktemp("json")
    provider, models = LocalProvider(folder / "models"), UnderstandingModels()

    def make(path: Path) -> dict:
        reviewed = process_file(
            path,
            provider,
            ProcessingOptions(),
            models,
            RunContext(),
            working_folder=folder,
            max_duration_ms=HOUR_MS,
        )
        return json.loads(export(reviewed, ExportFormat.JSON).content)

    return make


def check_shape(call: dict) -> None:
    assert call["schema"] == "partyline.call/1"
    ids = {speaker["id"] for speaker in call["speakers"]}
    assert call["metrics"].keys() >= PER_CALL
    assert set(call["metrics"]["by_speaker"]) == ids
    for figures in call["metrics"]["by_speaker"].values():
        assert figures.keys() >= PER_SPEAKER
        assert len(figures["loudness_dbfs"]) == -(-call["call"]["duration_ms"] // 1000)
    assert [u["start_ms"] for u in call["utterances"]] == sorted(
        u["start_ms"] for u in call["utterances"]
    )
    for line in call["utterances"]:
        assert line["speaker"] in ids | {None}
        assert 0 <= line["start_ms"] < line["end_ms"] <= call["call"]["duration_ms"]
        assert line["words"]
        for word in line["words"]:
            assert line["start_ms"] <= word["start_ms"] < word["end_ms"] <= line["end_ms"]
        for found in line["pii"]:
            placeholder = line["text"][found["start_char"] : found["end_char"]]
            assert placeholder == f"[{found['type']}]"
    assert call["spans"]
    assert all(s["speaker"] in ids and s["start_ms"] < s["end_ms"] for s in call["spans"])


@pytest.mark.skipif(not REPAIRS.exists(), reason="this call is not beside the checkout")
def test_a_real_two_channel_call(document):
    call = document(REPAIRS)
    check_shape(call)
    assert [s["role"] for s in call["speakers"]] == ["agent", "customer"]
    assert {u["channel"] for u in call["utterances"]} == {0, 1}
    shares = [s["talk_share_of_speech"] for s in call["metrics"]["by_speaker"].values()]
    assert sum(shares) == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize("path", [BILLING, DELIVERIES], ids=["two channels", "mono"])
def test_a_demo_call_and_its_truth(document, path):
    call = document(path)
    check_shape(call)
    truth = json.loads(path.with_suffix(".truth.json").read_text())
    assert sorted(s["role"] for s in call["speakers"]) == ["agent", "customer"]
    talk = {s["role"]: s["talk_ms"] for s in call["speakers"]}
    true_talk = {
        role: sum(v["end_ms"] - v["start_ms"] for v in truth["voiced"] if v["speaker"] == role)
        for role in talk
    }
    share, true_share = (t["agent"] / sum(t.values()) for t in (talk, true_talk))
    assert share == pytest.approx(true_share, abs=0.03)

    text = " ".join(u["text"] for u in call["utterances"])
    for mention in (u for u in truth["pii"] if u["type"] in {"PHONE", "ACCOUNT", "CARD", "EMAIL"}):
        assert f"[{mention['type']}]" in text or "[ACCOUNT]" in text
    assert re.search(r"\d{5,}", re.sub(r"[ -]", "", text)) is None
    assert "@" not in text
    assert "Daniel" not in text
    assert "Olivia" not in text
