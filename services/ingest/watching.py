"""Looking through places, once or again and again, and taking in what is ready to be taken.

A file is ready when it has kept its size and time for a while, and what tells of it has too, or
doesn't come. No more is taken in than the queue has room for.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event

from services import telemetry
from services.domain.errors import PartylineError, SourceMissing, StorageError
from services.ingest.sidecars import Beside, Sidecars
from services.ingest.sources import Found, Source
from services.ingest.taking import ChangedMeanwhile, Outcome, Taker
from services.storage.ingested_files import Fate, IngestedFile, file_identity


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long is waited: for a file to be quiet, for what tells of it, between looks, all in s.

    ``most_waiting``: so many calls may wait to be processed before no more are taken in.
    """

    quiet_s: float = 0.0
    sidecar_s: float = 0.0
    every_s: float = 2.0
    most_waiting: int = 100


# A file that can't be read is tried again after the first pause, then after twice that, and so on.
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """Since when a file, and what lies beside it, has been seen as it is now."""

    mark: str
    since_s: float


@dataclass(frozen=True, kw_only=True)
class Pause:
    """Until when a file that couldn't be read, as it is now, is left alone."""

    mark: str
    until_s: float
    next_s: float


@dataclass(frozen=True, kw_only=True)
class Place:
    """A source with the sidecars in it; None where nobody asks for any."""

    source: Source
    sidecars: Sidecars | None


class Reports:
    """What is told of the watch while it goes on; every method can be left as it is."""

    def outcome(self, outcome: Outcome) -> None:
        """A file was dealt with."""

    def waiting_for_room(self, waiting: int) -> None:
        """So many calls wait to be processed that no more are taken in for now."""

    def trouble(self, error: PartylineError) -> None:
        """Something can't be reached at the moment; the watch goes on by itself."""


