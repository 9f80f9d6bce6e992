"""A very long recording: memory, progress, and going on after the worker is killed.

``partyline bench length``. The recording is made of the demo calls, at 8 kHz. A job worker
processes it in a process of its own, over a throw-away installation, with everything a stored
call gets. Then the call is processed a second time; the worker is killed when half of the
windows are recognised, another goes on, and the database tells which windows came twice.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise, takewhile
from pathlib import Path
from statistics import median
from typing import Any

from app.commands.console import say
from app.settings import HOUR_MS, Settings, load_settings
from app.wiring import Services, build_services
from bench.checkpoint_log import CheckpointLog, Remembered
from bench.long_recording import write_long_recording
from bench.results import RESULTS, keep, table
from bench.watched_worker import Watched, working
from services.domain.calls import (
    FINISHED_STATES,
    CallDetails,
    CallState,
    ProcessingOptions,
    Stage,
)
from services.domain.errors import InvalidRequest
from services.domain.people import LOCAL_USER

SECONDS_PER_HOUR = 3600
MONO, STEREO = 1, 2
FIRST_RUN, SECOND_RUN = 1, 2
NAME = "long.wav"
TOO_SHORT = "The recording is too short to be killed in the middle of it."
DEFAULT_OPTIONS = ProcessingOptions()
# Windows of one batch are put away one right after the other.
WITHIN_BATCH_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A throw-away installation that holds one long call."""

    settings: Settings
    services: Services
    log: CheckpointLog
    call_id: str
    options: ProcessingOptions
    hours: float
    layout: str


def measure(
    hours: float,
    json_file: Path | None,
    *,
    stereo: bool,
    options: ProcessingOptions = DEFAULT_OPTIONS,
) -> int:
    """Measure, print tables, and write them; the exit status.

    Without ``json_file`` the figures are kept beside this script, under today's date. Raises
    InvalidRequest where memory can't be read or the recording is too short.
    """
    if not Path("/proc/self/status").is_file():
        raise InvalidRequest("This bench reads the memory of a process as Linux shows it.")
    with installation(hours, STEREO if stereo else MONO, options) as bench:
        say("processing once from start to end")
        whole = whole_run(bench)
        print(table([whole]))
        if whole["state"] != CallState.READY:
            return 1
        say("processing again, to be killed in the middle")
        resumed = killed_run(bench)
        print(table([resumed]))
    today = datetime.now(UTC).date().isoformat()
    name = f"length-{bench.layout.replace(' ', '-')}-{today}.json"
    keep("length", [whole, resumed], json_file or RESULTS / name)
    return 0 if resumed["state"] == CallState.READY else 1


@contextmanager
def installation(hours: float, channels: int, options: ProcessingOptions) -> Iterator[Bench]:
    """Make an installation in a temporary folder and hand the long recording in."""
    own = load_settings()
    own.models_dir.mkdir(parents=True, exist_ok=True)
    duration_ms = round(hours * HOUR_MS)
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        (data_dir / "models").symlink_to(own.models_dir.resolve())
        longest_ms = max(own.max_duration_ms, duration_ms + HOUR_MS)
        places = {"data_dir": data_dir, "database": None, "storage": None}
        settings = own.model_copy(update={**places, "max_duration_ms": longest_ms})
        recording = Path(folder) / NAME
        write_long_recording(recording, duration_ms, channels=channels)
        services = build_services(settings)
        try:
            log = CheckpointLog(services.engine)
            received = services.intake.add_file(LOCAL_USER, recording, NAME, options, CallDetails())
            recording.unlink()
            yield Bench(
                settings=settings,
                services=services,
                log=log,
                call_id=received.call_id,
                options=options,
                hours=hours,
                layout="mono" if channels == MONO else "two channels",
            )
        finally:
            services.close()


