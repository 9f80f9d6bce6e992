"""What the options of ``partyline live`` are called; app/commands does the work."""

from typing import Annotated

import typer

from app.shared_options import (
    ByModel,
    Given,
    Language,
    Provider,
    Redact,
    Spelling,
    Words,
    WordsFile,
)
from services.domain.calls import ProcessingOptions
from services.domain.vocabulary import read_spelling


def live(
    source: Annotated[
        str, typer.Argument(metavar="FILE|mic", help="A recording, or mic for the microphone.")
    ],
    provider: Provider = None,
    speed: Annotated[
        str, typer.Option(help="How fast a recording is played: 1.0 is real time, or max.")
    ] = "1.0",
    language: Language = "auto",
    redact: Redact = True,
    words: Words = None,
    words_file: WordsFile = None,
    spelling: Spelling = None,
    given: Given = None,
    save: Annotated[
        bool, typer.Option("--save", help="Store the recording as a call once it has ended.")
    ] = False,
    llm: ByModel = True,
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
