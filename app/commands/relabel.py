"""``partyline relabel``: the speakers of a transcript told apart anew, its words kept."""

from pathlib import Path

from app.commands.console import EXIT_BAD_INPUT, ProgressLine, operator, say
from app.commands.output import OutputFolder
from app.commands.stored import wait_for
from app.local_models import build_labeller
from app.settings import Settings
from app.supervisor import worker_running
from app.wiring import build_known_voices, build_models, build_services
from services.domain.calls import CallState, ProcessingOptions, SpeakerCount
from services.domain.errors import BadTranscript
from services.domain.running import RunContext
from services.exports import ExportFormat, export
from services.exports.call_reading import read_json
from services.one_file import relabel_file
from services.understanding.rules.ready_made import ready_made_rules


def relabel_call(
    settings: Settings, call_id: str, speakers: SpeakerCount, output: Path | None
) -> int:
    """Relabel a stored call, wait until that is done, and write it if a folder is given.

    Returns the exit status. Raises NotFound, NotReady, SoundGone, InvalidRequest.
    """
    services = build_services(settings)
    services.desk.relabel(operator(settings), call_id, speakers)
    with worker_running(settings) as worker:
        state = wait_for(services, call_id, worker)
    say(f"{call_id}: {state}")
    if state is not CallState.READY:
        return EXIT_BAD_INPUT
    if output is not None:
        made = services.review.export(operator(settings), call_id, ExportFormat.JSON)
        OutputFolder(output).deliver(made)
    return 0


def relabel_beside(
    settings: Settings, path: Path, transcript: Path, speakers: SpeakerCount, output: Path | None
) -> int:
    """Relabel a call's JSON that lies beside its recording, as JSON; nothing is stored.

    Returns the exit status. Raises BadTranscript, a BadAudio, InvalidRequest.
    """
    speakers.check()
    try:
        document = read_json(transcript.read_bytes())
    except OSError as error:
        raise BadTranscript("There is no file of this name.") from error
    line = ProgressLine(path.name)
    options = ProcessingOptions(
        provider=document.transcript.provider, redact=document.transcript.redacted
    )
    try:
        shown = relabel_file(
            path,
            document,
            speakers.put_into(options),
            build_models(settings),
            RunContext(on_progress=line),
            working_folder=settings.working_folder,
            max_duration_ms=settings.max_duration_ms,
            labeller=build_labeller(settings),
            voices=build_known_voices(settings),
            rules=ready_made_rules(),
        )
    finally:
        line.close()
    OutputFolder(output).deliver(export(shown, ExportFormat.JSON))
    return 0
