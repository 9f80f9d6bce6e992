"""Who works through the queues, and how the queues stand."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class WorkerFacts:
    """A worker process as it describes itself. ``token`` is this very process's, and nobody else's.

    ``version`` is that of the jobs it can run.
    """

    id: str
    token: str
    host: str
    pid: int
    version: str
    queues: tuple[str, ...]
    jobs_at_once: int


@dataclass(frozen=True, kw_only=True)
class SeenWorker:
    """A worker as others see it. ``silent_ms`` is how long ago its last sign of life was.

    ``since_ms`` is how long it has been there; ``draining``: it takes nothing new and ends soon.
    """

    facts: WorkerFacts
    since_ms: int
    silent_ms: int
    draining: bool


class WorkerState(StrEnum):
    """What can be said of a worker."""

    WORKING = "working"
    IDLE = "idle"
    DRAINING = "stopping"
    SILENT = "silent"
    GONE = "gone"
