"""What the options of ``partyline search`` are called; app/commands does the work."""

from datetime import datetime
from typing import Annotated

import typer

from services.domain.searching import LineFilter
from services.domain.speech import SentimentLabel, SpeakerRole

MINUTE_MS = 60_000
_DAY = ["%Y-%m-%d"]


def search(
    query: Annotated[
        str,
        typer.Argument(help='Words, "quoted phrases", -words to leave out, beginnings (refu*).'),
    ],
    said_by: Annotated[
        SpeakerRole | None, typer.Option(help="Only what was said by somebody in this role.")
    ] = None,
    sentiment: Annotated[
        list[SentimentLabel] | None,
        typer.Option(help="Only lines with this sentiment; may be repeated."),
    ] = None,
    agent: Annotated[
        list[str] | None, typer.Option(help="Only calls of this agent; may be repeated.")
    ] = None,
    queue: Annotated[
        list[str] | None, typer.Option(help="Only calls of this queue; may be repeated.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="Only calls from this day (UTC) on.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="Only calls up to this day (UTC).")
    ] = None,
    min_minutes: Annotated[
        float | None, typer.Option(min=0, help="Only calls as long as this or longer.")
    ] = None,
    max_minutes: Annotated[
        float | None, typer.Option(min=0, help="Only calls shorter than this.")
    ] = None,
    category: Annotated[
        list[str] | None,
        typer.Option(help="Only calls with the category of this rule's id; may be repeated."),
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="Only calls in this language, such as en.")
    ] = None,
    provider: Annotated[
        list[str] | None, typer.Option(help="Only calls recognised by this provider.")
    ] = None,
    best: Annotated[
        bool, typer.Option("--best", help="Best match first, among the newest 2,000 lines.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="So many lines at most.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Look for words in all stored calls, newest first."""
    from app.commands.console import one_clear_line
    from app.commands.search import search_calls
    from app.settings import load_settings

    among = LineFilter(
        said_by=said_by,
        sentiments=tuple(sentiment or ()),
        agents=tuple(agent or ()),
        queues=tuple(queue or ()),
        first_day=since.date() if since else None,
        last_day=until.date() if until else None,
        min_duration_ms=_as_ms(min_minutes),
        max_duration_ms=_as_ms(max_minutes),
        categories=tuple(category or ()),
        languages=tuple(language or ()),
        providers=tuple(provider or ()),
    )
    with one_clear_line():
        settings = load_settings()
        raise SystemExit(
            search_calls(settings, query, among, limit=limit, best=best, as_json=as_json)
        )


def _as_ms(minutes: float | None) -> int | None:
    return None if minutes is None else round(minutes * MINUTE_MS)
