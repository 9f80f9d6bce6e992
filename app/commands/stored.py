"""Commands about stored calls: save one, export one, load the demo calls."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from app.commands.console import EXIT_BAD_INPUT, ProgressLine, operator, say
from app.commands.output import OutputFolder
from app.settings import Settings
from app.supervisor import WorkerAtHand, worker_running
from app.wiring import Services, build_services
from services.audio.render import PLAYBACK_SUFFIX
from services.domain.calls import (
    FINISHED_STATES,
    CallDetails,
    CallState,
    ProcessingOptions,
)
from services.domain.errors import PartylineError
from services.exports import ExportFormat
from services.exports.formats import file_name
from services.jobs.intake import BLOCK_BYTES

POLL_S = 0.5


def save_files(
    settings: Settings,
    files: Sequence[Path],
    options: ProcessingOptions,
    wanted: ExportFormat,
    output: Path | None,
) -> int:
    """Store the files as calls, wait until they are processed, export them; the exit status.

    A recording that is stored already is processed again when these options were not the ones
    of its last run, or when that failed. A bad file costs one line and not the others.
    """
    services = build_services(settings)
    services.providers.ready_in_turn(options)
    folder = OutputFolder(output)
    taken = [_take_in(services, path, options) for path in files]
    status = 0 if all(taken) else EXIT_BAD_INPUT
    with worker_running(settings) as worker:
        for call_id in filter(None, taken):
            state = wait_for(services, call_id, worker)
            say(f"{call_id}: {state}")
            if state is CallState.READY:
                folder.deliver(services.review.export(operator(settings), call_id, wanted))
            else:
                status = EXIT_BAD_INPUT
    return status


def _take_in(services: Services, path: Path, options: ProcessingOptions) -> str | None:
    try:
        received = services.intake.add_file(
            operator(services.settings), path, path.name, options, CallDetails()
        )
        if received.duplicate:
            _process_again_if_needed(services, received.call_id, options)
    except PartylineError as error:
        say(f"partyline: {path.name}: {error.user_message}")
        return None
    return received.call_id


def save_recording(
    services: Services,
    source: BinaryIO,
    name: str,
    options: ProcessingOptions,
    details: CallDetails,
) -> int:
    """Store a recording as a call and wait until it is processed; the exit status."""
    with services.intake.begin(operator(services.settings), name) as incoming:
        while block := source.read(BLOCK_BYTES):
            incoming.write(block)
        received = incoming.commit(options, details)
    if received.duplicate:
        _process_again_if_needed(services, received.call_id, options)
    with worker_running(services.settings) as worker:
        state = wait_for(services, received.call_id, worker)
    say(f"{received.call_id}: {state}")
    return 0 if state is CallState.READY else EXIT_BAD_INPUT


def _process_again_if_needed(services: Services, call_id: str, options: ProcessingOptions) -> None:
    call = services.calls.get(services.settings.org, call_id)
    if call.state not in FINISHED_STATES:
        return
    # Speakers that were told apart again since don't make the words outdated.
    runs = services.runs.list_for_call(services.settings.org, call_id)
    recognised = [run.options for run in runs if run.options.relabel_of is None]
    if call.state is not CallState.READY or recognised[-1:] != [options]:
        services.desk.rerun(operator(services.settings), call_id, options)


def wait_for(services: Services, call_id: str, worker: WorkerAtHand) -> CallState:
    """Show a call's progress until it is finished and return the state it ended in."""
    line = ProgressLine(call_id)
    try:
        while True:
            progress = services.desk.progress(operator(services.settings), [call_id])[call_id]
            if progress.stage is not None:
                line(progress.stage, progress.stage_fraction)
            if progress.state in FINISHED_STATES:
                if progress.error_message:
                    say(f"partyline: {progress.error_message}")
                return progress.state
            worker.ensure()
            time.sleep(POLL_S)
    finally:
        line.close()


def export_call(settings: Settings, call_id: str, wanted: ExportFormat, output: Path | None) -> int:
    """Write one stored call in a format; the exit status."""
    made = build_services(settings).review.export(operator(settings), call_id, wanted)
    OutputFolder(output).deliver(made)
    return 0


def export_sound(settings: Settings, call_id: str, output: Path | None) -> int:
    """Write the sound of a stored call as people hear it; the exit status.

    Of a redacted call that is the sound in which personal data is covered.
    """
    services = build_services(settings)
    name = services.calls.get(services.settings.org, call_id).source_name
    sound, _ = services.desk.open_playback(operator(settings), call_id)
    with sound:
        OutputFolder(output).deliver_stream(file_name(name, PLAYBACK_SUFFIX), sound)
    return 0


def load_demo(settings: Settings) -> int:
    """Store the demo calls and process them; the exit status."""
    services = build_services(settings)
    ids = services.desk.load_demo(operator(settings))
    with worker_running(settings) as worker:
        states = [wait_for(services, call_id, worker) for call_id in ids]
    say(f"{sum(s is CallState.READY for s in states)} demo calls are ready.")
    return 0 if all(state is CallState.READY for state in states) else 1
