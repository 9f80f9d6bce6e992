"""Drawn time rulers: one line a speaker, one character 500 ms, ``#`` is voiced."""

from services.domain.speech import Span
from tests.unit.analysis.rulers import draw


def spans(ruler: str) -> tuple[Span, ...]:
    """Return the voiced intervals that a ruler shows."""
    return draw(ruler).spans
