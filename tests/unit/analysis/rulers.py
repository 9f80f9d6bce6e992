"""Drawn time rulers for tests: one line a speaker, one character 500 ms unless said otherwise.

``agent    ###...###`` means the agent is voiced for 1.5 s, silent for 1.5 s, voiced for 1.5 s.
A run of ``b`` is voiced and a backchannel; lines named ``hold`` mark holds (``m`` music, ``s``
silence). Every run becomes a span and an utterance; the longest line gives the duration.
"""

import re
from collections.abc import Mapping

from services.domain.speech import (
    Hold,
    HoldKind,
    Sentiment,
    SentimentLabel,
    Span,
    Speaker,
    SpeakerRole,
    Transcript,
    Utterance,
)

MS_PER_CHARACTER = 500
_RUN = re.compile(r"#+|b+")
_HOLD = re.compile(r"m+|s+")
_ROLES = {"agent": SpeakerRole.AGENT, "customer": SpeakerRole.CUSTOMER}


def draw(
    ruler: str, texts: Mapping[str, str] | None = None, *, step_ms: int = MS_PER_CHARACTER
) -> Transcript:
    """Return the transcript a ruler shows; ``texts`` maps "speaker.n" to the n-th run's text."""
    spoken = dict(texts or {})
    speakers: list[Speaker] = []
    utterances: list[Utterance] = []
    holds: list[Hold] = []
    longest = 0
    for line in filter(None, (raw.strip() for raw in ruler.splitlines())):
        name, _, drawn = line.partition(" ")
        drawn = drawn.strip()
        longest = max(longest, len(drawn))
        if name == "hold":
            holds += [_hold(match, step_ms) for match in _HOLD.finditer(drawn)]
            continue
        speakers.append(
            Speaker(id=name, label=name.title(), role=_ROLES.get(name, SpeakerRole.UNKNOWN))
        )
        for count, match in enumerate(_RUN.finditer(drawn)):
            text = spoken.get(f"{name}.{count}", "All of this is said.")
            utterances.append(_utterance(name, count, match, text, step_ms))
    utterances.sort(key=lambda u: u.start_ms)
    return Transcript(
        id="drawn",
        provider="ruler",
        duration_ms=longest * step_ms,
        speakers=tuple(speakers),
        utterances=tuple(utterances),
        spans=tuple(
            Span(speaker=str(u.speaker), start_ms=u.start_ms, end_ms=u.end_ms) for u in utterances
        ),
        holds=tuple(holds),
        language="en",
    )


def scored(score: float) -> Sentiment:
    """Return a sentiment with this score and the label that fits it."""
    if score > 0.2:
        return Sentiment(label=SentimentLabel.POSITIVE, score=score)
    if score < -0.2:
        return Sentiment(label=SentimentLabel.NEGATIVE, score=score)
    return Sentiment(label=SentimentLabel.NEUTRAL, score=score)


def _utterance(name: str, count: int, match: re.Match[str], text: str, step_ms: int) -> Utterance:
    return Utterance(
        id=f"{name}.{count}",
        speaker=name,
        start_ms=match.start() * step_ms,
        end_ms=match.end() * step_ms,
        text="Okay." if match.group().startswith("b") else text,
        is_backchannel=match.group().startswith("b"),
    )


def _hold(match: re.Match[str], step_ms: int) -> Hold:
    kind = HoldKind.MUSIC if match.group().startswith("m") else HoldKind.SILENCE
    return Hold(
        start_ms=match.start() * step_ms,
        end_ms=match.end() * step_ms,
        kind=kind,
    )
