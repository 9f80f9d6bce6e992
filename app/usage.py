"""What the options of ``partyline usage`` are called; app/commands does the work."""

from typing import Annotated

import typer


def usage(
    sound: Annotated[
        bool, typer.Option(help="Look at every stored recording; it takes a while when many.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show what this installation takes: space, growth, minutes at providers and their cost."""
    from app.commands.console import one_clear_line
    from app.commands.usage import show_usage
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(show_usage(load_settings(), sound=sound, as_json=as_json))
