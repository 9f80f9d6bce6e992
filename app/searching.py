"""What the options of ``partyline search`` are called; app/commands does the work."""

from datetime import datetime
from typing import Annotated

import typer

from services.domain.searching import LineFilter
from services.domain.speech import SpeakerRole


def search(
    query: Annotated[
        str, typer.Argument(help='Words, "quoted phrases", beginnings such as refu*.')
    ],
    said_by: Annotated[
        SpeakerRole | None, typer.Option(help="Only what was said by somebody in this role.")
    ] = None,
    agent: Annotated[
        list[str] | None, typer.Option(help="Only calls of this agent; may be repeated.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only calls from this day on.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only calls up to this day.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="So many lines at most.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Look for words in all stored calls, newest first."""
    from app.commands.console import one_clear_line
    from app.commands.search import search_calls
    from app.settings import load_settings

    among = LineFilter(
        said_by=said_by,
        agents=tuple(agent or ()),
        first_day=since.date() if since else None,
        last_day=until.date() if until else None,
    )
    with one_clear_line():
        settings = load_settings()
        raise SystemExit(search_calls(settings, query, among, limit=limit, as_json=as_json))
