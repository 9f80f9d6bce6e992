"""What the options of ``partyline rollups`` are called; app/commands does the work."""

from typing import Annotated

import typer


def rollups(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make all sums anew from the calls.")
    ] = False,
) -> None:
    """Check that the sums behind Analytics are what the calls give."""
    from app.commands.console import one_clear_line
    from app.commands.rollups import check_rollups
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(check_rollups(load_settings(), rebuild=rebuild))
