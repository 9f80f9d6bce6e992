"""A first guess at who speaks: a window's local voices, each given one of the speakers so far."""

from collections.abc import Mapping, Sequence, Set
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

    Longer heard voices choose first; two that are sure don't choose the same speaker, because
    the window knows them apart.
    """
    known = dict(speakers)
    chosen: dict[LocalVoice, int] = {}
    taken: set[int] = set()
    for local, found in sorted(prints.items(), key=lambda pair: -pair[1].seconds):
        barred: Set[int] = taken if found.is_sure else frozenset()
        speaker = _choice(found, known, barred, may_be_new=len(known) < most)
        known.setdefault(speaker, found.voiceprint)
        chosen[local] = speaker
        if found.is_sure:
            taken.add(speaker)
    return chosen


def _choice(
    found: LocalPrint, known: Mapping[int, Array], barred: Set[int], *, may_be_new: bool
) -> int:
    likeness = {speaker: float(own @ found.voiceprint) for speaker, own in known.items()}
    new = next(number for number in range(len(known) + 1) if number not in known)
    if not likeness:
        return new
    nearest = max(likeness, key=lambda s: likeness[s])
    free = [speaker for speaker in likeness if speaker not in barred]
    if not free:
        return new if may_be_new and likeness[nearest] < SAME_VOICE else nearest
    best = max(free, key=lambda s: likeness[s])
    if may_be_new and found.is_sure and likeness[best] < NEW_BELOW:
        return new if likeness[nearest] < SAME_VOICE else nearest
    return nearest if likeness[nearest] - likeness[best] > CLEARLY_NEARER else best
