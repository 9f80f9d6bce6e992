"""The ``partyline`` command: what its options are called; app/commands does the work."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.assemblyai import assemblyai
from app.audit import audit
from app.backups import backups, restore
from app.benches import benches
from app.comparing import compare
from app.emulators import emulators
from app.erasing import erase
from app.ingesting import ingest
from app.jobs import jobs
from app.keys import keys
from app.live import live
from app.people import people
from app.processes import loading
from app.providers import providers
from app.retention import holds, retention
from app.rollups import rollups
from app.rules import rules
from app.searching import search
from app.seeds import seed
from app.shared_options import (
    ByModel,
    Given,
    Language,
    Others,
    Provider,
    Redact,
    Spelling,
    Words,
    WordsFile,
)
from app.text import text
from app.tokens import tokens
from app.usage import usage
from app.vocabulary import vocabulary
from app.voices import voices
from services import telemetry
from services.domain.calls import (
    MOST_SPEAKERS,
    ProcessingOptions,
    SpeakerCount,
    providers_asked,
)
from services.domain.errors import InvalidRequest
from services.domain.part import read_clock
from services.domain.vocabulary import read_spelling
from services.exports import ExportFormat

app = typer.Typer(
    name="partyline",
    help="Who said what, when and how, in recorded calls.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(voices, name="voices")
app.add_typer(vocabulary, name="vocabulary")
app.add_typer(rules, name="rules")
app.add_typer(providers, name="providers")
app.add_typer(benches, name="bench")
app.add_typer(emulators, name="emulator")
app.add_typer(backups, name="backup")
app.add_typer(audit, name="audit")
app.add_typer(text, name="text")
app.add_typer(assemblyai, name="assemblyai")
app.add_typer(jobs, name="jobs")
app.add_typer(people, name="people")
app.add_typer(tokens, name="tokens")
app.add_typer(retention, name="retention")
app.add_typer(holds, name="hold")
app.add_typer(keys, name="keys")
app.add_typer(erase, name="erase")
app.command()(live)
app.command()(ingest)
app.command()(compare)
app.command()(search)
app.command()(restore)
app.command()(seed)
app.command()(usage)
app.command()(rollups)


class StoredFormat(StrEnum):
    """What of a stored call can be written: an export, or the sound."""

    JSON = ExportFormat.JSON
    SRT = ExportFormat.SRT
    VTT = ExportFormat.VTT
    TXT = ExportFormat.TXT
    CSV = ExportFormat.CSV
    HTML = ExportFormat.HTML
    AUDIO = "audio"


Format = Annotated[ExportFormat, typer.Option("--format", help="What to write.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", help="Folder to write into instead of standard output."),
]
Speakers = Annotated[
    int | None, typer.Option(min=1, max=MOST_SPEAKERS, help="Number of speakers, if it is known.")
]
AtLeast = Annotated[
    int | None, typer.Option(min=1, max=MOST_SPEAKERS, help="So many speakers at least.")
]
AtMost = Annotated[
    int | None, typer.Option(min=1, max=MOST_SPEAKERS, help="So many speakers at most.")
]


@app.callback()
def prepare() -> None:
    """Keep the log of a command down to what goes wrong."""
    telemetry.configure("WARNING")


@app.command()
def transcribe(
    files: Annotated[list[Path], typer.Argument(help="Recordings of calls.")],
    provider: Provider = None,
    others: Others = None,
    given: Given = None,
    language: Language = "auto",
    speakers: Speakers = None,
    min_speakers: AtLeast = None,
    max_speakers: AtMost = None,
    wanted: Format = ExportFormat.JSON,
    output: Output = None,
    redact: Redact = True,
    words: Words = None,
    words_file: WordsFile = None,
    spelling: Spelling = None,
    fillers: Annotated[bool, typer.Option(help="Keep um, uh and their like.")] = True,
    start: Annotated[
        str | None, typer.Option(help="Transcribe from here on, such as 1:30.")
    ] = None,
    end: Annotated[str | None, typer.Option(help="Transcribe up to here, such as 1:02:30.")] = None,
    save: Annotated[bool, typer.Option("--save", help="Store the calls in the app too.")] = False,
    llm: ByModel = True,
) -> None:
    """Transcribe recordings and analyse the calls in them."""
    from app.commands.console import one_clear_line
    from app.commands.stored import save_files
    from app.commands.transcribe import transcribe_files
    from app.commands.vocabulary import read_terms
    from app.settings import load_settings
    from services.providers.wishes import read_provider_options

    with one_clear_line():
        settings = load_settings() if llm else load_settings().without_language_model()
        asked, fallback = providers_asked(settings.default_options, provider, others)
        options = ProcessingOptions(
            provider=asked,
            fallback=fallback,
            provider_options=read_provider_options(given or []),
            language=None if language == "auto" else language,
            expected_speakers=speakers,
            min_speakers=min_speakers,
            max_speakers=max_speakers,
            redact=redact,
            vocabulary=read_terms(words or [], words_file),
            spelling=read_spelling(spelling or []),
            keep_fillers=fillers,
            start_ms=read_clock(start) if start else None,
            end_ms=read_clock(end) if end else None,
        )
        work = save_files if save else transcribe_files
        raise SystemExit(work(settings, files, options, wanted, output))


@app.command()
def relabel(
    call: Annotated[str, typer.Argument(help="A stored call's id, or a recording.")],
    speakers: Speakers = None,
    min_speakers: AtLeast = None,
    max_speakers: AtMost = None,
    transcript: Annotated[
        Path | None,
        typer.Option(help="The recording's transcript as JSON; then nothing is stored."),
    ] = None,
    output: Output = None,
) -> None:
    """Tell the speakers of a call apart anew; the words stay as they are."""
    from app.commands.console import one_clear_line
    from app.commands.relabel import relabel_beside, relabel_call
    from app.settings import load_settings

    count = SpeakerCount(exactly=speakers, least=min_speakers, most=max_speakers)
    with one_clear_line():
        settings = load_settings()
        if transcript is not None:
            raise SystemExit(relabel_beside(settings, Path(call), transcript, count, output))
        raise SystemExit(relabel_call(settings, call, count, output))


@app.command()
def serve(
    workers: Annotated[bool, typer.Option(help="Run the job worker beside the web app.")] = True,
) -> None:
    """Serve the web app, by default on http://localhost:8501."""
    with loading():
        from app.commands.console import one_clear_line
        from app.serve import run_server
        from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(run_server(load_settings(), workers=workers))


