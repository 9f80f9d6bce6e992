"""What the options of ``partyline people`` are called; app/commands does the work."""

from typing import Annotated

import typer

from services.domain.people import Right, Role

people = typer.Typer(help="Who may come in, and what they may do.", no_args_is_help=True)
Org = Annotated[str | None, typer.Option("--org", help="Their organisation; PARTYLINE_ORG.")]
Who = Annotated[str, typer.Argument(help="Their e-mail address, or their id as the list has it.")]
Rights = Annotated[
    list[Right] | None, typer.Option("--right", help="A right beside the role; may be repeated.")
]
Queues = Annotated[
    list[str] | None, typer.Option("--queue", help="Calls of this queue; may be repeated.")
]
Agent = Annotated[str | None, typer.Option("--agent", help="Calls that this agent held.")]
OwnOnly = Annotated[
    bool, typer.Option("--own-calls", help="Only calls they add, beside those named.")
]


@people.command("list")
def list_people(
    org: Org = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON instead of lines.")] = False,
) -> None:
    """Write who has access."""
    from app.commands.console import one_clear_line
    from app.commands.people import write_people

    with one_clear_line():
        write_people(org, as_json=as_json)


@people.command("add")
def add_person(
    email: Annotated[
        str, typer.Argument(help="Their e-mail address, as the sign-in service has verified it.")
    ] = "",
    subject: Annotated[
        str | None,
        typer.Option(help="The sign-in service's own id of them, instead of an address."),
    ] = None,
    identity: Annotated[
        str | None, typer.Option(help="What the page says that refuses them, instead.")
    ] = None,
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.VIEWER,
    name: str = "",
    right: Rights = None,
    queue: Queues = None,
    agent: Agent = None,
    own_calls: OwnOnly = False,
    org: Org = None,
) -> None:
    """Give somebody access; it counts from their next sign-in."""
    from app.commands.console import one_clear_line
    from app.commands.people import Wished, add_person

    with one_clear_line():
        wished = Wished(role=role, rights=right, queues=queue, agent=agent, own_calls=own_calls)
        add_person(org, email, wished, subject=subject, identity=identity, name=name)


@people.command("set")
def set_person(
    who: Who,
    role: Annotated[Role | None, typer.Option(help="What they may do.")] = None,
    right: Rights = None,
    queue: Queues = None,
    agent: Agent = None,
    own_calls: OwnOnly = False,
    all_calls: Annotated[bool, typer.Option("--all-calls", help="Every call.")] = False,
    org: Org = None,
) -> None:
    """Change what somebody may do; what isn't named stays as it is."""
    from app.commands.console import one_clear_line
    from app.commands.people import Wished, change_person

    with one_clear_line():
        wished = Wished(
            role=role,
            rights=right,
            queues=queue,
            agent=agent,
            own_calls=own_calls,
            all_calls=all_calls,
        )
        change_person(org, who, wished)


@people.command("disable")
def disable(who: Who, org: Org = None) -> None:
    """Switch somebody's access off and end their sign-ins."""
    from app.commands.console import one_clear_line
    from app.commands.people import with_person

    with one_clear_line():
        with_person(org, who, lambda desk, user, person_id: desk.disable(user, person_id))


@people.command("enable")
def enable(who: Who, org: Org = None) -> None:
    """Switch somebody's access on again."""
    from app.commands.console import one_clear_line
    from app.commands.people import with_person

    with one_clear_line():
        with_person(org, who, lambda desk, user, person_id: desk.enable(user, person_id))


@people.command("sign-out-everywhere")
def sign_out_everywhere(who: Who, org: Org = None) -> None:
    """End all sign-ins of somebody."""
    from app.commands.console import one_clear_line
    from app.commands.people import with_person

    with one_clear_line():
        with_person(
            org, who, lambda desk, user, person_id: desk.sign_out_everywhere(user, person_id)
        )
