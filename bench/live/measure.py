"""Live calls at the pace of speech against truth: how late, how steady, how right.

``partyline bench live [FILE|FOLDER…]``. Recordings with truth beside them are played into live
calls of one process, as the recogniser's process would hold them: a provider's session, redaction,
sentiment. Latencies are of what is told to people; errors in words and speakers are of what the
provider hears, since redacted words would count as errors. docs/live-latency.md explains the rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.console import EXIT_BAD_INPUT, say
from bench.live.figures import Figures, figures_of
from bench.live.holding import Room, Session, hold_at_once
from bench.live.rows import cost, late, steady_and_right
from bench.live.sound import Playable, Reader, Take, WordsOf, in_a_row
from bench.results import RESULTS, keep, table
from bench.scoring.corpus import Example, Search, find_examples
from bench.scoring.counted import total
from bench.scoring.spoken import spoken_words
from bench.scoring.truth import BadTruth
from bench.scoring.words import Normalise, english
from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest, PartylineError
from services.live.options import check_live
from services.providers.base import SpeechProvider

if TYPE_CHECKING:
    from app.settings import Settings

DEMO = Path(__file__).resolve().parents[2] / "demo"
MS_PER_MINUTE = 60_000
WINDOW_MS = 10 * MS_PER_MINUTE
LATE_FROM_S = 1.5
MOST_CALLS = 32


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a person asked for.

    ``cut_s`` cuts recordings to so many seconds, None plays all of each; ``drift_h`` tiles them to
    so many hours; ``find_most`` raises the number of calls until they are late.
    """

    sources: Sequence[Path] = ()
    search: Search = field(default_factory=Search)
    provider: str | None = None
    calls: int = 1
    channels: int = 2
    cut_s: float | None = None
    redact: bool = True
    language: str | None = None
    speed: float = 1.0
    align: bool = True
    find_most: bool = False
    drift_h: float | None = None


def measure(wishes: Wishes, json_file: Path | None) -> int:
    """Measure, print a table, and write it; the exit status.

    Without ``json_file`` the figures are kept beside the other results, under today's date. Raises
    InvalidRequest where there is nothing to play, NotLive, LibraryMissing.
    """
    normalise = english()
    with_truth = _playables(wishes)
    room = _room(wishes)
    bench = LiveBench(room, with_truth, normalise)
    bench.warm_up()
    name, rows = _rows(bench, wishes)
    today = datetime.now(UTC).date().isoformat()
    keep(name, rows, json_file or RESULTS / f"{name}-{today}.json")
    return EXIT_BAD_INPUT if any(row.get("broken_calls") for row in rows) else 0


def _rows(bench: "LiveBench", wishes: Wishes) -> tuple[str, list[dict[str, Any]]]:
    if wishes.find_most:
        rows = list(bench.until_late(wishes.calls))
        print(table(rows))
        print(f"kept at p95 ≤ {LATE_FROM_S} s: {most_kept(rows)} calls at once")
        return "live-most", rows
    if wishes.drift_h is not None:
        rows = bench.drift(round(wishes.drift_h * 3_600_000), wishes.calls)
        print(table(rows))
        return "live-drift", rows
    row = bench.at_once(wishes.calls)
    print(table([{"figure": name, "value": value} for name, value in row.items()]))
    return "live", [row]


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
            {"from_min": number * 10, **late(_sum(windows[number]))} for number in sorted(windows)
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


def read_channels(word: str) -> int:
    """Return how many channels a word stands for. Raises InvalidRequest."""
    try:
        return {"mono": 1, "stereo": 2}[word]
    except KeyError:
        raise InvalidRequest("Write the channels as mono or stereo.") from None


# --- what is played, and where --------------------------------------------------------------------


def _room(wishes: Wishes) -> Room:
    from app.settings import load_settings
    from app.wiring import build_models, build_providers

    settings = load_settings()
    provider: SpeechProvider = build_providers(settings).ready(wishes.provider or settings.provider)
    options = ProcessingOptions(
        provider=provider.capabilities.name, language=wishes.language, redact=wishes.redact
    )
    check_live(provider.capabilities, options)
    if wishes.channels > provider.capabilities.live_channels:
        raise InvalidRequest("This provider takes one channel in live calls: --channels mono.")
    models = build_models(settings)
    models.warm_up()
    return Room(provider=provider, models=models, options=options, speed=wishes.speed)


def _playables(wishes: Wishes) -> list[Playable]:
    from app.settings import load_settings

    settings = load_settings()
    reader = Reader(
        channels=wishes.channels,
        words_of=_words_of(settings, wishes.align),
        folder=settings.working_folder,
        longest_ms=settings.max_duration_ms,
    )
    found = [one for example in _examples(wishes) if (one := reader.read(example)) is not None]
    if not found:
        raise InvalidRequest("No recording with so many channels has the truth of its words.")
    return [one if wishes.cut_s is None else one.cut(wishes.cut_s) for one in found]


def _words_of(settings: "Settings", align: bool) -> WordsOf:
    if not align:
        return lambda truth, _pcm: spoken_words(truth)
    from bench.scoring.alignment import Aligner

    aligner = Aligner.of_engine(
        settings.models_dir, whisper_model=settings.whisper_model, threads=settings.threads
    )
    return aligner.spoken_words


def _examples(wishes: Wishes) -> Iterator[Example]:
    for source in wishes.sources or (DEMO,):
        if not source.exists():
            raise InvalidRequest(f"There is no {source}.")
        folder = source if source.is_dir() else source.parent
        for example in find_examples([folder], wishes.search, _refuse):
            if source.is_dir() or fnmatch(example.audio.name, source.name):
                yield example


def _refuse(audio: Path, error: BadTruth) -> None:
    say(f"{audio.name}: {error.user_message}")
