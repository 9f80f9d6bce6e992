"""``partyline usage``."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from app.commands.console import operator
from app.settings import Settings
from app.wiring import build_providers
from app.wiring.parts import authority_on
from app.wiring.usage import build_usage
from services.domain.errors import NothingToKeep
from services.domain.usage import (
    HOUR_MS,
    MINUTE_MS,
    MonthGrowth,
    ProviderMonth,
    SoundSpace,
    Space,
)
from services.storage.database import database_exists, open_engine
from services.storage.schema import migrate

MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Usage:
    """All that is told."""

    space: list[Space]
    sound: SoundSpace | None
    growth: list[MonthGrowth]
    minutes: list[ProviderMonth]
    currency: str


def show_usage(settings: Settings, *, sound: bool, as_json: bool) -> int:
    """Print what the installation takes. Raises StorageError, NothingToKeep without a database."""
    if not database_exists(settings.database_url):
        raise NothingToKeep
    engine = open_engine(settings.database_url)
    try:
        migrate(engine)
        desk = build_usage(
            settings, engine, build_providers(settings), authority_on(engine, settings)
        )
        user = operator(settings)
        told = Usage(
            space=desk.space(user),
            sound=desk.sound(user) if sound else None,
            growth=desk.growth(user),
            minutes=desk.minutes(user),
            currency=settings.currency,
        )
    finally:
        engine.dispose()
    if as_json:
        print(json.dumps(asdict(told)))
    else:
        print("\n".join(_lines(told)))
    return 0


def _lines(told: Usage) -> Iterator[str]:
    if told.sound is not None:
        yield _space("stored sound", told.sound.size_bytes, told.sound.files)
        yield _space("  without a call", told.sound.orphan_bytes, told.sound.orphans)
    for one in told.space:
        yield _space(one.kind, one.size_bytes, one.files)
    yield ""
    yield "month    calls    hours  received"
    for grown in told.growth:
        hours = grown.duration_ms / HOUR_MS
        received = f"{grown.size_bytes / MEGABYTE:.1f} MB"
        yield f"{grown.month}  {grown.calls:>5}  {hours:>7.1f}  {received}"
    yield ""
    yield "month    by            runs  minutes  cost"
    for by in told.minutes:
        cost = "no price set" if by.cost is None else f"{by.cost:.2f} {told.currency}".rstrip()
        minutes = by.audio_ms / MINUTE_MS
        yield f"{by.month}  {by.provider:<12}  {by.runs:>4}  {minutes:>7.1f}  {cost}"


def _space(kind: str, size_bytes: int, files: int | None) -> str:
    counted = "" if files is None else f"  {files} files"
    return f"{kind:<18}{size_bytes / MEGABYTE:>10.1f} MB{counted}"
