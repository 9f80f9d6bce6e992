"""What the options of ``partyline backup`` and ``restore`` are called; app/commands works."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

Place = Annotated[str, typer.Argument(help="A folder, or s3://bucket/prefix.")]
Which = Annotated[
    str | None, typer.Option("--backup", metavar="ID", help="This backup instead of the newest.")
]

Unsigned = Annotated[
    bool,
    typer.Option("--unsigned", help="Take what bears no signature, as earlier versions wrote it."),
]

MAKE = "make"


class _MakesByDefault(TyperGroup):
    """Takes ``backup PLACE`` for ``backup make PLACE``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command's name in where none is given."""
        if args and args[0] not in {*self.commands, "--help"}:
            args = [MAKE, *args]
        return super().parse_args(ctx, args)


backups = typer.Typer(
    cls=_MakesByDefault,
    help="Back everything up, while Partyline runs: partyline backup PLACE",
    no_args_is_help=True,
)


@backups.callback()
def choose() -> None:
    """Back everything up, while Partyline runs: partyline backup PLACE."""


@backups.command(MAKE)
def make(
    place: Place,
    with_key: Annotated[
        bool,
        typer.Option("--with-key", help="Put the master key there, too: whoever has both, hears."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Make a backup; what an earlier one has brought there is not copied again."""
    from app.commands.backup import make_backup
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(make_backup(load_settings(), place, with_key=with_key, as_json=as_json))


@backups.command("verify")
def verify(place: Place, which: Which = None) -> None:
    """Read all of a backup and compare it with its checksums; exit status 2 when it is damaged."""
    from app.commands.backup import verify_backup
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(verify_backup(load_settings(), place, which))


@backups.command("list")
def list_backups(place: Place) -> None:
    """List the backups of a place, the newest first."""
    from app.commands.backup import print_backups
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(print_backups(load_settings(), place))


@backups.command("prune")
def prune(
    place: Place,
    keep: Annotated[int, typer.Option(min=1, help="So many of the newest stay.")],
) -> None:
    """Delete old backups and the sound that only they have; not while one is being made."""
    from app.commands.backup import prune_backups
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(prune_backups(load_settings(), place, keep=keep))


@backups.command("scrub")
def scrub(place: Place, unsigned: Unsigned = False) -> None:
    """Take calls that were erased out of all backups; not while one is being made."""
    from app.commands.backup import scrub_backups
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(scrub_backups(load_settings(), place, unsigned=unsigned))


def restore(
    place: Place,
    which: Which = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the calls that are here.")
    ] = False,
    unsigned: Unsigned = False,
) -> None:
    """Bring a backup back, after having checked all of it; Partyline has to be stopped."""
    from app.commands.backup import restore_backup
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        settings = load_settings()
        raise SystemExit(
            restore_backup(settings, place, which, overwrite=overwrite, unsigned=unsigned)
        )
