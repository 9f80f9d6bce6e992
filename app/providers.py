"""What the options of ``partyline providers`` are called; app/commands does the work."""

from typing import Annotated

import typer

providers = typer.Typer(help="Who recognises the speech: what is ready, and what each can do.")


@providers.callback(invoke_without_command=True)
def list_providers(
    check: Annotated[
        bool, typer.Option("--check", help="Ask each that is set up whether it would work now.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List speech providers: whether they are ready, what is missing, what each can do."""
    from app.commands.console import one_clear_line
    from app.commands.providers import list_providers
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(list_providers(load_settings(), check=check, as_json=as_json))
