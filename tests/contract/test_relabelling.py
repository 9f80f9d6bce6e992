"""Relabelling with the real engine: a demo call's words lose their speakers and get them back."""

import io
import json
from dataclasses import replace
from itertools import groupby, permutations
from pathlib import Path

import pytest

from services import pipeline
from services.audio.pcm import FilePcm
from services.audio.recording import Recording
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.intervals import Interval, covered_ms, union
from services.domain.running import RunContext
from services.domain.speech import Transcript, Utterance, Word
from services.engine.engine import EngineHolder
from services.engine.relabelling import LocalLabeller
from services.providers.local import LocalProvider
from services.understanding.models import UnderstandingModels

DEMO = Path(__file__).resolve().parents[2] / "demo"
CALLS = sorted(p for p in DEMO.glob("*.*") if p.with_suffix(".truth.json").exists())
LINE_WORDS = 40
RIGHT_SHARE = 0.95

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> EngineHolder:
    return EngineHolder(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def provider(engine, tmp_path_factory) -> LocalProvider:
    return LocalProvider(tmp_path_factory.mktemp("unused"), engine=engine)


def opened(path: Path) -> Recording:
    sink = io.BytesIO()
    with path.open("rb") as source:
        recording = pipeline.prepare(
            source,
            sink,
            RunContext(),
            max_duration_ms=3_600_000,
            open_source=lambda: path.open("rb"),
            source_name=path.name,
        )
    assert isinstance(recording.pcm, FilePcm)
    return recording


def stripped(transcript: Transcript) -> Transcript:
    """Return the words in long lines that run across both parties, said by nobody."""
    words = sorted((w for u in transcript.utterances for w in u.words), key=lambda w: w.start_ms)
    chunks = [words[at : at + LINE_WORDS] for at in range(0, len(words), LINE_WORDS)]
    return replace(
        transcript,
        provider="example",
        speakers=(),
        spans=(),
        loudness_dbfs={},
        utterances=tuple(
            Utterance(
                id=f"u{number}",
                speaker=None,
                start_ms=chunk[0].start_ms,
                end_ms=max(w.end_ms for w in chunk),
                text=" ".join(w.text for w in chunk),
                words=tuple(chunk),
            )
            for number, chunk in enumerate(chunks, start=1)
        ),
    )


def true_voices(path: Path) -> dict[str, list[Interval]]:
    voiced = json.loads(path.with_suffix(".truth.json").read_text())["voiced"]
    by_speaker = groupby(sorted(voiced, key=lambda v: v["speaker"]), key=lambda v: v["speaker"])
    return {name: union((v["start_ms"], v["end_ms"]) for v in own) for name, own in by_speaker}


def right_share(transcript: Transcript, truth: dict[str, list[Interval]]) -> float:
    """Return the share of words with the right speaker, of those that only one truly says."""
    told: list[tuple[str | None, str]] = []
    for line in transcript.utterances:
        for word in line.words:
            saying = [n for n, spans in truth.items() if covered_ms(_of(word), spans)]
            told += [(line.speaker, saying[0])] if len(saying) == 1 else []
    assert len(told) > 50
    ids = [s.id for s in transcript.speakers]
    namings = [dict(zip(ids, order, strict=False)) for order in permutations(truth)]
    right = max(sum(naming.get(str(s)) == true for s, true in told) for naming in namings)
    return right / len(told)


def _of(word: Word) -> Interval:
    return (word.start_ms, word.end_ms)


@pytest.mark.parametrize("path", CALLS, ids=lambda p: p.stem[-32:])
def test_words_find_their_speakers_again(engine, provider, path):
    recording, truth = opened(path), true_voices(path)
    recognised = provider.transcribe(recording, ProcessingOptions(), RunContext())
    bare = stripped(recognised)
    labelled = pipeline.relabel(
        recording, bare, ProcessingOptions(), RunContext(), LocalLabeller(engine)
    )
    assert len(labelled.speakers) == len(truth) == 2
    assert right_share(labelled, truth) >= RIGHT_SHARE
    assert sorted(w.text for u in labelled.utterances for w in u.words) == sorted(
        w.text for u in bare.utterances for w in u.words
    )
    assert labelled.provider == "example"
    assert labelled.stages["recognition"] == "as before by local whisper-base"
    assert labelled.stages["speakers"].endswith("(relabelled)")

    analysed = pipeline.understand(
        labelled, CallDetails(), ProcessingOptions(), UnderstandingModels(), RunContext()
    )
    assert {s.role.value for s in analysed.transcript.speakers} == {"agent", "customer"}
    assert analysed.analysis.metrics.speech_ms > 0
