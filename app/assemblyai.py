"""What the options of ``partyline assemblyai`` are called; app/commands does the work."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

assemblyai = typer.Typer(
    help="Transcripts that AssemblyAI keeps: list, read, search and delete them there.",
    no_args_is_help=True,
)


class Passages(StrEnum):
    """What a transcript can be read in."""

    SENTENCES = "sentences"
    PARAGRAPHS = "paragraphs"
    SRT = "srt"
    VTT = "vtt"


Named = Annotated[
    str, typer.Argument(help="A stored call's id, or a transcript's reference, as list shows it.")
]
Reference = Annotated[str, typer.Argument(help="The transcript's reference, as list shows it.")]


@assemblyai.command("list")
def list_kept(
    limit: Annotated[int, typer.Option(min=1, max=100, help="So many at most.")] = 10,
) -> None:
    """List what AssemblyAI keeps, the newest first: reference, time, state."""
    from app.commands.assemblyai import list_transcripts
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(list_transcripts(load_settings(), limit))


@assemblyai.command("read")
def read(
    reference: Named,
    wanted: Annotated[
        Passages, typer.Option("--in", help="What to read it in.")
    ] = Passages.SENTENCES,
) -> None:
    """Read a transcript as AssemblyAI cuts it into sentences, paragraphs or subtitles."""
    from app.commands.assemblyai import read_transcript
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(read_transcript(load_settings(), reference, wanted.value))


@assemblyai.command("words")
def words(
    reference: Named,
    sought: Annotated[list[str], typer.Argument(help="Words, or phrases of up to five words.")],
) -> None:
    """Say where words are said in a transcript."""
    from app.commands.assemblyai import search_words
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(search_words(load_settings(), reference, sought))


@assemblyai.command("sound")
def sound(
    reference: Named,
    target: Annotated[Path, typer.Argument(help="The file to write.")],
) -> None:
    """Fetch the sound without personal data, where a run has asked for it."""
    from app.commands.assemblyai import fetch_sound
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(fetch_sound(load_settings(), reference, target))


@assemblyai.command("delete")
def delete(reference: Reference) -> None:
    """Delete a transcript and its sound at AssemblyAI."""
    from app.commands.assemblyai import delete_transcript
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(delete_transcript(load_settings(), reference))
