"""Calls drawn as rulers: a character is a second, a letter a voice, a dot nobody.

``A  aaaa......`` is a speaker's row; several rows are one call. Capitals don't matter.
"""

from dataclasses import replace

from services.domain.calls import CallDetails
from services.domain.live import Final, Partial, SpeakerTold
from services.domain.speech import Sentiment, SentimentLabel, Speaker, SpeakerRole, Utterance
from services.live.known.so_far import SoFar

SECOND_MS = 1_000
NO_SLACK = 0
ROLES = {"a": SpeakerRole.AGENT, "c": SpeakerRole.CUSTOMER}


def drawn(*rows: str) -> list[Utterance]:
    """The lines of a drawn call, by their start. Each has words enough to be no hum."""
    lines = []
    for row in rows:
        start = None
        for at, sign in enumerate(f"{row}."):
            if sign not in ".|" and start is None:
                start = at
            if start is not None and sign in ".|":
                lines.append(said(row[start].lower(), start, at))
                start = None
    return sorted(lines, key=lambda line: (line.start_ms, line.speaker or ""))


def said(
    speaker: str, start_s: float, end_s: float, text: str = "so this is what we do next about it"
) -> Utterance:
    return Utterance(
        id=f"{speaker}{start_s}",
        speaker=speaker,
        start_ms=round(start_s * SECOND_MS),
        end_ms=round(end_s * SECOND_MS),
        text=text,
    )


def so_far(*lines: Utterance, roles: bool = True) -> SoFar:
    """A call in which these lines were heard; ``a`` is the agent and ``c`` the customer."""
    call = SoFar("hand", CallDetails(), "en")
    for name in sorted({line.speaker for line in lines if line.speaker}):
        role = ROLES.get(name, SpeakerRole.UNKNOWN) if roles else SpeakerRole.UNKNOWN
        speaker = Speaker(id=name, label=name, role=role)
        call.take(SpeakerTold(speaker=speaker, at_ms=0))
    for line in lines:
        hear(call, line)
    return call


def hear(call: SoFar, line: Utterance) -> None:
    call.take(Final(line=line))
    call.show(line)


def begin(call: SoFar, line: Utterance) -> None:
    call.take(Partial(line=line))


def mood(call: SoFar, line: Utterance, score: float) -> None:
    label = SentimentLabel.NEGATIVE if score < 0 else SentimentLabel.POSITIVE
    call.mark(line.id, Sentiment(label=label, score=score))


def up_to(lines: list[Utterance], at_ms: int) -> list[Utterance]:
    """The lines as they are known at a moment: who is speaking has spoken up to now."""
    return [
        replace(line, end_ms=min(line.end_ms, at_ms)) for line in lines if line.start_ms < at_ms
    ]