@app.command()
def worker(
    drain_after: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="When told to stop, finish calls in work for so long, then leave off.",
        ),
    ] = None,
) -> None:
    """Process waiting calls until told to stop."""
    with loading():
        from app.commands.console import one_clear_line
        from app.settings import load_settings
        from app.worker import run_worker

    with one_clear_line():
        raise SystemExit(run_worker(load_settings().draining_after(drain_after)))


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
    wanted: Annotated[
        StoredFormat, typer.Option("--format", help="What to write.")
    ] = StoredFormat.JSON,
    output: Output = None,
) -> None:
    """Write a stored call, with all corrections made to it, or its sound as people hear it."""
    from app.commands.console import one_clear_line
    from app.commands.stored import export_call, export_sound
    from app.settings import load_settings

    with one_clear_line():
        if wanted is StoredFormat.AUDIO:
            raise SystemExit(export_sound(load_settings(), call_id, output))
        raise SystemExit(export_call(load_settings(), call_id, ExportFormat(wanted), output))


@app.command()
def analyse(
    by_rules: Annotated[
        bool, typer.Option("--rules", help="Look for rules in all stored calls.")
    ] = False,
    yaml_file: Annotated[
        Path | None,
        typer.Option("--yaml", help="Rules of this file instead; they are counted, not stored."),
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option(help="Only the rule of this id; may be repeated.")
    ] = None,
) -> None:
    """Analyse all stored calls anew: which rules apply to how many."""
    from app.commands.console import one_clear_line
    from app.commands.rules import analyse_rules
    from app.settings import load_settings

    with one_clear_line():
        if not (by_rules or yaml_file or rule):
            raise InvalidRequest("Say what to analyse: --rules.")
        raise SystemExit(analyse_rules(load_settings(), yaml_file, rule or ()))


if __name__ == "__main__":
    app()
