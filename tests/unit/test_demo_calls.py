"""The demo calls: small enough, decodable, and true to their truth files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

DEMO = Path(__file__).resolve().parents[2] / "demo"
LARGEST_FOLDER_BYTES = 2_000_000
DURATION_TOLERANCE_MS = 50
RATE_HZ = 8_000
NAME = re.compile(
    r"(?P<company>[A-Za-z-]+)_AGENT_(?P<agent>[A-Za-z-]+)_CUST_(?P<customer_ref>C-\d{4})"
    r"_QUEUE_(?P<queue>[A-Za-z-]+)_(?P<started_at>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d)"
)

TRUTH_FILES = sorted(DEMO.glob("*.truth.json"))
Truth = dict[str, Any]
Span = dict[str, Any]


@pytest.fixture(params=TRUTH_FILES, ids=lambda path: path.name.split("_QUEUE_")[1].split("_")[0])
def truth(request: pytest.FixtureRequest) -> Truth:
    loaded: Truth = json.loads(request.param.read_text(encoding="utf-8"))
    return loaded


@cache
def decode(file_name: str) -> NDArray[np.float32]:
    """The audio at 8 kHz, shape (channels, samples)."""
    pieces = []
    with av.open(str(DEMO / file_name)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp", layout=stream.layout.name, rate=RATE_HZ)
        for frame in container.decode(stream):
            pieces += [part.to_ndarray() for part in resampler.resample(frame)]
        pieces += [part.to_ndarray() for part in resampler.resample(None)]
    return np.concatenate(pieces, axis=1)


def loudness_db(track: NDArray[np.float32], span: Span) -> float:
    part = track[span["start_ms"] * RATE_HZ // 1000 : span["end_ms"] * RATE_HZ // 1000]
    return 10 * float(np.log10(np.mean(part.astype(np.float64) ** 2) + 1e-12))


def all_spans(truth: Truth) -> Iterator[Span]:
    for kind in ("utterances", "voiced", "holds", "dead_air"):
        yield from truth[kind]


def overlaps(one: Span, other: Span) -> bool:
    return bool(one["start_ms"] < other["end_ms"] and other["start_ms"] < one["end_ms"])


def spoken_by_both(truth: Truth, span: Span) -> bool:
    return any(
        other["speaker"] != span["speaker"] and overlaps(span, other) for other in truth["voiced"]
    )


def test_there_are_four_calls_of_two_agents_and_each_audio_file_has_a_truth() -> None:
    truths = [json.loads(path.read_text(encoding="utf-8")) for path in TRUTH_FILES]
    audio = {path.name for pattern in ("*.ogg", "*.wav") for path in DEMO.glob(pattern)}
    assert {truth["file"] for truth in truths} == audio
    assert len(truths) == 4
    assert len({truth["agent"] for truth in truths}) == 2
    assert len({truth["started_at"][:10] for truth in truths}) == 4


def test_the_folder_stays_small() -> None:
    files = [path for path in DEMO.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert sum(path.stat().st_size for path in files) <= LARGEST_FOLDER_BYTES


def test_the_file_name_says_what_the_truth_says(truth: Truth) -> None:
    match = NAME.fullmatch(truth["file"].rpartition(".")[0])
    assert match is not None
    assert match["agent"].replace("-", " ") == truth["agent"]
    assert match["customer_ref"] == truth["customer_ref"]
    assert match["queue"] == truth["queue"]
    day, _, clock = match["started_at"].partition("T")
    assert f"{day}T{clock.replace('-', ':')}+00:00" == truth["started_at"]


def test_the_audio_has_the_length_and_channels_of_the_truth(truth: Truth) -> None:
    audio = decode(truth["file"])
    assert audio.shape[0] == truth["channels"]
    assert abs(audio.shape[1] * 1000 / RATE_HZ - truth["duration_ms"]) <= DURATION_TOLERANCE_MS


def test_every_span_is_whole_milliseconds_inside_the_call(truth: Truth) -> None:
    assert truth["schema"] == "partyline.truth/1"
    for span in all_spans(truth):
        assert isinstance(span["start_ms"], int)
        assert isinstance(span["end_ms"], int)
        assert 0 <= span["start_ms"] < span["end_ms"] <= truth["duration_ms"]


def test_utterances_are_in_order_on_their_speakers_channel(truth: Truth) -> None:
    utterances = truth["utterances"]
    assert [utterance["id"] for utterance in utterances] == list(range(len(utterances)))
    for earlier, later in pairwise(utterances):
        assert earlier["start_ms"] <= later["start_ms"]
    for utterance in utterances:
        two_sided = truth["channels"] == 2 and utterance["speaker"] == "customer"
        assert utterance["channel"] == int(two_sided)
        assert utterance["sentiment"] in {"positive", "neutral", "negative"}
        assert not (utterance["is_backchannel"] and utterance["interrupts"])


@pytest.mark.parametrize("speaker", ["agent", "customer"])
def test_voiced_spans_lie_in_utterances_with_real_pauses_between_them(
    truth: Truth, speaker: str
) -> None:
    own = [span for span in truth["voiced"] if span["speaker"] == speaker]
    for earlier, later in pairwise(own):
        assert later["start_ms"] - earlier["end_ms"] > 250
    lines = [line for line in truth["utterances"] if line["speaker"] == speaker]
    for span in own:
        assert any(overlaps(span, line) for line in lines)
    for line in lines:
        assert any(overlaps(span, line) for span in own)


def test_a_nod_or_an_interruption_starts_while_the_other_side_speaks(truth: Truth) -> None:
    for line in truth["utterances"]:
        if line["is_backchannel"] or line["interrupts"]:
            others = [
                other
                for other in truth["utterances"]
                if other["speaker"] != line["speaker"]
                and other["start_ms"] < line["start_ms"] < other["end_ms"]
            ]
            assert len(others) == 1
            assert (line["end_ms"] < others[0]["end_ms"]) == line["is_backchannel"]


def test_personal_data_marks_whole_words(truth: Truth) -> None:
    texts = [utterance["text"] for utterance in truth["utterances"]]
    assert not any(mark in text for text in texts for mark in "{}|/")
    for mark in truth["pii"]:
        text, start, end = texts[mark["utterance"]], mark["start_char"], mark["end_char"]
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip(" .,")
        assert not text[start - 1 : start].isalnum()
        assert not text[end : end + 1].isalnum()


def test_every_voiced_span_is_heard_on_its_own_channel(truth: Truth) -> None:
    """
    left    aaaaaaa     aaaa      voiced by the agent: loud left, silent right
    right          ccccc   cccc   where both speak, only the own channel is asked
    """
    audio = decode(truth["file"])
    for span in truth["voiced"]:
        channel = int(truth["channels"] == 2 and span["speaker"] == "customer")
        heard_db = loudness_db(audio[channel], span)
        assert heard_db > -40
        if truth["channels"] == 2 and not spoken_by_both(truth, span):
            assert heard_db - loudness_db(audio[1 - channel], span) > 25


def test_music_fills_the_hold_and_dead_air_is_silent(truth: Truth) -> None:
    audio = decode(truth["file"])
    for hold in truth["holds"]:
        assert hold["kind"] == "music"
        assert loudness_db(audio[0], hold) > -35
        assert not any(overlaps(hold, span) for span in truth["voiced"])
    for gap in truth["dead_air"]:
        assert gap["end_ms"] - gap["start_ms"] > 5_000
        for track in audio:
            assert loudness_db(track, gap) < -55
