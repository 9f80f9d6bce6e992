"""Voices and better words of whole calls, heard line by line as they would come."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from bench.scoring.speakers import diarization_errors, stretches
from bench.scoring.truth import Truth
from bench.scoring.truth_files import truth_beside
from bench.scoring.words import english, errors_in, text_of
from services.audio.decode import decode
from services.audio.pcm import FilePcm
from services.audio.recording import FRAMES_PER_MS, PcmReader
from services.domain.intervals import Interval, union
from services.domain.running import RunContext
from services.domain.speech import Span
from services.engine.engine import EngineHolder
from services.engine.listening import listen
from services.engine.live.refining import LONGEST_WAIT_MS, RefinedLine, Refining
from services.engine.live.voices import LiveVoices, VoicePiece
from services.engine.speakers.models import SpeakerModels
from services.engine.weights import ensure_speaker_weights

ROOT = Path(__file__).parents[4]
DEMO = (
    ROOT
    / "demo"
    / ("Harbor-Energy_AGENT_Marcus-Bell_CUST_C-2087_QUEUE_Deliveries_2026-11-13T14-05-00.wav")
)
CORPUS = ROOT.parent / "shared" / "corpus" / "synthetic"
END_OF_SPEECH_MS = 350
AIR_MS = 100
LONGEST_MS = 12_000
COLLAR_MS = 250

pytestmark = pytest.mark.slow


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A mono call, where its lines are, and its truth."""

    pcm: PcmReader
    lines: Sequence[Interval]
    truth: Truth


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> EngineHolder:
    return EngineHolder(tmp_path_factory.mktemp("models"), threads=1)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> SpeakerModels:
    return SpeakerModels(ensure_speaker_weights(tmp_path_factory.mktemp("speakers")), 1)


@pytest.fixture(scope="module")
def demo(engine) -> Iterator[Heard]:
    with io.BytesIO() as sink:
        yield heard(DEMO, DEMO.with_suffix(""), sink, engine)


def heard(audio: Path, truth: Path, sink: io.BytesIO, engine: EngineHolder) -> Heard:
    with audio.open("rb") as source:
        found = decode(source, sink, RunContext(), max_duration_ms=600_000)
    pcm = FilePcm(sink, channels=found.channels, frames=found.frames)
    known = truth_beside(truth)
    assert known is not None
    return Heard(pcm=pcm, lines=lines_of(pcm, engine), truth=known)


def lines_of(pcm: PcmReader, engine: EngineHolder) -> list[Interval]:
    """Cut speech into lines where 0.35 s of silence follow it, or after 12 s."""
    lines: list[Interval] = []
    for start, end in union(listen(pcm, engine.get().activity).spans, bridge_ms=END_OF_SPEECH_MS):
        parts = -(-(end - start) // LONGEST_MS)
        edges = [start + (end - start) * part // parts for part in range(parts + 1)]
        lines += pairwise(edges)
    return lines


def confusion(call: Heard, pieces: Sequence[VoicePiece]) -> float:
    """The part of the true speech that is given to somebody else than who speaks."""
    assert call.truth.spans is not None
    spans = [Span(speaker=str(p.speaker), start_ms=p.start_ms, end_ms=p.end_ms) for p in pieces]
    found = diarization_errors(stretches(call.truth.spans, spans, collar_ms=COLLAR_MS))
    return found.confusion_ms / found.speech_ms


def follow(models: SpeakerModels, call: Heard) -> tuple[list[VoicePiece], list[VoicePiece]]:
    """Return who was guessed to speak at once, and who after the last grouping."""
    voices = LiveVoices(models)
    guessed: list[VoicePiece] = []
    shown: dict[str, tuple[VoicePiece, ...]] = {}
    for start, end in call.lines:
        samples = call.pcm.read(start * FRAMES_PER_MS, end * FRAMES_PER_MS)
        shown[str(start)] = voices.hear(str(start), start, samples)
        guessed += shown[str(start)]
        if voices.is_due:
            shown |= {told.stretch: told.pieces for told in voices.regroup()}
    shown |= {told.stretch: told.pieces for told in voices.regroup()}
    return guessed, [piece for pieces in shown.values() for piece in pieces]


def test_two_voices_on_the_telephone_are_told_apart_while_they_speak(models, demo):
    guessed, shown = follow(models, demo)
    assert confusion(demo, guessed) < 0.05
    assert confusion(demo, shown) < 0.02
    assert {piece.speaker for piece in shown} == {0, 1}
    assert min(shown, key=lambda piece: piece.start_ms).speaker == 0


def test_refined_words_are_right_in_time_and_in_their_lines(engine, demo):
    refining = Refining(engine.get().recogniser)
    done: dict[str, RefinedLine] = {}
    late_ms = []
    waiting = list(demo.lines)
    for now_ms in range(0, demo.lines[-1][1] + 2 * LONGEST_WAIT_MS, 500):
        while waiting and waiting[0][1] + END_OF_SPEECH_MS <= now_ms:
            start, end = waiting.pop(0)
            first, last = max(0, start - AIR_MS), end + AIR_MS
            samples = demo.pcm.read(first * FRAMES_PER_MS, last * FRAMES_PER_MS)
            refining.add(str(start), None, start, end, samples, lead_ms=start - first)
        if (job := refining.due(now_ms)) is not None:
            done |= {line.line_id: line for line in refining.run(job)}
            late_ms += [now_ms - line.end_ms for line in job.lines]
    assert max(late_ms) <= LONGEST_WAIT_MS + 500
    assert {line.language for line in done.values()} == {"en"}
    for start, end in demo.lines:
        line = done.get(str(start))
        assert line is None or all(start <= w.start_ms < w.end_ms <= end for w in line.words)
    normalise = english()
    text = " ".join(done[str(start)].text for start, _ in demo.lines if str(start) in done)
    assert demo.truth.utterances is not None
    errors = errors_in(normalise(text_of(demo.truth.utterances)), normalise(text))
    assert errors.rate is not None
    assert errors.rate < 0.12


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the development corpus is not on this machine")
@pytest.mark.parametrize("name", ["dev02_cardblocked", "dev06_insurance"])
def test_the_voices_of_noisy_calls(engine, models, name):
    with io.BytesIO() as sink:
        call = heard(CORPUS / f"{name}.mono8k.flac", CORPUS / name, sink, engine)
        guessed, shown = follow(models, call)
    assert confusion(call, guessed) < 0.03
    assert confusion(call, shown) < 0.02
