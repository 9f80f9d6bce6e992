"""What the options of ``partyline keys`` are called; app/commands does the work."""

from typing import Annotated

import typer

keys = typer.Typer(help="The master key and what it has sealed.", no_args_is_help=True)


@keys.command("show")
def show() -> None:
    """Count what is sealed by the present master key and by earlier ones."""
    from app.commands.console import one_clear_line
    from app.commands.keys import show_keys
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(show_keys(load_settings()))


@keys.command("rotate")
def rotate(
    backup: Annotated[
        list[str] | None, typer.Option(help="Also where backups lie; may be repeated.")
    ] = None,
) -> None:
    """Seal everything with a new master key while Partyline runs; the sound stays as it is."""
    from app.commands.console import one_clear_line
    from app.commands.keys import rotate_keys
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(rotate_keys(load_settings(), backup or []))


@keys.command("forget")
def forget() -> None:
    """Delete the key that was replaced, once nothing is sealed by it."""
    from app.commands.console import one_clear_line
    from app.commands.keys import forget_key
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(forget_key(load_settings()))
