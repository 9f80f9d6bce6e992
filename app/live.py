"""What the options of ``partyline live`` are called; app/commands does the work."""

from pathlib import Path
from typing import Annotated

import typer

from services.domain.calls import ProcessingOptions
from services.domain.vocabulary import read_spelling


def live(
    source: Annotated[
        str, typer.Argument(metavar="FILE|mic", help="A recording, or mic for the microphone.")
    ],
    provider: Annotated[
        str | None,
        typer.Option(help="Who recognises the speech; local, unless set otherwise."),
    ] = None,
    speed: Annotated[
        str, typer.Option(help="How fast a recording is played: 1.0 is real time, or max.")
    ] = "1.0",
    language: Annotated[str, typer.Option(help="Language code, or auto to detect it.")] = "auto",
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
    given: Annotated[
        list[str] | None,
        typer.Option("--option", help="What the provider is asked for, as NAME=VALUE; repeatable."),
    ] = None,
    save: Annotated[
        bool, typer.Option("--save", help="Store the recording as a call once it has ended.")
    ] = False,
    llm: Annotated[
        bool, typer.Option(help="Have the language model summarise, if one is configured.")
    ] = True,
) -> None:
    """Transcribe a call while it is held: one JSON event a line. Ctrl-C ends the call."""
    from app.commands.console import one_clear_line
    from app.commands.live import read_speed, stream_live
    from app.commands.vocabulary import read_terms
    from app.settings import load_settings
    from services.providers.wishes import read_provider_options

    with one_clear_line():
        settings = load_settings() if llm else load_settings().without_language_model()
        options = ProcessingOptions(
            provider=provider or settings.provider,
            language=None if language == "auto" else language,
            redact=redact,
            vocabulary=read_terms(words or [], words_file),
            spelling=read_spelling(spelling or []),
            provider_options=read_provider_options(given or []),
        )
        raise SystemExit(stream_live(settings, source, options, speed=read_speed(speed), save=save))
