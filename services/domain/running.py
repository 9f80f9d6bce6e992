"""What a piece of long work needs from whoever runs it: report, stop when told, remember."""

from collections.abc import Callable, MutableMapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from services.domain.calls import Stage
from services.domain.errors import Cancelled

ProgressListener = Callable[[Stage, float], None]


def _nobody_listens(stage: Stage, fraction: float) -> None:
    """Drop the report."""


def _nobody_notes(reference: str) -> None:
    """Drop the note."""


def _nobody_keeps(provider: str, reference: str) -> None:
    """Drop the note."""


def _nobody_waits(provider: str) -> None:
    """Let the provider be asked at once."""


def _never() -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """The surroundings of one run; ``org_id`` is whose call it is, empty where it is nobody's.

    ``on_progress(stage, fraction)`` takes 0..1 of that stage. ``is_cancelled()`` is asked between
    windows. ``checkpoints`` keeps opaque bytes by key (``"recognise.0.17"``) across a kill of the
    process: work that is found there is not done again. It forgets everything when the run ends.
    ``note_copy`` is told the reference under which a service keeps a copy of the sound or its
    words, as soon as it does, so that it can be deleted there with the call; ``keep_copy`` is told
    the provider's name with it by whoever asks providers. ``local_slot()`` waits until this
    machine's own engine may be used and holds it for as long as its block lasts. ``take_turn`` is
    told a provider's name before that provider is asked: a run that has to wait for it elsewhere
    leaves off there and goes on later from its checkpoints.
    """

    org_id: str = ""
    on_progress: ProgressListener = _nobody_listens
    is_cancelled: Callable[[], bool] = _never
    checkpoints: MutableMapping[str, bytes] = field(default_factory=dict)
    note_copy: Callable[[str], None] = _nobody_notes
    keep_copy: Callable[[str, str], None] = _nobody_keeps
    local_slot: Callable[[], AbstractContextManager[object]] = nullcontext
    take_turn: Callable[[str], None] = _nobody_waits

    def report(self, stage: Stage, fraction: float) -> None:
        """Tell how far a stage has come (0..1), after checking that the run still is wanted.

        Raises Cancelled when it is not.
        """
        if self.is_cancelled():
            raise Cancelled
        self.on_progress(stage, min(1.0, max(0.0, fraction)))
