"""Which lines come closest in meaning to a question."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns texts into unit vectors whose closeness means likeness."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row a text."""


def by_closeness(embedder: Embedder, question: str, texts: Sequence[str]) -> list[int]:
    """Return the places of the texts, closest first; the first of equals stays first."""
    if not texts:
        return []
    vectors = embedder.embed([question, *texts])
    likeness = vectors[1:] @ vectors[0]
    return [int(place) for place in np.argsort(-likeness, kind="stable")]


def with_neighbours(
    places: Sequence[int], lengths: Sequence[int], room: int, *, around: int
) -> list[int]:
    """Return the places of the first ``places`` with those around them, as far as they have room.

    ``lengths`` is how much room each takes; places come out in order, each once.
    """
    chosen: set[int] = set()
    for place in places:
        wanted = set(range(max(0, place - around), min(len(lengths), place + around + 1))) - chosen
        cost = sum(lengths[p] for p in wanted)
        if cost > room:
            break
        chosen |= wanted
        room -= cost
    return sorted(chosen)
