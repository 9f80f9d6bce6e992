"""What is kept about a call besides its transcript: figures, lines for searching, categories.

All of it follows from what is shown and is written together with it. When an update of Partyline
keeps more, ``FORM`` counts up, and the janitor has older calls written anew.
"""

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import Connection

from services.domain.calls import Call
from services.domain.metrics import AnalysedTranscript
from services.storage.categories import RuleReading, write_reading
from services.storage.figures import figures_of
from services.storage.models import CALL_FIGURES
from services.storage.rows import upsert
from services.storage.shown import write_shown
from services.storage.topics import write_topics

FORM = 3


class Derived(Protocol):
    """Something else that follows from what is shown of a call, and what that is made with."""

    def write(self, connection: Connection, call: Call, shown: AnalysedTranscript) -> None:
        """Write it in the transaction in which what is shown changes."""


def write_derived(
    connection: Connection,
    call: Call,
    shown: AnalysedTranscript,
    found: RuleReading | None = None,
    also: Iterable[Derived] = (),
    *,
    first_at: int | None = None,
) -> None:
    """Write what follows from a call as it is shown; ``found`` is what rules found in it.

    ``first_at`` is the place of a call of which nothing of that is written yet: then nothing has
    to be looked for and taken away.
    """
    is_first = first_at is not None
    figures = figures_of(call, shown.transcript, shown.analysis)
    row = {**vars(figures), "org_id": call.org_id, "form": FORM}
    upsert(connection, CALL_FIGURES, row, key=("call_id",))
    write_shown(connection, call.org_id, call.id, shown.transcript, first_at)
    write_topics(connection, call.org_id, figures, shown.transcript.topics, is_first=is_first)
    if found is not None:
        write_reading(connection, call, found, is_first=is_first)
    for more in also:
        more.write(connection, call, shown)
