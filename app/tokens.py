"""What the options of ``partyline tokens`` are called; app/commands does the work."""

from typing import Annotated

import typer

from app.people import Agent, Org, OwnOnly, Queues
from services.domain.people import Role

tokens = typer.Typer(help="Tokens by which services use the HTTP API.", no_args_is_help=True)


@tokens.command("list")
def list_tokens(org: Org = None) -> None:
    """Write which tokens there are, without their secrets."""
    from app.commands.console import one_clear_line
    from app.commands.tokens import write_tokens

    with one_clear_line():
        write_tokens(org)


@tokens.command("add")
def add_token(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    role: Annotated[Role, typer.Option(help="What the service may do.")] = Role.VIEWER,
    days: Annotated[int, typer.Option(help="So many days it counts.")] = 90,
    queue: Queues = None,
    agent: Agent = None,
    own_calls: OwnOnly = False,
    org: Org = None,
) -> None:
    """Make a token for a service and write it, this once."""
    from app.commands.console import one_clear_line
    from app.commands.people import Wished
    from app.commands.tokens import add_token

    with one_clear_line():
        wished = Wished(role=role, queues=queue, agent=agent, own_calls=own_calls)
        add_token(org, name, wished, days)


@tokens.command("revoke")
def revoke(
    token: Annotated[str, typer.Argument(help="The token's id, as the list has it.")],
    org: Org = None,
) -> None:
    """Have a token count no more, at once."""
    from app.commands.console import one_clear_line
    from app.commands.tokens import revoke_token

    with one_clear_line():
        revoke_token(org, token)
