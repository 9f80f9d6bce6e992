"""The figures in the JSON: as documented, all there, the same for mono and two-channel calls."""

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from services.domain.edits import CallEdits
from services.domain.metrics import CallMetrics, SpeakerMetrics
from services.domain.speech import Speaker, Transcript
from services.exports.call_json import Json, call_document
from tests.unit.analysis.rulers import draw
from tests.unit.exports.fixtures import make_reviewed

METRICS_PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"

CALL_KEYS = {
    "overlap_ms", "overlap_count", "non_talk_ms", "dead_air_ms", "hold_ms", "switches_per_minute",
    "patience_ms", "response_ms", "sentiment_trend", "sentiment_n", "by_speaker",
}  # fmt: skip
SPEAKER_KEYS = {
    "talk_ms", "talk_share_of_call", "talk_share_of_speech", "talk_listen_ratio", "words",
    "words_per_minute", "interruptions", "longest_monologue_ms", "questions",
    "fillers_per_100_words", "loudness_dbfs",
}  # fmt: skip


def _metrics(transcript: Transcript) -> Json:
    document = call_document(make_reviewed(edits=CallEdits(), transcript=transcript))
    metrics: Json = document["metrics"]
    return metrics


def _documented(heading: str) -> set[str]:
    page = METRICS_PAGE.read_text(encoding="utf-8")
    table = page.split(f"## {heading}")[1].split("\n## ")[0]
    return {
        name
        for row in re.findall(r"^\| (`.+?`) \|", table, flags=re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }


def _drawn() -> Transcript:
    drawn = draw(
        """
        agent    ######.......########..........####..
        customer .....######.....bb....####....###....
        hold     ..........................mmm........
        """,
        {"agent.0": "How can I help?", "customer.0": "Um, my bill is wrong."},
    )
    return replace(drawn, loudness_dbfs={"agent": (-20.0,), "customer": (-25.0,)})


def test_the_page_names_every_figure_and_no_other() -> None:
    call = {field.name for field in fields(CallMetrics)} - {"by_speaker"}
    assert _documented("Of the call") == call
    assert _documented("Of a speaker") == {field.name for field in fields(SpeakerMetrics)}


def test_the_json_has_every_documented_figure() -> None:
    metrics = _metrics(_drawn())
    assert set(metrics) == (_documented("Of the call") - {"duration_ms"}) | {"by_speaker"}
    assert set(metrics) >= CALL_KEYS
    for figures in metrics["by_speaker"].values():
        assert set(figures) == _documented("Of a speaker")
        assert set(figures) >= SPEAKER_KEYS


@pytest.mark.parametrize("duration_ms", [0, 10_000])
def test_a_call_without_speech_has_every_key_and_null_for_what_is_not_defined(
    duration_ms: int,
) -> None:
    silent = Transcript(
        id="t",
        provider="p",
        duration_ms=duration_ms,
        speakers=(Speaker(id="s1", label="Speaker 1"),),
        utterances=(),
        spans=(),
    )
    metrics = _metrics(silent)
    assert set(metrics) == set(_metrics(_drawn()))
    absent = {key for key, value in metrics.items() if value is None}
    assert absent == {
        "overlap_mean_ms", "overlap_first_ms", "overlap_share_of_speech", "patience_ms",
        "response_ms", "sentiment_mean", "customer_sentiment_mean", "sentiment_trend",
    } | (set() if duration_ms else {"switches_per_minute"})  # fmt: skip
    figures = metrics["by_speaker"]["s1"]
    assert {key for key, value in figures.items() if value is None} == {
        "talk_share_of_speech", "talk_listen_ratio", "words_per_minute", "questions_per_minute",
        "fillers_per_100_words", "loudness_dbfs",
    } | (set() if duration_ms else {"talk_share_of_call"})  # fmt: skip


def test_mono_and_two_channel_calls_get_the_same_figures() -> None:
    mono = _drawn()
    stereo = replace(
        mono,
        speakers=tuple(replace(s, channel=n) for n, s in enumerate(mono.speakers)),
        utterances=tuple(
            replace(u, channel=0 if u.speaker == "agent" else 1) for u in mono.utterances
        ),
    )
    assert _metrics(mono) == _metrics(stereo)
