"""Plays recordings into live calls, one or many at once, and forms rows of figures."""

from collections.abc import Iterator, Sequence
from typing import Any

from app.commands.console import say
from bench.live.figures import Figures, figures_of
from bench.live.holding import Room, Session, hold_at_once
from bench.live.rows import cost, late, steady_and_right
from bench.live.sound import Playable, Take, in_a_row
from bench.scoring.counted import total
from bench.scoring.words import Normalise
from services.domain.errors import PartylineError

MINUTES_A_WINDOW = 10
WINDOW_MS = MINUTES_A_WINDOW * 60_000
LATE_FROM_S = 1.5
MOST_CALLS = 32
MS_PER_HOUR = 3_600_000


class LiveBench:
    """Plays recordings into a room and counts."""

    def __init__(self, room: Room, playables: Sequence[Playable], normalise: Normalise) -> None:
        """Play these."""
        self._room = room
        self._playables = playables
        self._normalise = normalise

    def warm_up(self) -> None:
        """Hold a short call, so that no model is loaded while time is measured."""
        first = self._playables[0]
        short = Playable(name="", samples=first.samples[:48_000], truth=first.truth, words=())
        self._room.hold([Take(playable=short)])

    def at_once(self, calls: int, *, all_of_them: bool = True) -> dict[str, Any]:
        """Hold so many calls at once and return their figures.

        Every recording is played at least once; with ``all_of_them`` False, one on each line.
        """
        rounds = -(-len(self._playables) // calls) if all_of_them else 1
        session = hold_at_once(
            self._room, [[[t] for t in self._line(n, calls, rounds)] for n in range(calls)]
        )
        figures = [one for call in session.calls for one in figures_of(call, self._normalise)]
        return self._row(session, figures)

    def until_late(self, first: int) -> Iterator[dict[str, Any]]:
        """Yield rows for more and more calls at once, up to the first that are late or refused."""
        for calls in range(first, MOST_CALLS + 1):
            try:
                row = self.at_once(calls, all_of_them=False)
            except PartylineError as error:
                say(f"{calls} calls: {error.user_message}")
                return
            say(f"{calls} calls: p95 {row['final_p95_s']} s, {row['cores_busy']} cores busy")
            yield row
            if not _is_kept(row):
                return

    def drift(self, length_ms: int, calls: int) -> list[dict[str, Any]]:
        """Return the figures of each ten minutes of long calls, then how they have drifted."""
        lines = [[in_a_row(self._playables, n, length_ms)] for n in range(calls)]
        session = hold_at_once(self._room, lines)
        windows: dict[int, list[Figures]] = {}
        for call in session.calls:
            for take, one in zip(call.takes, figures_of(call, self._normalise), strict=True):
                windows.setdefault(take.offset_ms // WINDOW_MS, []).append(one)
        rows: list[dict[str, Any]] = [
            {"from_min": number * MINUTES_A_WINDOW, **late(_sum(windows[number]))}
            for number in sorted(windows)
        ]
        return [*rows, {**drifted(rows), **cost(session), **self._about(session)}]

    def _line(self, number: int, calls: int, rounds: int) -> list[Take]:
        known = self._playables
        return [Take(playable=known[(number + r * calls) % len(known)]) for r in range(rounds)]

    def _row(self, session: Session, figures: Sequence[Figures]) -> dict[str, Any]:
        summed = _sum(figures)
        return {
            **self._about(session),
            **late(summed),
            **cost(session),
            **steady_and_right(summed),
        }

    def _about(self, session: Session) -> dict[str, Any]:
        return {
            "provider": self._room.provider.capabilities.name,
            "calls_at_once": session.at_once,
            "channels": self._playables[0].channels,
            "recordings": len({t.playable.name for call in session.calls for t in call.takes}),
            "sound_s": round(session.sound_s, 1),
            "speed": self._room.speed,
            "redacted": self._room.options.redact,
        }


def drifted(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Compare the last ten minutes with the first, in percent; more is later."""
    first, last = rows[0], rows[-1]
    return {
        f"{name}_drift_percent": round(100 * (last[name] - first[name]) / first[name], 1)
        if first[name] and last[name] is not None
        else None
        for name in ("final_p50_s", "final_p95_s", "word_p50_s", "word_p95_s")
    }


def most_kept(rows: Sequence[dict[str, Any]]) -> int:
    """Return the largest number of calls at once that were not late."""
    return max((row["calls_at_once"] for row in rows if _is_kept(row)), default=0)


def _is_kept(row: dict[str, Any]) -> bool:
    p95 = row["final_p95_s"]
    return p95 is not None and p95 <= LATE_FROM_S and not row["broken_calls"]


def _sum(figures: Sequence[Figures]) -> Figures:
    summed = total(figures)
    assert summed is not None
    return summed
