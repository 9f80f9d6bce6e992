"""What a live call is watched for, and from when on people are told."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.analysis.metrics import DEAD_AIR_OVER_MS
from services.domain.rules import Phrase, Rule, RuleKind

WATCH_LIST = "watch_list"
"""How the ids of the rules begin that look for the words of a watch list."""


@dataclass(frozen=True, kw_only=True)
class WatchOptions:
    """From when on something is worth a warning; times in milliseconds of the call.

    ``silence_ms``: nobody has spoken for longer, and nobody had asked to wait. ``monologue_ms``:
    somebody has talked for longer without the floor passing to anybody else. ``overlap_ms``: two
    have talked over each other for longer in one stretch; ``overlap_share`` of the last minute's
    speech, in 0..1, does as well. A customer turns negative when the running score falls to
    ``negative_from``, and is not any more when it has risen to ``negative_until``. ``rules`` are
    told once each. A summary is made after every ``summary_every_ms`` of speech, never at 0.
    """

    silence_ms: int = DEAD_AIR_OVER_MS
    monologue_ms: int = 120_000
    overlap_ms: int = 3_000
    overlap_share: float = 0.10
    negative_from: float = -0.40
    negative_until: float = -0.15
    rules: tuple[Rule, ...] = ()
    summary_every_ms: int = 120_000


def watch_list(words: Iterable[str]) -> tuple[Rule, ...]:
    """Return a rule for each word or phrase of a watch list, whoever says it."""
    wanted = dict.fromkeys(" ".join(word.split()) for word in words)
    return tuple(
        Rule(
            id=f"{WATCH_LIST}_{number}",
            name=f"Watch list: {word}",
            condition=Phrase(any_of=(word,)),
            kind=RuleKind.EVENT,
            alert=True,
        )
        for number, word in enumerate(filter(None, wanted), start=1)
    )