def whole_run(bench: Bench) -> dict[str, Any]:
    """Process the call from start to end and return what was seen."""
    with working(bench.settings) as worker:
        seen = worker.watch(bench.services, bench.call_id)
        peak_mib = max(seen.peak_mib.values(), default=0.0)
    return {
        "run": "whole",
        "layout": bench.layout,
        "audio_h": bench.hours,
        "state": str(seen.state),
        "took_s": round(seen.took_s, 1),
        "x_real_time": round(bench.hours * SECONDS_PER_HOUR / seen.took_s, 2),
        "windows": len({one.name for one in bench.log.of_run(FIRST_RUN)}),
        "peak_mib": round(peak_mib),
        **{f"{stage.value}_mib": _peak(seen, stage) for stage in Stage},
        "reports": seen.reports,
        "largest_gap_s": round(seen.largest_gap_s, 2),
        "gap_in": seen.gap_in.value if seen.gap_in else None,
    }


def killed_run(bench: Bench) -> dict[str, Any]:
    """Process the call again, kill the worker in the middle, and return how it went on.

    Raises InvalidRequest when the recording has too few windows to be killed between them.
    """
    services, log = bench.services, bench.log
    moment = MidBatch(log)
    services.desk.rerun(LOCAL_USER, bench.call_id, bench.options)
    with working(bench.settings) as worker:
        seen = worker.watch(services, bench.call_id, enough=moment)
        if seen.state in FINISHED_STATES:
            raise InvalidRequest(TOO_SHORT)
        killed_at_s = worker.kill()
    before = log.of_run(SECOND_RUN)
    with working(bench.settings) as worker:
        seen = worker.watch(services, bench.call_id)
    after = log.of_run(SECOND_RUN)[len(before) :]
    return {
        "run": "killed",
        "layout": bench.layout,
        "audio_h": bench.hours,
        "state": str(seen.state),
        **twice(before, after, killed_at_s),
        "resumed_run_s": round(seen.took_s, 1),
        "same_words": _same_words(bench),
    }


class MidBatch:
    """Says that half of the second run is recognised and its next batch is under way."""

    def __init__(self, log: CheckpointLog) -> None:
        """Learn from the first run how many windows there are and how long a batch takes.

        Raises InvalidRequest when there was only one.
        """
        first = log.of_run(FIRST_RUN)
        self._log = log
        self._half = len({one.name for one in first}) // 2
        if not self._half:
            raise InvalidRequest(TOO_SHORT)
        gaps = [b.at_s - a.at_s for a, b in pairwise(first)]
        between_batches = [gap for gap in gaps if gap >= WITHIN_BATCH_S]
        self._pause_s = median(between_batches) / 2 if between_batches else 0.0

    def __call__(self) -> bool:
        """Look at the log."""
        last = self._log.last(SECOND_RUN)
        return (
            last is not None
            and time.time() - last.at_s >= self._pause_s
            and self._log.count(SECOND_RUN) >= self._half
        )


def twice(
    before: Sequence[Remembered], after: Sequence[Remembered], killed_at_s: float
) -> dict[str, Any]:
    """Compare what was put away before a kill and after it.

    ``recognised_twice`` counts windows that were remembered and all the same done again.
    ``under_way_at_most`` are the windows of the batch that the kill broke off, which nobody could
    remember: as many as the first batch after it puts away. ``lost_s`` is how long it had taken.
    """
    names = Counter(one.name for one in (*before, *after))
    return {
        "windows": len(names),
        "before_kill": len({one.name for one in before}),
        "recognised_twice": sum(count > 1 for count in names.values()),
        "under_way_at_most": _first_batch(after),
        "lost_s": round(killed_at_s - before[-1].at_s, 1) if before else None,
    }


def _first_batch(windows: Sequence[Remembered]) -> int:
    gaps = (b.at_s - a.at_s for a, b in pairwise(windows))
    return min(len(windows), 1 + sum(1 for _ in takewhile(lambda g: g < WITHIN_BATCH_S, gaps)))


def _same_words(bench: Bench) -> bool:
    """Say whether the run that was killed ended with the same text as the one that wasn't."""
    transcripts, org_id = bench.services.transcripts, LOCAL_USER.org_id
    texts = [
        [u.text for u in transcripts.get(org_id, bench.call_id, version.id).utterances]
        for version in transcripts.list_for_call(org_id, bench.call_id)
    ]
    return len(texts) == 2 and texts[0] == texts[1]


def _peak(seen: Watched, stage: Stage) -> int | None:
    return round(seen.peak_mib[stage]) if stage in seen.peak_mib else None
