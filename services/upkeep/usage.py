"""What an installation takes of disk and money, for its operator."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock

from services.access.authority import Authority
from services.access.rights import check_reaches_all
from services.domain.acts import Act
from services.domain.people import User
from services.domain.usage import MonthGrowth, ProviderMonth, SoundSpace, Space, cost_of
from services.storage.calls import CallStore
from services.storage.objects import ObjectStore
from services.storage.usage import UsageStore

IDS_AT_ONCE = 500
MONTHS = 12
KEPT_S = 60.0


class UsageDesk:
    """Tells operators of the whole installation, and who reaches all calls of their months."""

    def __init__(
        self,
        store: UsageStore,
        calls: CallStore,
        sound: ObjectStore,
        folders: Mapping[str, Path],
        prices: Callable[[str], float | None],
        *,
        authority: Authority,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look into these; ``folders`` are measured by kind.

        ``prices`` knows what an hour of sound costs at a provider, 0 where it costs nothing.
        """
        self._clock = clock
        self._authority = authority
        self._lock = Lock()
        self._measured: tuple[float, list[Space]] | None = None
        self._store = store
        self._calls = calls
        self._sound = sound
        self._folders = folders
        self._prices = prices

    def space(self, user: User) -> list[Space]:
        """Return what lies on this machine and in the database, without the stored sound.

        It is what it was up to a minute ago: pages ask again whenever somebody clicks. Raises
        AccessDenied for whoever may not operate the installation.
        """
        self._authority.allow(user, Act.OPERATION_SEEN)
        # Who comes while it is measured waits for that instead of measuring as well.
        with self._lock:
            if self._measured is None or self._clock() - self._measured[0] >= KEPT_S:
                self._measured = (self._clock(), self._space())
            return list(self._measured[1])

    def _space(self) -> list[Space]:
        folders = [measured(kind, folder) for kind, folder in self._folders.items()]
        return [Space(kind="database", size_bytes=self._store.database_bytes()), *folders]

    def sound(self, user: User) -> SoundSpace:
        """Measure all stored sound, by a look at every file: that takes a while when they are many.

        Raises AccessDenied as ``space`` does, StorageError.
        """
        self._authority.allow(user, Act.OPERATION_SEEN)
        files = size = orphans = orphan_bytes = 0
        some: list[tuple[str, int]] = []
        for found in self._sound.list("calls"):
            files += 1
            size += found.size
            some.append((found.key.split("/")[1], found.size))
            if len(some) == IDS_AT_ONCE:
                more, more_bytes = self._without_call(some)
                orphans, orphan_bytes = orphans + more, orphan_bytes + more_bytes
                some.clear()
        more, more_bytes = self._without_call(some)
        return SoundSpace(
            files=files,
            size_bytes=size,
            orphans=orphans + more,
            orphan_bytes=orphan_bytes + more_bytes,
        )

    def growth(self, user: User, today: date | None = None) -> list[MonthGrowth]:
        """Return what the last twelve months have brought, the newest first."""
        self._check_months(user)
        return self._store.growth(user.org_id, _since(today))

    def minutes(self, user: User, today: date | None = None) -> list[ProviderMonth]:
        """Return what providers transcribed in the last twelve months, the newest first."""
        self._check_months(user)
        found = self._store.transcribed(user.org_id, _since(today))
        return [
            ProviderMonth(
                month=month,
                provider=provider,
                runs=runs,
                audio_ms=audio_ms,
                cost=cost_of(audio_ms, self._prices(provider)),
            )
            for (month, provider), (runs, audio_ms) in sorted(
                found.items(), key=lambda one: (one[0][0], one[1][1]), reverse=True
            )
        ]

    def _check_months(self, user: User) -> None:
        """Let whoever has to do with all calls see how many there are."""
        self._authority.check(user, Act.CALL_VIEWED)
        check_reaches_all(user)

    def _without_call(self, some: list[tuple[str, int]]) -> tuple[int, int]:
        known = self._calls.existing(call_id for call_id, _ in some)
        sizes = [size for call_id, size in some if call_id not in known]
        return len(sizes), sum(sizes)


def measured(kind: str, folder: Path) -> Space:
    """Return what lies in a folder; what goes away meanwhile counts as nothing."""
    files = size = 0
    for path in folder.rglob("*") if folder.exists() else ():
        try:
            if path.is_file():
                files += 1
                size += path.stat().st_size
        except OSError:
            continue
    return Space(kind=kind, size_bytes=size, files=files)


def _since(today: date | None) -> date:
    """Return the first day of the month eleven months ago."""
    now = today or datetime.now(UTC).date()
    months = now.year * 12 + now.month - 1 - (MONTHS - 1)
    return date(months // 12, months % 12 + 1, 1)
