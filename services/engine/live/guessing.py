"""A first guess at who speaks: a window's local voices, each given one of the speakers so far."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.engine.live.exchange import LocalVoice
from services.engine.speakers.clustering import SAME_VOICE
from services.engine.speakers.models import Array, unit

# Cosines of short voiceprints: below this it is nobody that has spoken before.
NEW_BELOW = 0.35
# Local voices heard so long are different people for sure, unless the voices say clearly no.
SURE_SECONDS = 0.6
CLEARLY_NEARER = 0.25
# A voice that the window knows apart is new when it is less like all others than this. Of less
# sound the print scatters more: it has to be less alike.
NEW_SECONDS = 1.5
NEW_IN_SHORT = 0.45


@dataclass(frozen=True, kw_only=True)
class LocalPrint:
    """How a local voice of a window sounds, over so many seconds."""

    voiceprint: Array
    seconds: float

    @property
    def is_sure(self) -> bool:
        """Whether it was heard for long enough to be somebody of its own."""
        return self.seconds >= SURE_SECONDS


def local_prints(
    heard: Mapping[LocalVoice, Sequence[tuple[Array, float]]],
) -> dict[LocalVoice, LocalPrint]:
    """Return each local voice's mean of its (voiceprint, seconds), longer ones counting more."""
    return {
        local: LocalPrint(
            voiceprint=unit(np.sum([p * np.float32(s) for p, s in rows], axis=0)),
            seconds=sum(seconds for _, seconds in rows),
        )
        for local, rows in heard.items()
    }


def guess(
    prints: Mapping[LocalVoice, LocalPrint], speakers: Mapping[int, Array], most: int
) -> dict[LocalVoice, int]:
    """Return each local voice's speaker: one of ``speakers``, or a new one up to ``most``.

    Local voices that are sure don't share a speaker, because the window knows them apart: they
    are given to speakers one to one so that together they are most alike.
    """
    sure = [local for local, found in prints.items() if found.is_sure]
    known = dict(speakers)
    chosen: dict[LocalVoice, int] = {}
    for local, speaker in _one_to_one({local: prints[local] for local in sure}, known, most):
        known.setdefault(speaker, prints[local].voiceprint)
        chosen[local] = speaker
    for local, found in prints.items():
        if local not in chosen:
            chosen[local] = _nearest(found, known) if known else 0
            known.setdefault(chosen[local], found.voiceprint)
    return chosen


def _one_to_one(
    prints: Mapping[LocalVoice, LocalPrint], known: Mapping[int, Array], most: int
) -> Iterator[tuple[LocalVoice, int]]:
    """Yield (local voice, speaker); whom to give a voice to that is left over isn't told."""
    from scipy.optimize import linear_sum_assignment

    news = [number for number in range(most) if number not in known][: max(0, most - len(known))]
    columns = [*known, *news]
    likeness = np.full((len(prints), len(columns)), NEW_BELOW)
    for row, found in enumerate(prints.values()):
        likeness[row, : len(known)] = [voice @ found.voiceprint for voice in known.values()]
    locals_ = list(prints)
    for row, column in zip(*linear_sum_assignment(-likeness), strict=True):
        local, found = locals_[row], prints[locals_[row]]
        nearest = float(likeness[row, : len(known)].max(initial=-1.0))
        is_new = column >= len(known)
        if is_new and nearest >= (SAME_VOICE if found.seconds >= NEW_SECONDS else NEW_IN_SHORT):
            continue
        if not is_new and nearest - likeness[row, column] > CLEARLY_NEARER:
            continue
        yield local, columns[column]


def _nearest(found: LocalPrint, known: Mapping[int, Array]) -> int:
    return max(known, key=lambda number: float(known[number] @ found.voiceprint))
