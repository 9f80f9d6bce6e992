"""What the options of ``partyline ingest`` are called; app/commands does the work."""

from pathlib import Path
from typing import Annotated

import typer

from app.shared_options import Given, Language, Others, Provider, Redact
from services.domain.calls import (
    MOST_SPEAKERS,
    CallDetails,
    Direction,
    ProcessingOptions,
    providers_asked,
)

NO_SIDECARS = "none"


def ingest(
    places: Annotated[list[str], typer.Argument(help="Folders, files, or s3://bucket/prefix.")],
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, and take in what comes later.")
    ] = False,
    pattern: Annotated[
        str | None,
        typer.Option(
            help="What file names tell, as in '{agent}_{customer}_{date:%Y%m%d-%H%M%S}_{id}.wav'."
        ),
    ] = None,
    only_fitting: Annotated[
        bool, typer.Option("--only-fitting", help="Refuse files whose names don't fit the pattern.")
    ] = False,
    sidecar: Annotated[
        str,
        typer.Option(
            help="What tells of recordings: auto (call.json beside call.wav, and metadata.csv in "
            "the folder), none, or a CSV file."
        ),
    ] = "auto",
    wait_sidecar: Annotated[
        float, typer.Option(min=0, help="So long a recording waits for what tells of it, in s.")
    ] = 0.0,
    timezone: Annotated[
        str, typer.Option(help="Of dates that don't say theirs, such as Europe/Berlin.")
    ] = "UTC",
    agent: Annotated[str | None, typer.Option(help="Where nothing else tells the agent.")] = None,
    queue: Annotated[str | None, typer.Option(help="Where nothing else tells the queue.")] = None,
    direction: Annotated[
        Direction | None, typer.Option(help="Where nothing else tells who called.")
    ] = None,
    provider: Provider = None,
    others: Others = None,
    given: Given = None,
    language: Language = "auto",
    speakers: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_SPEAKERS, help="Number of speakers, if it is known."),
    ] = None,
    redact: Redact = True,
    quiet: Annotated[
        float | None,
        typer.Option(
            min=0, help="So long a file must not have changed, in s; 5 with --watch, else 0."
        ),
    ] = None,
    every: Annotated[
        float | None,
        typer.Option(min=0.05, help="How often is looked, in s; 30 with a bucket, else 2."),
    ] = None,
    most_waiting: Annotated[
        int | None,
        typer.Option(min=1, help="So many calls may wait to be processed before no more come in."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a file on standard output.")
    ] = False,
) -> None:
    """Take in recordings with what is known of them; each becomes a call that is processed."""
    from app.commands.console import one_clear_line
    from app.commands.ingest import ingest_places, looks_every_s, wish_of
    from app.settings import load_settings
    from services.ingest.watching import Patience
    from services.providers.wishes import read_provider_options

    with one_clear_line():
        settings = load_settings()
        asked, fallback = providers_asked(settings.default_options, provider, others)
        options = ProcessingOptions(
            provider=asked,
            fallback=fallback,
            provider_options=read_provider_options(given or []),
            language=None if language == "auto" else language,
            expected_speakers=speakers,
            redact=redact,
        )
        wish = wish_of(
            options,
            CallDetails(agent_name=agent, queue=queue, direction=direction),
            pattern=pattern,
            only_fitting=only_fitting,
            timezone=timezone,
        )
        patience = Patience(
            quiet_s=quiet if quiet is not None else (5.0 if watch else 0.0),
            sidecar_s=wait_sidecar,
            every_s=every if every is not None else looks_every_s(places),
            most_waiting=most_waiting or settings.ingest_waiting,
        )
        table = None if sidecar in {"auto", NO_SIDECARS} else Path(sidecar)
        raise SystemExit(
            ingest_places(
                settings,
                places,
                wish,
                patience,
                table=table,
                with_sidecars=sidecar != NO_SIDECARS,
                watch=watch,
                as_json=as_json,
            )
        )
