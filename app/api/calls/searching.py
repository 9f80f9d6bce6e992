"""Words looked for in all calls."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from app.api.caller import ApiUser, Here
from app.api.calls.answers import FoundLineAnswer, FoundLinesAnswer
from app.api.calls.listing import MOST_NAMES, WITHOUT_NUL, Name
from services.domain.searching import LineFilter
from services.domain.speech import SpeakerRole

MOST_QUERY_CHARS = 500
MOST_LINES = 200

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
    agent: list[Name] = Field(default=[], max_length=MOST_NAMES)
    queue: list[Name] = Field(default=[], max_length=MOST_NAMES)
    first_day: date | None = Field(default=None, description="Held on this day (UTC) or later.")
    last_day: date | None = Field(default=None, description="Held on this day (UTC) or earlier.")
    limit: int = Field(default=50, ge=1, le=MOST_LINES)


@router.get("/search")
def search_lines(
    wanted: Annotated[SearchQuery, Query()], here: Here, user: ApiUser
) -> FoundLinesAnswer:
    """Return the newest lines in which all that is looked for was said."""
    among = LineFilter(
        said_by=wanted.said_by,
        first_day=wanted.first_day,
        last_day=wanted.last_day,
        agents=tuple(wanted.agent),
        queues=tuple(wanted.queue),
    )
    found = here.search.search(user, wanted.q, among, wanted.limit)
    return FoundLinesAnswer(lines=[FoundLineAnswer.of(line) for line in found])
