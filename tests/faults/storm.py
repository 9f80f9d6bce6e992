"""What every storm looks at in the end: each call ended once, none is lost, none doubled."""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from unittest import mock

from app.wiring import Services
from services.domain.errors import PartylineError
from services.jobs.janitor import Janitor

CALLS = int(os.environ.get("PARTYLINE_STORM_CALLS", "300"))
KILLS = 9
KILLS_ELSEWHERE = 6
# Those beyond one machine, and those whose stores fail, wait more than they work.
CALLS_ELSEWHERE = CALLS // 2
CALLS_WITHOUT_STORE = CALLS // 5

Ask = Callable[[str], list[Any]]


def fates(ask: Ask) -> dict[str, int]:
    """Return how many calls there are by state; nothing while the database is away."""
    with suppress(Exception):
        return {row[0]: row[1] for row in ask(_STATES)}
    return {}


def is_over(ask: Ask, calls: int) -> bool:
    """Say whether so many calls have ended."""
    states = fates(ask)
    ended = sum(states.get(state, 0) for state in ("ready", "failed", "cancelled"))
    return ended == calls


def each_ended_once(ask: Ask, calls: int) -> None:
    """Check that every call was processed well, once."""
    assert fates(ask) == {"ready": calls}
    assert ask("SELECT count(*), count(DISTINCT call_id) FROM runs") == [(calls, calls)]
    assert ask("SELECT count(*), count(DISTINCT call_id) FROM transcripts") == [(calls, calls)]
    assert ask("SELECT count(*), count(DISTINCT call_id) FROM call_figures") == [(calls, calls)]
    shown = (
        "SELECT count(*) FROM calls JOIN runs ON runs.call_id = calls.id"
        " JOIN transcripts ON transcripts.id = calls.active_transcript_id"
        " WHERE runs.transcript_id = transcripts.id"
    )
    assert ask(shown) == [(calls,)]
    assert ask("SELECT count(*) FROM run_checkpoints") == [(0,)]
    lines = "SELECT count(*), count(DISTINCT transcript_id || '.' || position) FROM utterances"
    ((count, different),) = ask(lines)
    assert count == different


def tidied(services: Services) -> None:
    """Sweep as the janitor does, as if everything had lain about for long."""
    janitor = Janitor(
        services.calls,
        services.runs,
        services.vault,
        services.queue,
        worker_id="janitor",
        own_jobs=frozenset,
        workers=services.workers,
        working_folder=services.settings.working_folder,
    )
    with (
        mock.patch("services.jobs.janitor.ORPHAN_AFTER_S", -60.0),
        mock.patch("services.jobs.janitor.UPLOAD_GIVEN_UP_AFTER_S", -60.0),
    ):
        janitor.sweep()


def sound_is_whole(services: Services, ask: Ask) -> None:
    """Check that every call has its sound, and that there is no other."""
    calls = {row[0] for row in ask("SELECT id FROM calls")}
    stored: dict[str, set[str]] = {}
    for sound in services.vault.stored():
        stored.setdefault(sound.call_id, set()).add(sound.rendition.value)
    assert set(stored) == calls
    assert {frozenset(kinds) for kinds in stored.values()} == {frozenset({"original", "playback"})}


def persistently(act: Callable[[], str]) -> str:
    """Do something until it works: a person would press the button again."""
    import time

    while True:
        try:
            return act()
        except (PartylineError, OSError):
            time.sleep(0.2)


_STATES = "SELECT state, count(*) FROM calls GROUP BY state"
