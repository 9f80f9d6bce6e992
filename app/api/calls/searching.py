"""Words looked for in all calls."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from app.api.caller import ApiUser, Here
from app.api.calls.answers import FoundLineAnswer, FoundLinesAnswer
from app.api.calls.listing import MOST_CURSOR_CHARS, MOST_NAMES, WITHOUT_NUL, Name
from services.domain.searching import LineFilter
from services.domain.speech import SentimentLabel, SpeakerRole

MOST_QUERY_CHARS = 500
MOST_LINES = 200
MOST_DURATION_MS = 10**12

router = APIRouter(tags=["search"])


class SearchQuery(BaseModel):
    """What is looked for, and in which lines."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: str = Field(
        min_length=1,
        max_length=MOST_QUERY_CHARS,
        pattern=WITHOUT_NUL,
        description='Words, "quoted phrases", beginnings such as refu*; all have to occur.',
        examples=['"late fee" refund'],
    )
    said_by: SpeakerRole | None = None
    sentiment: list[SentimentLabel] = Field(
        default=[], max_length=len(SentimentLabel), description="Of the line, one of these."
    )
    agent: list[Name] = Field(default=[], max_length=MOST_NAMES)
    queue: list[Name] = Field(default=[], max_length=MOST_NAMES)
    category: list[Name] = Field(
        default=[], max_length=MOST_NAMES, description="Ids of rules, of which one applies."
    )
    language: list[Name] = Field(
        default=[], max_length=MOST_NAMES, description="Such as en, which also means en-GB."
    )
    provider: list[Name] = Field(default=[], max_length=MOST_NAMES)
    min_duration_ms: int | None = Field(
        default=None, ge=0, le=MOST_DURATION_MS, description="Of the call: at least so long."
    )
    max_duration_ms: int | None = Field(
        default=None, ge=0, le=MOST_DURATION_MS, description="Of the call: less than this."
    )
    first_day: date | None = Field(default=None, description="Held on this day (UTC) or later.")
    last_day: date | None = Field(default=None, description="Held on this day (UTC) or earlier.")
    limit: int = Field(default=50, ge=1, le=MOST_LINES)
    cursor: str | None = Field(
        default=None,
        max_length=MOST_CURSOR_CHARS,
        description="The `next_cursor` of the page before.",
    )

    def among(self) -> LineFilter:
        """Return which lines are looked at."""
        return LineFilter(
            said_by=self.said_by,
            sentiments=tuple(self.sentiment),
            first_day=self.first_day,
            last_day=self.last_day,
            agents=tuple(self.agent),
            queues=tuple(self.queue),
            categories=tuple(self.category),
            languages=tuple(self.language),
            providers=tuple(self.provider),
            min_duration_ms=self.min_duration_ms,
            max_duration_ms=self.max_duration_ms,
        )


@router.get("/search")
def search_lines(
    wanted: Annotated[SearchQuery, Query()], here: Here, user: ApiUser
) -> FoundLinesAnswer:
    """Return the newest lines in which all that is looked for was said, page by page.

    A page may have fewer lines than asked for, or none, and yet a next one: looking was left off
    after some seconds, at calls held at `looked_back_to`.
    """
    found = here.search.page(user, wanted.q, wanted.among(), wanted.limit, wanted.cursor or None)
    return FoundLinesAnswer(
        lines=[FoundLineAnswer.of(line) for line in found.lines],
        next_cursor=found.next_page,
        looked_back_to=found.looked_back_to,
    )
