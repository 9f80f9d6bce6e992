"""The command that looks for words in stored calls."""

import json
import sys

from app.commands.console import operator
from app.settings import Settings
from app.wiring import build_search
from services.domain.part import write_clock
from services.domain.searching import FoundLine, LineFilter


def search_calls(
    settings: Settings,
    typed: str,
    among: LineFilter,
    *,
    limit: int,
    as_json: bool,
    best: bool = False,
) -> int:
    """Print the lines that were found, newest or best first; exit status 1 when there are none.

    Raises InvalidRequest for a query that can't be looked for.
    """
    search = build_search(settings)
    find = search.ranked if best else search.page
    found = find(operator(settings), typed, among, limit)
    for line in found.lines:
        sys.stdout.write(_as_json(line) if as_json else _as_text(line))
    if found.looked_back_to:
        back_to = found.looked_back_to.isoformat(timespec="seconds")
        sys.stderr.write(f"Looked only at calls since {back_to}: looking further takes too long.\n")
    return 0 if found.lines else 1


def _as_text(line: FoundLine) -> str:
    place = write_clock(line.start_ms)
    return f"{line.call_id}\t{place}\t{line.role.value}\t{line.text}\n"


def _as_json(line: FoundLine) -> str:
    form = {
        "call": line.call_id,
        "held_at": line.held_at.isoformat(),
        "agent_name": line.agent_name,
        "customer_ref": line.customer_ref,
        "queue": line.queue,
        "duration_ms": line.duration_ms,
        "utterance": line.utterance_id,
        "role": line.role.value,
        "start_ms": line.start_ms,
        "end_ms": line.end_ms,
        "text": line.text,
        "marks": [{"start_char": start, "end_char": end} for start, end in line.marks],
        "sentiment": line.sentiment and line.sentiment.value,
        "sentiment_score": line.sentiment_score,
    }
    return json.dumps(form, ensure_ascii=False) + "\n"
