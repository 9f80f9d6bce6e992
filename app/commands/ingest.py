"""``partyline ingest``: recordings of folders, files and buckets become calls."""

import json
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType
from zoneinfo import ZoneInfo

from app.commands.console import EXIT_BAD_INPUT, operator, say
from app.local_models import build_decoder
from app.settings import Settings
from app.wiring import Services, build_services
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import InvalidRequest, PartylineError, SourceMissing
from services.ingest.buckets import BucketSource
from services.ingest.folders import FolderSource
from services.ingest.patterns import NamePattern
from services.ingest.sidecars import Sidecars
from services.ingest.sources import Source
from services.ingest.taking import Look, Outcome, Taker, Wish
from services.ingest.watching import Patience, Place, Reports, Watch
from services.storage.ingested_files import Fate
from services.storage.objects import ObjectStore

BUCKET = "s3://"
EXIT_STOPPED = 130


def wish_of(
    options: ProcessingOptions,
    details: CallDetails,
    *,
    pattern: str | None,
    only_fitting: bool,
    timezone: str,
) -> Wish:
    """Return what is asked for. Raises BadPattern, and InvalidRequest for an unknown time zone."""
    if only_fitting and pattern is None:
        raise InvalidRequest("--only-fitting needs a --pattern.")
    try:
        zone = ZoneInfo(timezone)
    except (ValueError, OSError, KeyError):
        raise InvalidRequest("There is no time zone of this name.") from None
    return Wish(
        options=options,
        details=details,
        pattern=NamePattern.read(pattern) if pattern is not None else None,
        only_fitting=only_fitting,
        zone=zone,
    )


def looks_every_s(named: Sequence[str]) -> float:
    """Return how often is looked unless it is said: listing a bucket takes long and costs money."""
    return 30.0 if any(name.startswith(BUCKET) for name in named) else 2.0


def ingest_places(
    settings: Settings,
    named: Sequence[str],
    wish: Wish,
    patience: Patience,
    *,
    table: Path | None,
    with_sidecars: bool,
    watch: bool,
    as_json: bool,
) -> int:
    """Take in what is in these places; the exit status.

    0: all of it is among the calls, 2: some was refused, or can't be read or found. Raises what
    options, places or sidecars are refused with.
    """
    sources = list(sources_of(settings, named))
    places = [
        Place(source=one, sidecars=Sidecars(one, wish.zone, table) if with_sidecars else None)
        for one in sources
    ]
    services, look = build_services(settings), build_decoder(settings).look
    reports = Told(services, as_json=as_json)
    try:
        work = _watch_of(services, look, places, wish, patience, reports)
        with stopped_by_signals() as stop:
            if watch:
                say("Watching; Ctrl-C ends it.")
            work.run(stop, forever=watch)
        reports.sum_up(work.known_before)
    finally:
        services.close()
    if stop.is_set():
        return 0 if watch else EXIT_STOPPED
    return EXIT_BAD_INPUT if reports.fates[Fate.REFUSED] or reports.unread else 0


def _watch_of(
    services: Services,
    look: Look,
    places: list[Place],
    wish: Wish,
    patience: Patience,
    reports: Reports,
) -> Watch:
    """Return what takes in. Raises what options are refused with."""
    services.intake.check_options(wish.options)
    taker = Taker(
        services.intake,
        services.ingested,
        operator(services.settings),
        wish,
        most_bytes=services.settings.max_upload_bytes,
        look=look,
    )
    return Watch(places, taker, services.run_counts.waiting, patience, reports)


def sources_of(settings: Settings, named: Sequence[str]) -> Iterator[Source]:
    """Yield the places that are named; files of one folder are one place.

    Ends with one line that names it for what isn't there.
    """
    files: dict[Path, set[str]] = {}
    for name in named:
        if name.startswith(BUCKET):
            yield BucketSource(name, ObjectStore(name, settings.bucket_access))
            continue
        path = Path(name).expanduser()
        if path.is_dir():
            yield FolderSource(path)
        elif path.is_file():
            files.setdefault(path.parent, set()).add(path.name)
        else:
            say(f"partyline: {name}: {SourceMissing().user_message}")
            raise SystemExit(EXIT_BAD_INPUT)
    for folder, names in files.items():
        yield FolderSource(folder, frozenset(names))


class Told(Reports):
    """Tells a person, and with ``as_json`` a script, what becomes of the files."""

    def __init__(self, services: Services, *, as_json: bool) -> None:
        """Count from nothing."""
        self._services = services
        self._as_json = as_json
        self.fates: Counter[Fate] = Counter()
        self.unread: set[str] = set()
        self._unfit = 0

    def outcome(self, outcome: Outcome) -> None:
        """Tell what became of a file."""
        if outcome.fate is Fate.UNREAD:
            self.unread.add(outcome.file)
        else:
            self.unread.discard(outcome.file)
            self.fates[outcome.fate] += 1
        self._unfit += not outcome.fits
        if self._as_json:
            sys.stdout.write(_as_json(outcome))
            sys.stdout.flush()
        say(f"{outcome.file}: {_as_text(outcome)}")

    def waiting_for_room(self, waiting: int) -> None:
        """Tell why nothing goes on."""
        say(f"{waiting} calls wait to be processed; no more are taken in until there is room.")
        if not self._services.desk.worker_alive():
            say("No worker runs anywhere: start `partyline serve` or `partyline worker`.")

    def trouble(self, error: PartylineError) -> None:
        """Tell what can't be reached; the watch goes on."""
        say(f"partyline: {error.user_message} Trying on.")

    def sum_up(self, known_before: int) -> None:
        """Tell how many there were of each."""
        sentences = [", ".join(f"{self.fates[fate]} {_WORDS[fate]}" for fate in _WORDS)]
        if self.unread:
            sentences.append(f"{len(self.unread)} can't be read for now")
        if known_before:
            verb = "file was" if known_before == 1 else "files were"
            sentences.append(f"{known_before} {verb} dealt with before")
        if self._unfit:
            verb = "name doesn't" if self._unfit == 1 else "names don't"
            sentences.append(f"{self._unfit} {verb} fit the pattern")
        say(". ".join([*sentences, ""]).rstrip())


_WORDS = {Fate.TAKEN: "taken in", Fate.DUPLICATE: "there already", Fate.REFUSED: "refused"}


def _as_text(outcome: Outcome) -> str:
    if outcome.error is not None:
        verb = "refused" if outcome.fate is Fate.REFUSED else "not taken in yet"
        return f"{verb}. {outcome.error.user_message}"
    words = "call" if outcome.fate is Fate.TAKEN else "there already as call"
    unfit = "" if outcome.fits else " (its name doesn't fit the pattern)"
    return f"{words} {outcome.call_id}{unfit}"


def _as_json(outcome: Outcome) -> str:
    error = outcome.error
    form = {
        "file": outcome.file,
        "fate": outcome.fate,
        "call": outcome.call_id,
        "fits": outcome.fits,
        "error": {"code": error.code, "message": error.user_message} if error else None,
    }
    return json.dumps(form, ensure_ascii=False) + "\n"


@contextmanager
def stopped_by_signals() -> Iterator[Event]:
    """Give what is set by the first Ctrl-C or SIGTERM: the file in hand is finished then.

    A second Ctrl-C breaks it off; nothing is kept of it.
    """
    stop = Event()

    def told_to_stop(number: int, _frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    kinds = (signal.SIGINT, signal.SIGTERM)
    before = {kind: signal.signal(kind, told_to_stop) for kind in kinds}
    try:
        yield stop
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
