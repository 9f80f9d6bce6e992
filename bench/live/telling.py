"""Told events of a call whose truth is known, as a recogniser of its pace would have them told."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from bench.scoring.spoken import ends_by_letters
from bench.scoring.truth import Truth
from services.domain.speech import Speaker, SpeakerRole, Utterance
from services.live.telling.events import Kind

PARTIAL_EVERY_MS = 300
FIGURES_EVERY_MS = 1_000
FINAL_AFTER_MS = 500
SENTIMENT_AFTER_MS = 540
ROLES = {"agent": SpeakerRole.AGENT, "customer": SpeakerRole.CUSTOMER}

Due = tuple[int, dict[str, Any]]
"""When something is told, in ms from the beginning of the call, and what."""


def told_of(truth: Truth, *, offset_ms: int = 0, name: str = "u") -> list[Due]:
    """Return what is told of a call, or of a part of one that begins at ``offset_ms``, in order."""
    utterances = truth.utterances or ()
    names = sorted({str(u.speaker) for u in utterances})
    speakers = [
        Speaker(id=n, label=n.capitalize(), role=ROLES.get(n, SpeakerRole.UNKNOWN)) for n in names
    ]
    told: list[Due] = [] if offset_ms else [(0, _speaker(one)) for one in speakers]
    for number, one in zip(count(1), utterances, strict=False):
        told += _line(f"{name}{number}", one, truth, offset_ms)
    if utterances:
        told += _figures(utterances, names, offset_ms)
    return sorted(told, key=lambda due: due[0])


def _speaker(one: Speaker) -> dict[str, Any]:
    return {
        "type": Kind.SPEAKER.value,
        "at_ms": 0,
        "id": one.id,
        "label": one.label,
        "role": one.role.value,
        "role_confidence": None,
        "channel": None,
    }


def _line(line: str, one: Utterance, truth: Truth, offset_ms: int) -> Iterator[Due]:
    words, ends = one.text.split(), ends_by_letters(one, truth)
    told = 0
    for at_ms in range(one.start_ms, one.end_ms, PARTIAL_EVERY_MS):
        said = sum(end <= at_ms for end in ends)
        if said > told:
            told = said
            shown = _utterance(line, one, " ".join(words[:said]), at_ms, offset_ms)
            yield offset_ms + at_ms + PARTIAL_EVERY_MS, {"type": Kind.PARTIAL.value, **shown}
    final = _utterance(line, one, one.text, one.end_ms, offset_ms)
    yield offset_ms + one.end_ms + FINAL_AFTER_MS, {"type": Kind.FINAL.value, **final}
    sentiment = {"type": Kind.SENTIMENT.value, "utterance": line, "label": "neutral", "score": 0.1}
    at_ms = offset_ms + one.end_ms
    yield at_ms + SENTIMENT_AFTER_MS, {**sentiment, "at_ms": at_ms}


def _utterance(line: str, one: Utterance, text: str, end_ms: int, offset_ms: int) -> dict[str, Any]:
    return {
        "id": line,
        "at_ms": offset_ms + end_ms,
        "speaker": one.speaker,
        "channel": None,
        "start_ms": offset_ms + one.start_ms,
        "end_ms": offset_ms + end_ms,
        "text": text,
        "confidence": 0.9,
        "words": [],
        "sentiment": None,
        "provider_sentiment": None,
        "is_backchannel": False,
        "pii": [],
        "stage": "caption",
    }


def _figures(
    utterances: Sequence[Utterance], names: Sequence[str], offset_ms: int
) -> Iterator[Due]:
    for at_ms in range(0, utterances[-1].end_ms, FIGURES_EVERY_MS):
        talk = {
            name: sum(
                max(0, min(u.end_ms, at_ms) - u.start_ms) for u in utterances if u.speaker == name
            )
            for name in names
        }
        whole = sum(talk.values())
        yield (
            offset_ms + at_ms,
            {
                "type": "figures",
                "at_ms": offset_ms + at_ms,
                "speakers": [
                    {"id": n, "talk_ms": ms, "share_of_speech": ms / whole if whole else None}
                    for n, ms in talk.items()
                ],
                "overlap_ms": 0,
                "silence_ms": 0,
                "course": [{"at_ms": offset_ms + at_ms, "score": 0.1, "speaker": names[0]}],
            },
        )
