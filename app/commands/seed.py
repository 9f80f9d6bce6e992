"""Commands that make up a history of calls and take it away again."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine

from app.commands.console import REDRAW_S, say
from app.seeding.calls import History
from app.seeding.loading import SeededCalls
from app.seeding.team import Calendar
from app.settings import Settings
from app.wiring.parts import authority_on, master_key_of, rule_tools_on
from services.domain.errors import InvalidRequest
from services.scorecards.keeping import ScoreKeeper, made_with
from services.storage.database import open_engine
from services.storage.schema import migrate
from services.storage.scorecards import ScorecardStore
from services.storage.scores import ScoreStore
from services.understanding.typed import LineRedactor

LOG_EVERY_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What history is wanted; ``last_day`` None is yesterday."""

    calls: int
    with_text: int
    agents: int
    days: int
    last_day: date | None
    seed: str
    processes: int | None


def seed_calls(settings: Settings, wishes: Wishes) -> int:
    """Make up calls in the configured database; the exit status.

    Raises InvalidRequest, DatabaseTooNew, WrongKey, StorageError, DiskFull.
    """
    history = history_of(wishes, settings.org)
    say(
        f"Making up {history.calls:,} calls, {history.with_text:,} of them with text, by "
        f"{history.agents:,} agents on {wishes.days:,} days up to {history.calendar.last_day}."
    )
    engine = open_engine(settings.database_url)
    migrate(engine)
    loader = seeded_calls_in(engine, settings)
    began, line = time.monotonic(), CountLine(history.calls)
    try:
        added = loader.add(history, line, processes=wishes.processes)
    except BaseException:
        line.close()
        say("Broken off: what is shown above is there as whole calls. The same command goes on.")
        raise
    finally:
        engine.dispose()
    line.close()
    there = history.calls - added
    earlier = f" {there:,} were there already." if there else ""
    say(f"{added:,} calls added in {time.monotonic() - began:.0f} s.{earlier}")
    return 0


def remove_seeded(settings: Settings) -> int:
    """Delete all calls that were made up; the exit status. Raises StorageError."""
    engine = open_engine(settings.database_url)
    migrate(engine)
    loader = seeded_calls_in(engine, settings)
    line = CountLine(loader.count(settings.org))
    try:
        removed = loader.remove(settings.org, line)
    finally:
        line.close()
        engine.dispose()
    say(f"{removed:,} made-up calls deleted.")
    return 0


def history_of(wishes: Wishes, org_id: str) -> History:
    """Return the history that is wished for. Raises InvalidRequest."""
    if wishes.with_text > wishes.calls:
        raise InvalidRequest(
            f"{wishes.with_text:,} calls with text are more than the {wishes.calls:,} calls wanted."
        )
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    return History(
        seed=wishes.seed,
        calls=wishes.calls,
        with_text=wishes.with_text,
        agents=wishes.agents,
        calendar=Calendar(last_day=wishes.last_day or yesterday, days=wishes.days),
        org_id=org_id,
    )


def seeded_calls_in(engine: Engine, settings: Settings) -> SeededCalls:
    """Return what puts made-up calls into this database; they count as scored by what is in use."""
    rules = rule_tools_on(engine, authority_on(engine, settings)).book
    keeper = ScoreKeeper(ScorecardStore(engine), ScoreStore(engine), _Untouched(), rules)
    scored = made_with(keeper.scoring(settings.org))
    return SeededCalls(engine, master_key_of(settings), scored)


class _Untouched(LineRedactor):
    """Made-up talk names nobody; nothing is redacted."""

    def redact_line(self, transcript: object, utterance_id: str, text: str) -> str:
        return text

    def redact_comment(self, transcript: object, utterance_id: str, text: str) -> str:
        return text


class CountLine:
    """How many calls are done, on standard error: a moving line, or some lines in a log."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Count up to a total."""
        self._total = total
        self._live = sys.stderr.isatty()
        self._clock = clock
        self._said_at = clock()

    def __call__(self, done: int) -> None:
        """Take how many are done."""
        now = self._clock()
        if now - self._said_at < (REDRAW_S if self._live else LOG_EVERY_S):
            return
        self._said_at = now
        text = f"{done:,} of {self._total:,} calls"
        if self._live:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        else:
            say(text)

    def close(self) -> None:
        """Leave the line behind."""
        if self._live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
