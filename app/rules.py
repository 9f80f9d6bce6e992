"""What the options of ``partyline rules`` are called; app/commands does the work."""

from pathlib import Path
from typing import Annotated

import typer

rules = typer.Typer(help="Rules that give calls their categories.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="Rules in YAML.")]


@rules.command("list")
def list_rules() -> None:
    """Write a line for each rule: id, kind, on or off, where it comes from, calls, name."""
    from app.commands.console import one_clear_line
    from app.commands.rules import list_rules

    with one_clear_line():
        list_rules()


@rules.command("export")
def export_rules(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of rules; all if none.")] = None,
    output: Annotated[Path | None, typer.Option(help="File to write into.")] = None,
) -> None:
    """Write rules as YAML."""
    from app.commands.console import one_clear_line
    from app.commands.rules import export_rules

    with one_clear_line():
        export_rules(ids or None, output)


@rules.command("import")
def import_rules(file: File) -> None:
    """Keep the rules of a file, in place of those with the same ids; all of them or none."""
    from app.commands.console import one_clear_line
    from app.commands.rules import import_rules

    with one_clear_line():
        import_rules(file)


@rules.command("check")
def check_rules(file: File) -> None:
    """Say whether the rules of a file can be used; nothing is kept."""
    from app.commands.console import one_clear_line
    from app.commands.rules import check_rules

    with one_clear_line():
        check_rules(file)
