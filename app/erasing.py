"""What the options of ``partyline erase`` are called; app/commands does the work."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from services.domain.errors import InvalidRequest

Customer = Annotated[
    str | None, typer.Option("--customer", help="The customer reference of the calls.")
]
OneCall = Annotated[str | None, typer.Option("--call", help="One call's id.")]
Backups = Annotated[
    list[str] | None,
    typer.Option("--backup", metavar="PLACE", help="Also where backups lie; may be repeated."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]

NOW = "now"


class _ErasesByDefault(TyperGroup):
    """Takes ``erase --customer REF`` for ``erase now --customer REF``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command's name in where none is given."""
        if args and args[0] not in {*self.commands, "--help"}:
            args = [NOW, *args]
        return super().parse_args(ctx, args)


erase = typer.Typer(
    cls=_ErasesByDefault,
    help="Erase a call or everything of a customer: partyline erase --customer REF",
    no_args_is_help=True,
)


@erase.command(NOW)
def now(
    customer: Customer = None,
    call: OneCall = None,
    yes: Annotated[bool, typer.Option("--yes", help="Really do it; it can't be undone.")] = False,
    backup: Backups = None,
    as_json: AsJson = False,
) -> None:
    """Erase; without --yes it only counts what there is."""
    from app.commands.console import one_clear_line
    from app.commands.erase import erase_call, erase_customer
    from app.settings import load_settings

    with one_clear_line():
        _check_one(customer, call)
        settings, places = load_settings(), backup or []
        if call is not None:
            raise SystemExit(erase_call(settings, call, places, yes=yes, as_json=as_json))
        raise SystemExit(erase_customer(settings, customer or "", places, yes=yes, as_json=as_json))


@erase.command("verify")
def verify(
    customer: Customer = None,
    call: OneCall = None,
    content: Annotated[
        str | None, typer.Option("--hash", help="The SHA-256 of the recording, if it is known.")
    ] = None,
    backup: Backups = None,
    log: Annotated[
        list[Path] | None, typer.Option("--log", help="A file of logs; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look everywhere for what is left; exit status 1 when there is anything."""
    from app.commands.console import one_clear_line
    from app.commands.erase import verify_erased
    from app.settings import load_settings

    with one_clear_line():
        _check_one(customer, call)
        raise SystemExit(
            verify_erased(
                load_settings(),
                customer=customer,
                call=call,
                content=content,
                places=backup or [],
                logs=log or [],
                as_json=as_json,
            )
        )


def _check_one(customer: str | None, call: str | None) -> None:
    if (customer is None) is (call is None):
        raise InvalidRequest("Say what: --customer or --call.")
