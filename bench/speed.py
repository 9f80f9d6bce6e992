"""Times real time of the whole pipeline beside plain faster-whisper, on the same files.

``partyline bench speed [FILE…]``. Both use Whisper base in 8 bits on the same number of threads.
The peer decodes, mixes down and recognises one window after the other (beam 5, ``vad_filter``,
word times), which is what its documentation shows; it does nothing after that. Ours decodes, looks
at the channels, recognises, tells speakers apart, renders the playback file and, given apart,
understands the text. Both run in turns, so that a busy machine slows both; the best turn counts.
The ratio leaves understanding the text out.
"""

import io
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.results import RESULTS, keep, table
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.running import RunContext
from services.domain.speech import Transcript

ROUNDS = 2
THREADS = 2
MS_PER_S = 1000.0
MAX_DURATION_MS = 24 * 3_600_000
DEMO = Path(__file__).resolve().parent.parent / "demo"
SOUND_ENDINGS = (".wav", ".ogg", ".flac", ".mp3")


@dataclass(frozen=True, kw_only=True)
class Timing:
    """One run of the pipeline: seconds of sound, of hearing, and of understanding."""

    audio_s: float
    layout: str
    hearing_s: float
    understanding_s: float
    transcript: Transcript


class Pipeline:
    """Ours, with models loaded."""

    def __init__(self, models_dir: Path) -> None:
        """Make the provider and the models over text, and warm them up."""
        from services.providers.local import LocalProvider
        from services.understanding.models import UnderstandingModels

        self._provider = LocalProvider(models_dir, None, THREADS)
        self.models = UnderstandingModels()
        self.models.warm_up()

    def run(self, path: Path) -> Timing:
        """Process one file as a worker would, and time it."""
        from services.audio.render import render_playback
        from services.pipeline import prepare, transcribe, understand

        options = ProcessingOptions()
        started = time.perf_counter()
        with path.open("rb") as source, tempfile.TemporaryFile() as pcm_file:
            recording = prepare(
                source,
                pcm_file,
                RunContext(),
                max_duration_ms=MAX_DURATION_MS,
                open_source=lambda: path.open("rb"),
                source_name=path.name,
            )
            transcript = transcribe(recording, self._provider, options, RunContext())
            render_playback(recording.pcm, io.BytesIO())
        heard = time.perf_counter()
        understand(transcript, CallDetails(), options, self.models, RunContext())
        return Timing(
            audio_s=recording.duration_ms / MS_PER_S,
            layout=recording.layout.value,
            hearing_s=heard - started,
            understanding_s=time.perf_counter() - heard,
            transcript=transcript,
        )


class Peer:
    """Plain faster-whisper with the same weights."""

    def __init__(self, model: str) -> None:
        """Load the model."""
        from faster_whisper import WhisperModel

        self._model = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=THREADS)

    def run(self, path: Path) -> float:
        """Transcribe one file and return the seconds it took."""
        started = time.perf_counter()
        found, _ = self._model.transcribe(
            str(path), beam_size=5, vad_filter=True, word_timestamps=True
        )
        for _ in found:
            pass
        return time.perf_counter() - started


def compare(path: Path, ours: Pipeline, peer: Peer) -> dict[str, Any]:
    """Time both on one file, in turns, and return the figures of the best turns."""
    timings: list[Timing] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        theirs.append(peer.run(path))
        timings.append(ours.run(path))
    best = min(timings, key=lambda t: t.hearing_s)
    understanding_s = min(t.understanding_s for t in timings)
    return _row(path.name, best.layout, best.audio_s, best.hearing_s, understanding_s, min(theirs))


def run(
    files: Sequence[Path], models_dir: Path, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Compare over all files and return a row for each and one for all together.

    ``say`` is told after each file. Without files the demo calls are taken.
    """
    from services.engine.weights import ensure_weights

    chosen = list(files) or sorted(f for f in DEMO.iterdir() if f.suffix in SOUND_ENDINGS)
    peer = Peer(ensure_weights(models_dir).whisper)
    ours = Pipeline(models_dir)
    ours.run(chosen[0])
    rows: list[dict[str, Any]] = []
    for path in chosen:
        rows.append(compare(path, ours, peer))
        say(f"{path.name}: {rows[-1]['ratio']:.2f} times the peer's speed")
    return [*rows, *_pooled(rows)]


def measure(files: Sequence[Path], json_file: Path | None) -> int:
    """Measure, print a table, and write it; the exit status.

    Without ``json_file`` the figures are kept beside this script, under today's date.
    """
    from app.settings import load_settings

    absent = [f for f in files if not f.is_file()]
    if absent:
        print(f"There is no file {absent[0]}.", file=sys.stderr)
        return 2
    rows = run(files, load_settings().models_dir, lambda line: print(line, file=sys.stderr))
    print(table(rows))
    print("ratio = ours ÷ faster-whisper, both in times real time, understanding left out")
    today = datetime.now(UTC).date().isoformat()
    keep("speed", rows, json_file or RESULTS / f"speed-{today}.json")
    return 0


def _row(
    name: str, layout: str, audio_s: float, hearing_s: float, understanding_s: float, peer_s: float
) -> dict[str, Any]:
    return {
        "file": name,
        "layout": layout,
        "audio_s": round(audio_s, 2),
        "ours_s": round(hearing_s, 3),
        "understanding_s": round(understanding_s, 3),
        "peer_s": round(peer_s, 3),
        "ours_x": round(audio_s / hearing_s, 2),
        "with_understanding_x": round(audio_s / (hearing_s + understanding_s), 2),
        "peer_x": round(audio_s / peer_s, 2),
        "ratio": round(peer_s / hearing_s, 3),
    }


def _pooled(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sum the seconds first and form the rates last, for each layout."""
    pooled: list[dict[str, Any]] = []
    for layout in sorted({row["layout"] for row in rows}):
        own = [row for row in rows if row["layout"] == layout]
        sums = [
            sum(row[key] for row in own)
            for key in ("audio_s", "ours_s", "understanding_s", "peer_s")
        ]
        pooled.append(_row(f"all {len(own)} {layout}", layout, *sums))
    return pooled
