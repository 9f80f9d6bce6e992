"""Which calls are listed, and where a page begins."""

import base64
import binascii
import json
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.api.calls.forms import MOST_CHARS
from services.domain.calls import CallState
from services.domain.errors import InvalidRequest
from services.storage.call_pages import PlaceInList
from services.storage.call_rows import CallFilter

MOST_PER_PAGE = 200
MOST_CURSOR_CHARS = 200
MOST_NAMES = 50

# No database takes NUL.
WITHOUT_NUL = r"^[^\x00]*$"

Name = Annotated[str, Field(max_length=MOST_CHARS, pattern=WITHOUT_NUL)]


class CallsQuery(BaseModel):
    """Which calls to list; what is absent doesn't filter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: list[CallState] = Field(default=[], max_length=len(CallState))
    agent: list[Name] = Field(default=[], max_length=MOST_NAMES, description="One of these agents.")
    queue: list[Name] = Field(default=[], max_length=MOST_NAMES, description="One of these queues.")
    customer_ref: Name | None = None
    external_ref: Name | None = Field(
        default=None, description="What the system that it came from calls it."
    )
    text: Name | None = Field(
        default=None, description="Occurs in source name, agent or customer reference."
    )
    first_day: date | None = Field(default=None, description="Held on this day (UTC) or later.")
    last_day: date | None = Field(default=None, description="Held on this day (UTC) or earlier.")
    limit: int = Field(default=50, ge=1, le=MOST_PER_PAGE)
    cursor: str | None = Field(
        default=None,
        max_length=MOST_CURSOR_CHARS,
        description="The `next_cursor` of the page before.",
    )

    def wanted(self) -> CallFilter:
        """Return what the calls are filtered by."""
        return CallFilter(
            text=self.text,
            states=tuple(self.state),
            agents=tuple(self.agent),
            queues=tuple(self.queue),
            customer_ref=self.customer_ref,
            external_ref=self.external_ref,
            first_day=self.first_day,
            last_day=self.last_day,
        )

    def place(self) -> PlaceInList | None:
        """Return behind which call the page begins. Raises InvalidRequest."""
        return read_cursor(self.cursor) if self.cursor else None


def write_cursor(place: PlaceInList) -> str:
    """Return a place in the list as a text that programs hand back."""
    told = json.dumps([place.held_at.isoformat(), place.call_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> PlaceInList:
    """Return the place that ``write_cursor`` wrote. Raises InvalidRequest for anything else."""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        moment, call_id = json.loads(packed)
        held_at = datetime.fromisoformat(moment)
        if not isinstance(call_id, str) or "\0" in call_id or held_at.tzinfo is None:
            raise ValueError
        held_at.timestamp()
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError):
        raise InvalidRequest("Look at cursor.") from None
    return PlaceInList(held_at=held_at, call_id=call_id)
