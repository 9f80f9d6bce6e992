"""What the emulated service hears in a recording: a script, laid over the length of the sound."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LINE_MS = 5_000
SPOKEN_SHARE = 0.85
OPENING = CLOSING = 2
_MARK = re.compile(r"\{(?P<mark>\w+):(?P<words>[^}]*)\}(?P<after>\S*)")
_FILLER, _PROFANE = "filler", "profane"


@dataclass(frozen=True, kw_only=True)
class ScriptLine:
    """What one speaker says. ``who`` counts from 0; a text or None goes out as it is.

    In the text ``{person_name:Nora Fields}`` marks personal data by the service's name for it,
    ``{filler:um,}`` a filler and ``{profane:damn}`` a swear word.
    """

    who: int | str | None
    text: str
    sentiment: str = "NEUTRAL"


@dataclass(frozen=True, kw_only=True)
class HeardWord:
    """One word of the script at its place. ``entity`` counts mentions, so runs can be told."""

    text: str
    start_ms: int
    end_ms: int
    policy: str | None = None
    entity: int | None = None
    is_filler: bool = False
    is_profane: bool = False


@dataclass(frozen=True, kw_only=True)
class HeardLine:
    """One line of the script at its place."""

    script: ScriptLine
    words: tuple[HeardWord, ...]


DEFAULT_SCRIPT = (
    ScriptLine(
        who=0,
        text="Good morning, Harbor Energy billing, this is {person_name:Nora Fields}. "
        "How can I help you?",
        sentiment="POSITIVE",
    ),
    ScriptLine(
        who=1,
        text="Hi, {filler:um,} my bill is a lot higher than last month and I can't see why.",
        sentiment="NEGATIVE",
    ),
    ScriptLine(who=0, text="I'm sorry to hear that. May I have your name and phone number?"),
    ScriptLine(
        who=1,
        text="It's {person_name:Daniel Reyes}, and the number is {phone_number:555-010-2244}.",
    ),
    ScriptLine(who=0, text="Thank you. I can see that a discount ended three weeks ago."),
    ScriptLine(
        who=1,
        text="This is the second {profane:damn} time. Nobody told me that it would end.",
        sentiment="NEGATIVE",
    ),
    ScriptLine(
        who=0,
        text="I understand. I have renewed the discount, and I will send you a corrected bill "
        "by Friday.",
        sentiment="POSITIVE",
    ),
    ScriptLine(
        who=1,
        text="Oh, that is great. Thank you very much for your help.",
        sentiment="POSITIVE",
    ),
    ScriptLine(
        who=0,
        text="You're welcome. Have a good day.",
        sentiment="POSITIVE",
    ),
)


def spread(script: Sequence[ScriptLine], start_ms: int, end_ms: int) -> tuple[HeardLine, ...]:
    """Lay the script over [start_ms, end_ms): about a line every five seconds.

    In a long recording what stands between opening and closing comes again and again.
    """
    length = end_ms - start_ms
    if length <= 0 or not script:
        return ()
    lines = _as_many(script, max(1, length // LINE_MS))
    slot = length / len(lines)
    entities = iter(range(1_000_000))
    return tuple(
        HeardLine(
            script=line,
            words=tuple(
                _words(
                    line.text,
                    start_ms + round(n * slot),
                    start_ms + round((n + SPOKEN_SHARE) * slot),
                    entities,
                )
            ),
        )
        for n, line in enumerate(lines)
    )


def _as_many(script: Sequence[ScriptLine], count: int) -> list[ScriptLine]:
    middle = script[OPENING:-CLOSING]
    if count <= len(script) or not middle:
        return list(script[:count])
    filling = [middle[n % len(middle)] for n in range(count - OPENING - CLOSING)]
    return [*script[:OPENING], *filling, *script[-CLOSING:]]


def _words(text: str, start_ms: int, end_ms: int, entities: Iterator[int]) -> Iterator[HeardWord]:
    marked = list(_marked(text, entities))
    bounds = [start_ms + (end_ms - start_ms) * n // len(marked) for n in range(len(marked) + 1)]
    for n, (word, mark, entity) in enumerate(marked):
        kind = mark if mark not in (_FILLER, _PROFANE) else None
        yield HeardWord(
            text=word,
            start_ms=bounds[n],
            end_ms=max(bounds[n] + 1, bounds[n + 1]),
            policy=kind,
            entity=entity if kind else None,
            is_filler=mark == _FILLER,
            is_profane=mark == _PROFANE,
        )


def _marked(text: str, entities: Iterator[int]) -> Iterator[tuple[str, str | None, int | None]]:
    """Yield words with their marks; what sticks to a mark's end belongs to its last word."""
    at = 0
    for found in _MARK.finditer(text):
        yield from ((word, None, None) for word in text[at : found.start()].split())
        number = next(entities)
        words = found["words"].split()
        words[-1] += found["after"]
        yield from ((word, found["mark"], number) for word in words)
        at = found.end()
    yield from ((word, None, None) for word in text[at:].split())
