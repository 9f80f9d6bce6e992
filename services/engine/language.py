"""Which language a call is in, and which windows of it are in another one."""

from collections.abc import Mapping, Sequence

from services.engine.heard import LanguageGuess

FALLBACK_LANGUAGE = "en"
# A call's language is read off some of its longest windows.
WINDOWS_ASKED = 4
# Too little speech for a guess that isn't even likely: two seconds of "okay" sound like anything.
LIKELY = 0.5
ENOUGH_MS = 10_000
# A window is in another language than its call only when it is long and clear enough.
CLEAR = 0.85
CLEAR_MS = 5_000

Probabilities = Mapping[str, float]


def language_of_call(rows: Sequence[Probabilities], durations_ms: Sequence[int]) -> LanguageGuess:
    """Return the likeliest language over windows, each weighing as much as it is long.

    With little speech and no likely language the fallback is returned, with its own probability.
    """
    total = max(1, sum(durations_ms))
    mean: dict[str, float] = {}
    for row, duration_ms in zip(rows, durations_ms, strict=True):
        for code, probability in row.items():
            mean[code] = mean.get(code, 0.0) + probability * duration_ms / total
    code = max(mean, key=lambda c: mean[c])
    if mean[code] < LIKELY and total < ENOUGH_MS:
        code = FALLBACK_LANGUAGE
    return LanguageGuess(code=code, confidence=round(mean.get(code, 0.0), 4))


def other_language(row: Probabilities, duration_ms: int, language: str) -> str | None:
    """Return the language a window is clearly in, None when that is the call's or unclear."""
    code = max(row, key=lambda c: row[c])
    if code == language or row[code] < CLEAR or duration_ms < CLEAR_MS:
        return None
    return code
