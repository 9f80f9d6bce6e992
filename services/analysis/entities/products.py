"""Products and services: the organisation's own words, and what callers call theirs."""

import re
from collections.abc import Sequence

from services.analysis.entities.found import Found
from services.domain.topics import EntityKind

_HEADS = (
    "account|add[- ]on|app|broadband|card|contract|heater|boiler|insurance|internet|laptop|loan|"
    "membership|mortgage|package|pass|phone|plan|policy|router|subscription|tablet|tariff|"
    "thermostat|ticket|tv|warranty|washing machine|dishwasher|fridge|mattress|prescription"
)
_OWNED = re.compile(
    rf"\b(?:my|our|your|the|this|a|an) ((?:(?!old\b|new\b|whole\b|right\b|same\b|other\b|second\b|"
    rf"first\b|wrong\b|long\b|number\b)[a-z]+[ -]){{1,2}}(?:{_HEADS}))\b(?! number)",
    re.IGNORECASE,
)
_NO_MODIFIER = re.compile(
    r"\b(?:on|of|for|with|to|in|and|or|is|was|that|your|my|the|a|an|from|last|next|entire|about|"
    r"at|by|if|i|you|we|it|as|when|bit|lot|couple|number)\b",
    re.IGNORECASE,
)


def terms_pattern(terms: Sequence[str]) -> re.Pattern[str] | None:
    """Return what finds an organisation's words as whole words, longest first; None for none."""
    longest_first = sorted({t for t in terms if t.strip()}, key=lambda t: (-len(t), t))
    if not longest_first:
        return None
    either = "|".join(re.escape(t) for t in longest_first)
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)


def products_in(text: str, terms: re.Pattern[str] | None) -> list[Found]:
    """Return products and services that a text names; the organisation's own words first."""
    places = [m.span() for m in terms.finditer(text)] if terms else []
    for match in _OWNED.finditer(text):
        start, end = match.span(1)
        if not _NO_MODIFIER.search(match[1]) and all(end <= s or e <= start for s, e in places):
            places.append((start, end))
    return [
        Found(kind=EntityKind.PRODUCT, value=text[s:e].lower(), start=s, end=e)
        for s, e in sorted(places)
    ]
