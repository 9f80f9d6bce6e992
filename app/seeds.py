"""What the options of ``partyline seed`` are called; app/commands does the work."""

from datetime import datetime
from typing import Annotated

import typer


def seed(
    calls: Annotated[int, typer.Option(min=1, help="So many calls.")] = 10_000,
    with_text: Annotated[
        int | None,
        typer.Option(min=0, help="So many of them with what was said; a tenth if not given."),
    ] = None,
    agents: Annotated[int, typer.Option(min=1, help="Agents who hold them.")] = 60,
    days: Annotated[int, typer.Option(min=1, max=3660, help="Days over which they spread.")] = 365,
    last_day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The last of these days; yesterday if none."),
    ] = None,
    seed: Annotated[str, typer.Option(help="The same seed makes the same calls.")] = "1",
    processes: Annotated[
        int | None, typer.Option(min=1, max=32, help="Processes that make them up.")
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Delete all seeded calls, whatever their seed.")
    ] = False,
) -> None:
    """Make up a history of calls without sound; broken off, the same command goes on with it."""
    from app.commands.console import one_clear_line
    from app.commands.seed import Wishes, remove_seeded, seed_calls
    from app.settings import load_settings

    with one_clear_line():
        settings = load_settings()
        if remove:
            raise SystemExit(remove_seeded(settings))
        wishes = Wishes(
            calls=calls,
            with_text=calls // 10 if with_text is None else with_text,
            agents=agents,
            days=days,
            last_day=last_day.date() if last_day else None,
            seed=seed,
            processes=processes,
        )
        raise SystemExit(seed_calls(settings, wishes))
