"""``partyline transcribe``: the whole pipeline on the command line, without the web app."""

from collections.abc import Sequence
from pathlib import Path

from app.commands.console import EXIT_BAD_INPUT, ProgressLine, say
from app.commands.output import OutputFolder
from app.commands.vocabulary import with_kept_vocabulary
from app.local_models import build_labeller
from app.settings import Settings
from app.wiring import (
    build_known_voices,
    build_models,
    build_participants,
    build_providers,
    build_rules,
)
from services.domain.calls import ProcessingOptions, SpeakerCount
from services.domain.errors import InvalidRequest, PartylineError
from services.domain.reviewed import ReviewedCall
from services.domain.rules import Rule
from services.domain.running import RunContext
from services.exports import ExportFormat, export
from services.one_file import KnownVoices, process_file
from services.providers.base import SpeechProvider
from services.understanding.interfaces import Models


def transcribe_files(
    settings: Settings,
    files: Sequence[Path],
    options: ProcessingOptions,
    wanted: ExportFormat,
    output: Path | None,
) -> int:
    """Transcribe files one after the other and return the exit status.

    One file goes to standard output unless a folder is given; several need one. A file that can't
    be used costs one line on standard error and the exit status, never the other files. Where this
    installation has a vocabulary, its words stand behind those of the options; where it knows
    voices, they are recognised. Categories come from its rules.
    """
    if len(files) > 1 and output is None:
        raise InvalidRequest("Several files need --output FOLDER.")
    SpeakerCount.of(options).check()
    registry = build_providers(settings, lambda _: build_participants(settings))
    providers = registry.ready_in_turn(options)
    options = with_kept_vocabulary(settings, options)
    models, voices = build_models(settings), build_known_voices(settings)
    rules = build_rules(settings)
    folder = OutputFolder(output)
    status = 0
    for path in files:
        try:
            shown = _transcribe(settings, path, providers, options, models, voices, rules)
        except PartylineError as error:
            say(f"partyline: {path.name}: {error.user_message}")
            status = EXIT_BAD_INPUT
        else:
            folder.deliver(export(shown, wanted))
    return status


def _transcribe(
    settings: Settings,
    path: Path,
    providers: Sequence[SpeechProvider],
    options: ProcessingOptions,
    models: Models,
    voices: KnownVoices | None,
    rules: Sequence[Rule],
) -> ReviewedCall:
    line = ProgressLine(path.name)
    try:
        return process_file(
            path,
            providers[0],
            options,
            models,
            RunContext(on_progress=line),
            working_folder=settings.working_folder,
            max_duration_ms=settings.max_duration_ms,
            labeller=build_labeller(settings),
            voices=voices,
            rules=rules,
            fallback=providers[1:],
            tell=lambda sentence: say(f"partyline: {path.name}: {sentence}"),
        )
    finally:
        line.close()
