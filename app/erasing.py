"""What the options of ``partyline erase`` are called; app/commands does the work."""

from typing import Annotated

import typer


def erase(
    customer: Annotated[str, typer.Option(help="The customer reference of the calls.")],
    yes: Annotated[bool, typer.Option("--yes", help="Really do it; it can't be undone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Erase everything of one customer; without --yes it only counts what there is."""
    from app.commands.console import one_clear_line
    from app.commands.erase import erase_customer
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(erase_customer(load_settings(), customer, yes=yes, as_json=as_json))
