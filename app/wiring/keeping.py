"""How long things stay, what is on hold, and what deletes them."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from services.access.authority import Authority
from services.jobs.queue import JobQueue
from services.jobs.removing import CallRemover
from services.jobs.workers import Workers
from services.storage.audio_vault import AudioVault
from services.storage.calls import CallStore
from services.storage.holds import HoldStore
from services.storage.known_voices import KnownVoiceStore
from services.storage.removals import RemovalStore
from services.storage.retention import RetentionStore
from services.upkeep.holding import HoldDesk
from services.upkeep.retaining import RetentionDesk, RetentionKeeper


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """What people ask of retention and holds, and what carries it out."""

    retention: RetentionDesk
    holds: HoldDesk
    keeper: RetentionKeeper
    remover: CallRemover


def build_keeping(
    engine: Engine,
    authority: Authority,
    calls: CallStore,
    vault: AudioVault,
    queue: JobQueue,
    voices: KnownVoiceStore,
    workers: Workers,
    stopping: Callable[[], bool],
) -> Keeping:
    """Return it; nothing is deleted yet."""
    store = RetentionStore(engine)
    remover = CallRemover(calls, RemovalStore(engine), vault, queue)
    return Keeping(
        retention=RetentionDesk(store, authority),
        holds=HoldDesk(HoldStore(engine), calls, authority),
        keeper=RetentionKeeper(
            store, remover, vault, voices, authority, workers.alone, stopping=stopping
        ),
        remover=remover,
    )
