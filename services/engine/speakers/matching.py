"""Which of the known voices a call's speakers are, if any: cosines of mean voiceprints.

The thresholds come from the measurement that docs/known-voices.md describes.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.domain.voices import EnrolledVoice, Voiceprint
from services.engine.speakers.models import Array, unit

PRINT_TYPE = np.dtype("<f4")

ACCEPT_FROM = 0.80
"""Cosines below this are "unknown"."""
MARGIN = 0.05
"""How much more a speaker must be like the voice than like any other known one."""
EVEN_ODDS_AT = 0.74
STEEPNESS = 25.0
"""Confidence is a logistic curve: 0.5 at EVEN_ODDS_AT, rising by STEEPNESS in log-odds per 1."""
MOST_CONFIDENT = 0.99


@dataclass(frozen=True, kw_only=True)
class VoiceMatch:
    """A known voice recognised in a speaker, with a confidence in 0..1."""

    voice_id: str
    confidence: float


def pack_print(values: Array) -> Voiceprint:
    """Return a network's voiceprint [256] as it is kept."""
    return Voiceprint(packed=unit(values).astype(PRINT_TYPE).tobytes())


def unpack_print(voiceprint: Voiceprint) -> Array:
    """Return the values of a kept voiceprint [256], of length 1."""
    return np.frombuffer(voiceprint.packed, PRINT_TYPE).astype(np.float32)


def match_voices(
    heard: Mapping[str, Array], known: Sequence[EnrolledVoice]
) -> dict[str, VoiceMatch]:
    """Return, per speaker id of ``heard``, the known voice that it is; the unknown are left out.

    Speakers and voices are assigned one to one for the largest sum of cosines. An assignment
    counts from ACCEPT_FROM on, and when no other known voice comes within MARGIN of it.
    """
    from scipy.optimize import linear_sum_assignment

    if not heard or not known:
        return {}
    speakers = list(heard)
    prints = np.stack([unpack_print(voice.voiceprint) for voice in known])
    cosines = np.stack([heard[speaker] for speaker in speakers]) @ prints.T
    found: dict[str, VoiceMatch] = {}
    for row, column in zip(*linear_sum_assignment(-cosines), strict=True):
        cosine = float(cosines[row, column])
        others = np.delete(cosines[row], column)
        ahead = cosine - float(others.max(initial=-1.0))
        if cosine >= ACCEPT_FROM and ahead >= MARGIN:
            found[speakers[row]] = VoiceMatch(
                voice_id=known[column].voice.id, confidence=confidence_of(cosine)
            )
    return found


def likeness(voiceprint: Voiceprint, others: Iterable[Voiceprint]) -> float:
    """Return the cosine to the most similar of the others, -1 when there are none."""
    own = unpack_print(voiceprint)
    return max((float(own @ unpack_print(other)) for other in others), default=-1.0)


def confidence_of(cosine: float) -> float:
    """Return how sure a cosine makes that two voices are one, in 0..1."""
    probability = 1.0 / (1.0 + math.exp(-STEEPNESS * (cosine - EVEN_ODDS_AT)))
    return round(min(MOST_CONFIDENT, probability), 2)
