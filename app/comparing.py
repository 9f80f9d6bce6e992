"""What the options of ``partyline compare`` are called; app/commands does the work."""

from typing import Annotated

import typer


def compare(
    call_id: Annotated[str, typer.Argument(help="The call's id, as its page's address has it.")],
    reference: Annotated[
        int | None,
        typer.Argument(help="Run whose transcript is the reference; by default the one shown."),
    ] = None,
    other: Annotated[
        int | None,
        typer.Argument(help="Run that is compared with it; by default the newest other one."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Write lines in which nothing differs, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object.")] = False,
) -> None:
    """Compare two transcripts of a stored call, word by word."""
    from app.commands.comparing import compare_transcripts
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        compare_transcripts(
            load_settings(), call_id, reference, other, everything=everything, as_json=as_json
        )
