"""What understanding the text costs: beside hearing it, and for one line of a running call.

``partyline bench understanding``. Five minutes of the demo calls, mono and with two channels, go
through the whole pipeline, models loaded; the best of three rounds of each part counts. Then every
utterance is understood as a live call would have it: sentiment in view of the line before, and
personal data in view of the last lines.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.long_recording import write_long_recording
from bench.results import RESULTS, keep, table
from bench.speed import MS_PER_S, Pipeline, Timing
from services.domain.speech import Transcript
from services.understanding.models import UnderstandingModels

LENGTH_MS = 300_000
MONO, STEREO = 1, 2
ROUNDS = 3
# A line of a running call is read with what was said shortly before.
LINES_BEFORE = 6


def measure(json_file: Path | None) -> int:
    """Measure, print tables, and write them; the exit status.

    Without ``json_file`` the figures are kept beside this script, under today's date.
    """
    from app.settings import load_settings

    pipeline = Pipeline(load_settings().models_dir)
    wholes, live = [], []
    for channels in (MONO, STEREO):
        timings = _rounds(pipeline, channels)
        hearing = min(t.hearing_s for t in timings)
        understanding = min(t.understanding_s for t in timings)
        row = {
            "layout": timings[0].layout,
            "recording_s": timings[0].audio_s,
            "hearing_s": hearing,
            "understanding_s": understanding,
            "added_percent": 100 * understanding / hearing,
        }
        wholes.append(row)
        live = live_latency(pipeline.models, timings[0].transcript)
    print(table(wholes))
    print(table(live))
    today = datetime.now(UTC).date().isoformat()
    keep("understanding", [*wholes, *live], json_file or RESULTS / f"understanding-{today}.json")
    return 0


def _rounds(pipeline: Pipeline, channels: int) -> list[Timing]:
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "five-minutes.wav"
        write_long_recording(recording, LENGTH_MS, channels=channels)
        timings = []
        for _ in range(ROUNDS):
            # Models remember the texts they have just read.
            pipeline.models = UnderstandingModels()
            pipeline.models.warm_up()
            timings.append(pipeline.run(recording))
        return timings


def live_latency(models: UnderstandingModels, transcript: Transcript) -> list[dict[str, Any]]:
    """Return how long each part takes for one line, in ms."""
    parts: dict[str, list[tuple[float, float]]] = {"sentiment": [], "personal data": []}
    lines = transcript.utterances
    for at in range(len(lines)):
        recent = replace(
            transcript,
            utterances=tuple(
                replace(u, sentiment=None) for u in lines[max(0, at - LINES_BEFORE) : at + 1]
            ),
            redacted=False,
        )
        before = recent.utterances[-2].text if len(recent.utterances) > 1 else None
        text = recent.utterances[-1].text
        parts["sentiment"].append(_timed(partial(models.sentiment.score, [text], [before])))
        parts["personal data"].append(_timed(partial(models.redactor.redact, recent)))
    together = [
        (one[0] + other[0], one[1] + other[1]) for one, other in zip(*parts.values(), strict=True)
    ]
    return [_latency(name, took) for name, took in {**parts, "both": together}.items()]


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return how long it took and how much of a processor, in ms."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return (MS_PER_S * (time.perf_counter() - wall), MS_PER_S * (time.process_time() - cpu))


def _latency(name: str, took: Sequence[tuple[float, float]]) -> dict[str, Any]:
    wall, cpu = zip(*took, strict=True)
    return {
        "part": name,
        "lines": len(took),
        "p50_ms": median(wall),
        "p95_ms": _p95(wall),
        "p50_cpu_ms": median(cpu),
        "p95_cpu_ms": _p95(cpu),
    }


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
