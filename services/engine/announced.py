"""Silence that was announced: somebody asks to wait, and then nobody speaks."""

import re
from collections.abc import Sequence

from services.domain.intervals import Interval, complement, union
from services.domain.speech import Hold, HoldKind, Utterance

SHORTEST_MS = 5_000
# How long before the silence the announcement may have begun to end.
ANNOUNCED_WITHIN_MS = 8_000

_ANNOUNCEMENT = re.compile(
    r"\b(?:hold (?:on|for|the line|please|while)|(?:on|a brief|quick) hold|please hold|"
    r"(?:one|a) (?:moment|second|minute)|just a (?:moment|second|minute)|bear with me|"
    r"(?:can|could|would|if|do) you (?:\w+ )?hold|please wait|won't keep you|back with you|"
    r"be right back|stay on the line|(?:put|pop|place|transfer|connect)(?:t?ing)? you|placing you|"
    r"un momento|un instante|espere|un instant|ne quittez pas|patientez|moment bitte|"
    r"einen moment|augenblick|resto in linea|attenda|um momento|aguarde)\b",
    re.IGNORECASE,
)


def announced_silence(
    utterances: Sequence[Utterance],
    voiced: Sequence[Interval],
    music: Sequence[Interval],
    duration_ms: int,
) -> tuple[Hold, ...]:
    """Return the silences of at least 5 s that follow an announcement such as "one moment".

    ``voiced`` holds all speakers' spans, ``music`` what is a hold already.
    """
    taken = union([*voiced, *music])
    gaps = complement(taken, within=(0, duration_ms))
    return tuple(
        Hold(start_ms=start, end_ms=end, kind=HoldKind.SILENCE)
        for start, end in gaps
        if end - start >= SHORTEST_MS and end < duration_ms and is_announced(start, utterances)
    )


def is_announced(start_ms: int, utterances: Sequence[Utterance]) -> bool:
    """Say whether somebody had asked to wait when a silence began."""
    return any(
        _ANNOUNCEMENT.search(u.text)
        for u in utterances
        if u.start_ms < start_ms and u.end_ms >= start_ms - ANNOUNCED_WITHIN_MS
    )
