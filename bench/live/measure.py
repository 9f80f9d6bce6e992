"""Live calls at the pace of speech against truth: how late, how steady, how right.

``partyline bench live [FILE|FOLDER…]``. Recordings with truth beside them are played into live
calls of one process, as the recogniser's process would hold them: a provider's session, redaction,
sentiment. Latencies are of what is told to people; errors in words and speakers are of what the
provider hears, since redacted words would count as errors. See docs/live-latency.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.console import EXIT_BAD_INPUT, say
from bench.live.benching import LATE_FROM_S, MS_PER_HOUR, LiveBench, most_kept
from bench.live.holding import Room
from bench.live.sound import Playable, Reader, WordsOf
from bench.results import RESULTS, keep, table
from bench.scoring.corpus import Example, Search, find_examples
from bench.scoring.spoken import spoken_words
from bench.scoring.truth import BadTruth
from bench.scoring.words import english, joining_numbers
from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest
from services.live.options import check_live
from services.providers.base import SpeechProvider

if TYPE_CHECKING:
    from app.settings import Settings

DEMO = Path(__file__).resolve().parents[2] / "demo"


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
    normalise = joining_numbers(english())
    with_truth = _playables(wishes)
    room = _room(wishes)
    bench = LiveBench(room, with_truth, normalise)
    bench.warm_up()
    name, rows = _rows(bench, wishes)
    today = datetime.now(UTC).date().isoformat()
    keep(name, rows, json_file or RESULTS / f"{name}-{today}.json")
    return EXIT_BAD_INPUT if any(row.get("broken_calls") for row in rows) else 0


def _rows(bench: LiveBench, wishes: Wishes) -> tuple[str, list[dict[str, Any]]]:
    if wishes.find_most:
        rows = list(bench.until_late(wishes.calls))
        print(table(rows))
        print(f"kept at p95 ≤ {LATE_FROM_S} s: {most_kept(rows)} calls at once")
        return "live-most", rows
    if wishes.drift_h is not None:
        rows = bench.drift(round(wishes.drift_h * MS_PER_HOUR), wishes.calls)
        print(table(rows))
        return "live-drift", rows
    row = bench.at_once(wishes.calls)
    print(table([{"figure": name, "value": value} for name, value in row.items()]))
    return "live", [row]


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
