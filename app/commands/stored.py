"""Commands about stored calls: save one, export one, load the demo calls."""

import time
from collections.abc import Sequence
from pathlib import Path

from app.commands.console import EXIT_BAD_INPUT, ProgressLine, say
from app.commands.transcribe import deliver
from app.settings import Settings
from app.supervisor import worker_running
from app.wiring import Services, build_services
from services.domain.calls import (
    FINISHED_STATES,
    CallDetails,
    CallState,
    ProcessingOptions,
)
from services.domain.errors import FileMissing
from services.domain.people import LOCAL_USER
from services.exports import ExportFormat

POLL_S = 0.5


def save_files(
    settings: Settings,
    files: Sequence[Path],
    options: ProcessingOptions,
    wanted: ExportFormat,
    output: Path | None,
) -> int:
    """Store the files as calls, wait until they are processed, export them; the exit status."""
    services = build_services(settings)
    missing = next((p for p in files if not p.is_file()), None)
    if missing is not None:
        raise FileMissing(missing.name)
    ids = [
        services.intake.add_file(LOCAL_USER, path, path.name, options, CallDetails()).call_id
        for path in files
    ]
    with worker_running(settings):
        states = [wait_for(services, call_id) for call_id in ids]
    for call_id, state in zip(ids, states, strict=True):
        say(f"{call_id}: {state}")
        if state is CallState.READY:
            deliver(services.review.export(LOCAL_USER, call_id, wanted), output)
    return 0 if all(state is CallState.READY for state in states) else EXIT_BAD_INPUT


def wait_for(services: Services, call_id: str) -> CallState:
    """Show a call's progress until it is finished and return the state it ended in."""
    line = ProgressLine(call_id)
    try:
        while True:
            progress = services.desk.progress(LOCAL_USER, [call_id])[call_id]
            if progress.stage is not None:
                line(progress.stage, progress.stage_fraction)
            if progress.state in FINISHED_STATES:
                if progress.error_message:
                    say(f"partyline: {progress.error_message}")
                return progress.state
            time.sleep(POLL_S)
    finally:
        line.close()


def export_call(settings: Settings, call_id: str, wanted: ExportFormat, output: Path | None) -> int:
    """Write one stored call in a format; the exit status."""
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
    deliver(build_services(settings).review.export(LOCAL_USER, call_id, wanted), output)
    return 0


def load_demo(settings: Settings) -> int:
    """Store the demo calls and process them; the exit status."""
    services = build_services(settings)
    ids = services.desk.load_demo(LOCAL_USER)
    with worker_running(settings):
        states = [wait_for(services, call_id) for call_id in ids]
    say(f"{sum(s is CallState.READY for s in states)} demo calls are ready.")
    return 0 if all(state is CallState.READY for state in states) else 1
