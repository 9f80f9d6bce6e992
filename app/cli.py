"""The ``partyline`` command: what its options are called; app/commands does the work."""

from pathlib import Path
from typing import Annotated

import typer

from services import telemetry
from services.domain.calls import ProcessingOptions
from services.domain.speech import SpeakerRole
from services.exports import ExportFormat

app = typer.Typer(
    name="partyline",
    help="Who said what, when and how, in recorded calls.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
bench = typer.Typer(help="Measure speed beside peers on this machine.", no_args_is_help=True)
app.add_typer(bench, name="bench")
voices = typer.Typer(help="People whose voices are recognised in calls.", no_args_is_help=True)
app.add_typer(voices, name="voices")

Format = Annotated[ExportFormat, typer.Option("--format", help="What to write.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", help="Folder to write into instead of standard output."),
]


@app.callback()
def prepare() -> None:
    """Keep the log of a command down to what goes wrong."""
    telemetry.configure("WARNING")


@app.command()
def transcribe(
    files: Annotated[list[Path], typer.Argument(help="Recordings of calls.")],
    provider: Annotated[str, typer.Option(help="Who recognises the speech.")] = "local",
    language: Annotated[str, typer.Option(help="Language code, or auto to detect it.")] = "auto",
    speakers: Annotated[
        int | None,
        typer.Option(min=1, max=20, help="Number of speakers, if it is known."),
    ] = None,
    wanted: Format = ExportFormat.JSON,
    output: Output = None,
    redact: Annotated[bool, typer.Option(help="Take personal data out of the text.")] = True,
    save: Annotated[bool, typer.Option("--save", help="Store the calls in the app too.")] = False,
) -> None:
    """Transcribe recordings and analyse the calls in them."""
    from app.commands.console import one_clear_line
    from app.commands.stored import save_files
    from app.commands.transcribe import transcribe_files
    from app.settings import load_settings

    options = ProcessingOptions(
        provider=provider,
        language=None if language == "auto" else language,
        expected_speakers=speakers,
        redact=redact,
    )
    with one_clear_line():
        work = save_files if save else transcribe_files
        raise SystemExit(work(load_settings(), files, options, wanted, output))


@app.command()
def serve(
    workers: Annotated[bool, typer.Option(help="Run the job worker beside the web app.")] = True,
) -> None:
    """Serve the web app, by default on http://localhost:8501."""
    from app.commands.console import one_clear_line
    from app.serve import run_server
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(run_server(load_settings(), workers=workers))


@app.command()
def worker() -> None:
    """Process waiting calls until told to stop."""
    from app.commands.console import one_clear_line
    from app.settings import load_settings
    from app.worker import run_worker

    with one_clear_line():
        raise SystemExit(run_worker(load_settings()))


@app.command()
def demo() -> None:
    """Load the demo calls."""
    from app.commands.console import one_clear_line
    from app.commands.stored import load_demo
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(load_demo(load_settings()))


@app.command()
def export(
    call_id: Annotated[str, typer.Argument(help="The call's id, as its page's address has it.")],
    wanted: Format = ExportFormat.JSON,
    output: Output = None,
) -> None:
    """Write a stored call, with all corrections made to it."""
    from app.commands.console import one_clear_line
    from app.commands.stored import export_call
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(export_call(load_settings(), call_id, wanted, output))


@voices.command("add")
def voices_add(
    name: Annotated[str, typer.Argument(help="The person's name, as calls will show it.")],
    file: Annotated[Path, typer.Argument(help="A recording of this person alone.")],
    role: Annotated[
        SpeakerRole, typer.Option(help="The person's usual role in calls.")
    ] = SpeakerRole.AGENT,
) -> None:
    """Learn a voice from a recording: 30 seconds to 2 minutes of one person speaking."""
    from app.commands.console import one_clear_line
    from app.commands.voices import add_voice
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(add_voice(load_settings(), name, file, role))


@voices.command("list")
def voices_list() -> None:
    """List the known voices."""
    from app.commands.console import one_clear_line
    from app.commands.voices import list_voices
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(list_voices(load_settings()))


@voices.command("rename")
def voices_rename(
    voice: Annotated[str, typer.Argument(help="Id or name of the known voice.")],
    name: Annotated[str, typer.Argument(help="The new name.")],
) -> None:
    """Give a known voice another name, in all calls at once."""
    from app.commands.console import one_clear_line
    from app.commands.voices import rename_voice
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(rename_voice(load_settings(), voice, name))


@voices.command("delete")
def voices_delete(
    voice: Annotated[str, typer.Argument(help="Id or name of the known voice.")],
) -> None:
    """Delete a known voice with its voiceprint; the name leaves all calls."""
    from app.commands.console import one_clear_line
    from app.commands.voices import delete_voice
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(delete_voice(load_settings(), voice))


@bench.command("speed")
def bench_speed(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Recordings; the demo calls if none.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures there.")
    ] = None,
) -> None:
    """Times real time of the whole pipeline beside plain faster-whisper, in one run."""
    from app.commands.console import one_clear_line
    from bench.speed import measure

    with one_clear_line():
        raise SystemExit(measure(files or [], json_file))


@bench.command("ui")
def bench_ui(
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures there.")
    ] = None,
) -> None:
    """How soon a call of 5,000 utterances can be used in a browser, beside the naive way."""
    from app.commands.console import one_clear_line
    from bench.ui import measure

    with one_clear_line():
        raise SystemExit(measure(json_file))


if __name__ == "__main__":
    app()
