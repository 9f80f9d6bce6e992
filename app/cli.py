"""The ``partyline`` command: what its options are called; app/commands does the work."""

from pathlib import Path
from typing import Annotated

import typer

from services import telemetry
from services.domain.calls import MOST_SPEAKERS, ProcessingOptions, SpeakerCount
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
vocabulary = typer.Typer(help="Words to listen for, and how to write them.", no_args_is_help=True)
app.add_typer(vocabulary, name="vocabulary")
bench = typer.Typer(
    help="Measure speed, accuracy and staying power on this machine.", no_args_is_help=True
)
app.add_typer(bench, name="bench")

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


Figures = Annotated[Path | None, typer.Option("--json", help="Write the figures there.")]


@app.callback()
def prepare() -> None:
    """Keep the log of a command down to what goes wrong."""
    telemetry.configure("WARNING")


@app.command()
def transcribe(
    files: Annotated[list[Path], typer.Argument(help="Recordings of calls.")],
    provider: Annotated[str, typer.Option(help="Who recognises the speech.")] = "local",
    language: Annotated[str, typer.Option(help="Language code, or auto to detect it.")] = "auto",
    speakers: Speakers = None,
    min_speakers: AtLeast = None,
    max_speakers: AtMost = None,
    wanted: Format = ExportFormat.JSON,
    output: Output = None,
    redact: Annotated[bool, typer.Option(help="Take personal data out of the text.")] = True,
    words: Annotated[
        list[str] | None,
        typer.Option("--vocabulary", help="A word to listen for; may be given several times."),
    ] = None,
    words_file: Annotated[
        Path | None,
        typer.Option("--vocabulary-file", help="A text file with a word to listen for per line."),
    ] = None,
    spelling: Annotated[
        list[str] | None,
        typer.Option(help="How to write what is heard, as in 'acme tell=AcmeTel'; repeatable."),
    ] = None,
    fillers: Annotated[bool, typer.Option(help="Keep um, uh and their like.")] = True,
    start: Annotated[
        str | None, typer.Option(help="Transcribe from here on, such as 1:30.")
    ] = None,
    end: Annotated[str | None, typer.Option(help="Transcribe up to here, such as 1:02:30.")] = None,
    save: Annotated[bool, typer.Option("--save", help="Store the calls in the app too.")] = False,
) -> None:
    """Transcribe recordings and analyse the calls in them."""
    from app.commands.console import one_clear_line
    from app.commands.stored import save_files
    from app.commands.transcribe import transcribe_files
    from app.commands.vocabulary import read_terms
    from app.settings import load_settings

    with one_clear_line():
        options = ProcessingOptions(
            provider=provider,
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
        raise SystemExit(work(load_settings(), files, options, wanted, output))


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


@vocabulary.command("show")
def show_vocabulary() -> None:
    """Write the vocabulary: a word per line, then the spellings as heard = written."""
    from app.commands.console import one_clear_line
    from app.commands.vocabulary import change_vocabulary

    with one_clear_line():
        change_vocabulary(None)


@vocabulary.command("add")
def add_words(words: Annotated[list[str], typer.Argument(help="Words to listen for.")]) -> None:
    """Listen for these words in calls processed from now on."""
    from app.commands.console import one_clear_line
    from app.commands.vocabulary import change_vocabulary

    with one_clear_line():
        change_vocabulary(lambda service, user: service.add(user, words))


@vocabulary.command("remove")
def remove_words(
    words: Annotated[list[str], typer.Argument(help="Words, or what is heard of spellings.")],
) -> None:
    """Forget these words and spellings."""
    from app.commands.console import one_clear_line
    from app.commands.vocabulary import change_vocabulary

    with one_clear_line():
        change_vocabulary(lambda service, user: service.remove(user, words))


@vocabulary.command("spell")
def spell_words(
    spelling: Annotated[list[str], typer.Argument(help="As in 'acme tell=AcmeTel'.")],
) -> None:
    """Write what is heard in this way in calls processed from now on."""
    from app.commands.console import one_clear_line
    from app.commands.vocabulary import change_vocabulary

    with one_clear_line():
        change_vocabulary(lambda service, user: service.spell(user, read_spelling(spelling)))


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


@bench.command("accuracy")
def bench_accuracy(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders of recordings with truth; the demo calls if none."),
    ] = None,
    only: Annotated[str, typer.Option(help="Take files whose names fit, such as *mono*.")] = "*",
    no_speech: Annotated[
        list[str] | None,
        typer.Option(help="Files whose names fit hold no speech: no word may come out."),
    ] = None,
    peer: Annotated[bool, typer.Option(help="Score faster-whisper alone beside ours.")] = True,
    keep_transcripts: Annotated[
        Path | None, typer.Option(help="Folder to write the transcripts into, as JSON.")
    ] = None,
    json_file: Figures = None,
) -> None:
    """Word, speaker and conversation errors of the local pipeline against truth."""
    from app.commands.console import one_clear_line
    from bench.accuracy import Wishes, measure
    from bench.scoring.corpus import Search

    wishes = Wishes(
        folders=folders or (),
        search=Search(only=only, no_speech=no_speech or ()),
        peer=peer,
        transcripts=keep_transcripts,
    )
    with one_clear_line():
        raise SystemExit(measure(wishes, json_file))


@bench.command("length")
def bench_length(
    hours: Annotated[float, typer.Option(min=0.1, max=24, help="Length of the recording.")] = 10,
    stereo: Annotated[bool, typer.Option("--stereo", help="One party on each channel.")] = False,
    json_file: Figures = None,
) -> None:
    """Memory and progress of a very long recording, and going on after its worker is killed."""
    from app.commands.console import one_clear_line
    from bench.length import measure

    with one_clear_line():
        raise SystemExit(measure(hours, json_file, stereo=stereo))


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
