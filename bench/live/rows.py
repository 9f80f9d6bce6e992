"""How figures of live calls are shown: one row a measurement, quantiles of what was counted."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.live.figures import Figures
from bench.live.holding import Session
from bench.scoring.counted import rate

P50, P95 = 50, 95


def quantile_s(times_ms: Sequence[int], percent: int) -> float | None:
    """Return a quantile in seconds, None of nothing."""
    return round(float(np.percentile(times_ms, percent)) / 1000, 3) if times_ms else None


def late(figures: Figures) -> dict[str, Any]:
    """Return how late things come, and on how many of the true utterances and words that rests."""
    return {
        "final_p50_s": quantile_s(figures.finals_ms, P50),
        "final_p95_s": quantile_s(figures.finals_ms, P95),
        "word_p50_s": quantile_s(figures.words_ms, P50),
        "word_p95_s": quantile_s(figures.words_ms, P95),
        "utterances_matched": len(figures.finals_ms),
        "utterances": figures.utterances,
        "words_matched": figures.matched,
        "words": figures.words,
    }


def steady_and_right(figures: Figures) -> dict[str, Any]:
    """Return how steady and how right the words are."""
    return {
        "words_per_final": _rounded(figures.words_per_final),
        "caption_wer": _rounded(figures.captions.rate),
        "wer_at_end": _rounded(figures.at_end.rate),
        "changed_of_shown": _rounded(rate(figures.changed, figures.shown)),
        "changed_by_refining": _rounded(rate(figures.refined_changed, figures.line_words)),
        "confused_at_final": _rounded(rate(figures.confused_first, figures.given_first)),
        "confused_at_end": _rounded(rate(figures.confused_last, figures.given_last)),
    }


def cost(session: Session) -> dict[str, Any]:
    """Return what the calls cost."""
    return {
        "cpu_s_per_audio_s": _rounded(rate(session.cpu_s, session.sound_s)),
        "cores_busy": _rounded(rate(session.cpu_s, session.took_s)),
        "peak_memory_mb": round(session.memory_mb),
        "last_words_s": max((call.last_words_ms for call in session.calls), default=0) / 1000,
        "broken_calls": sum(call.error_code is not None for call in session.calls),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