class Watch:
    """Takes in what comes into some places. One thread works it."""

    def __init__(
        self,
        places: Sequence[Place],
        taker: Taker,
        waiting: Callable[[], int],
        patience: Patience,
        reports: Reports | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch these places; ``waiting`` counts the calls that wait to be processed."""
        self._places = list(places)
        self._taker = taker
        self._waiting = waiting
        self._patience = patience
        self._reports = reports or Reports()
        self._clock = clock
        self._seen: dict[str, Sighting] = {}
        # Of each place, by path, as many as lie there.
        self._done: list[dict[str, IngestedFile]] = [{} for _ in self._places]
        self._paused: dict[str, Pause] = {}
        self._room = 0
        self.known_before = 0
        self._trouble: str | None = None

    def run(self, stop: Event, *, forever: bool) -> None:
        """Look until told to stop; or, not ``forever``, until nothing is left to wait for.

        Raises SourceMissing, StorageError, DiskFull unless it goes on ``forever``.
        """
        while not stop.is_set():
            try:
                is_over = self.look(stop)
                self._trouble = None
            except (SourceMissing, StorageError) as error:
                if not forever:
                    raise
                is_over = False
                self._tell_trouble(error)
            if is_over and not forever:
                return
            stop.wait(self._patience.every_s)

    def look(self, stop: Event) -> bool:
        """Look through all places once, take in what is ready; say whether nothing is left."""
        left = 0
        seen: dict[str, Sighting] = {}
        for place, done in zip(self._places, self._done, strict=True):
            for identity, found, beside in self._open_files(place, done):
                if stop.is_set():
                    return False
                seen[identity] = self._sighting(identity, found, beside)
                if self._is_paused(identity, found, beside):
                    continue
                if not self._is_ready(seen[identity], found, beside, place.sidecars):
                    left += 1
                elif not self._take(place, done, identity, found, beside, stop):
                    left += 1
                    seen.pop(identity, None)
        self._seen = seen
        self._paused = {one: pause for one, pause in self._paused.items() if one in seen}
        return not left

    def _open_files(
        self, place: Place, done: dict[str, IngestedFile]
    ) -> Iterator[tuple[str, Found, Beside]]:
        """Yield the recordings of a place that nobody has dealt with as they are now."""
        source = place.source
        files = {found.path: found for found in source.files()}
        for path in done.keys() - files.keys():
            del done[path]
        recordings = [found for found in files.values() if source.is_recording(found)]
        unknown = {
            found.path: file_identity(source.place, found.path)
            for found in recordings
            if found.path not in done
        }
        known = self._taker.known(list(unknown.values()))
        first = {path: known[one] for path, one in unknown.items() if one in known}
        done.update(first)
        for found in recordings:
            beside = place.sidecars.beside(found, files) if place.sidecars else Beside()
            dealt = done.get(found.path)
            if dealt is None or not dealt.settles(found.mark, self._taker.beside_mark(beside)):
                yield file_identity(source.place, found.path), found, beside
            elif found.path in first:
                self.known_before += 1

    def _sighting(self, identity: str, found: Found, beside: Beside) -> Sighting:
        mark, before = f"{found.mark}|{beside.mark}", self._seen.get(identity)
        if before is not None and before.mark == mark:
            return before
        return Sighting(mark=mark, since_s=self._clock())

    def _is_paused(self, identity: str, found: Found, beside: Beside) -> bool:
        """Say whether a file could not be read just now, and has not changed since."""
        pause = self._paused.get(identity)
        if pause is None or pause.mark != f"{found.mark}|{beside.mark}":
            return False
        return self._clock() < pause.until_s

    def _pause(self, identity: str, found: Found, beside: Beside) -> bool:
        """Leave a file alone for a while, longer each time; say whether it is the first time."""
        mark, before = f"{found.mark}|{beside.mark}", self._paused.get(identity)
        is_first = before is None or before.mark != mark
        pause_s = before.next_s if before is not None and not is_first else FIRST_PAUSE_S
        self._paused[identity] = Pause(
            mark=mark,
            until_s=self._clock() + pause_s,
            next_s=min(2 * pause_s, LONGEST_PAUSE_S),
        )
        return is_first

    def _is_ready(
        self,
        sighting: Sighting,
        found: Found,
        beside: Beside,
        sidecars: Sidecars | None,
    ) -> bool:
        calm_s = self._clock() - sighting.since_s
        is_whole = found.is_whole and all(one.is_whole for one in beside.files)
        is_quiet = is_whole or calm_s >= self._patience.quiet_s
        lacks = sidecars is not None and sidecars.may_come(found, beside)
        return is_quiet and (not lacks or calm_s >= self._patience.sidecar_s)

    def _take(
        self,
        place: Place,
        done: dict[str, IngestedFile],
        identity: str,
        found: Found,
        beside: Beside,
        stop: Event,
    ) -> bool:
        """Take in a file when there is room; say whether it has been dealt with."""
        if not self._has_room(stop):
            return False
        try:
            outcome = self._taker.take(place.source, found, beside, place.sidecars)
        except ChangedMeanwhile:
            telemetry.event("ingest.changed_meanwhile")
            return False
        if outcome.fate is Fate.UNREAD:
            if self._pause(identity, found, beside):
                self._reports.outcome(outcome)
            return True
        self._paused.pop(identity, None)
        self._room -= 1
        done[found.path] = IngestedFile(
            file=identity,
            mark=found.mark,
            beside=self._taker.beside_mark(beside),
            fate=outcome.fate,
        )
        self._reports.outcome(outcome)
        return True

    def _has_room(self, stop: Event) -> bool:
        """Wait until one more call may wait to be processed; False when told to stop."""
        has_told = False
        while self._room <= 0:
            waiting = self._waiting()
            self._room = self._patience.most_waiting - waiting
            if self._room > 0:
                break
            if not has_told:
                self._reports.waiting_for_room(waiting)
                has_told = True
            if stop.wait(self._patience.every_s):
                return False
        return not stop.is_set()

    def _tell_trouble(self, error: PartylineError) -> None:
        """Tell once what is the matter, until it is over or something else is."""
        if self._trouble != error.code:
            self._trouble = error.code
            telemetry.warning("ingest.trouble", error=error.code)
            self._reports.trouble(error)
