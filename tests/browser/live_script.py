"""Told events of a whole call, made from what is known to be said in a demo call."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from services.domain.live import Gap, GapKind
from services.domain.speech import (
    Sentiment,
    SentimentLabel,
    Speaker,
    SpeakerRole,
    Statement,
    Summary,
    Utterance,
)
from services.live.telling.events import Kind, Teller

ROOT = Path(__file__).resolve().parents[2]
Told = dict[str, Any]
Due = tuple[int, Told]
SCORES = {"positive": 0.72, "neutral": 0.05, "negative": -0.64}
WORD_LAG_MS = 350
FINAL_LAG_MS = 500
REFINED_LAG_MS = 6_000
SILENCE_MS = 5_000
LONG_LINE = "I have looked at the invoice and the amount is what we agreed on in March"


def told_call(queue: str = "Billing", *, offset_ms: int = 0, prefix: str = "u") -> list[Due]:
    """Return the events of a demo call, each with when it is due, in the order of that."""
    (file,) = (ROOT / "demo").glob(f"*_QUEUE_{queue}_*.truth.json")
    truth = json.loads(file.read_text("utf-8"))
    lines = [_line(said, prefix) for said in truth["utterances"] if said["text"]]
    due = [*_speakers(truth), *(d for n, line in enumerate(lines) for d in _spoken(n, *line))]
    due += _warnings([line for line, _ in lines]) + _figures([line for line, _ in lines])
    return sorted(
        ((at + offset_ms, _shifted(told, offset_ms)) for at, told in due), key=lambda d: d[0]
    )


def long_call(lines: int, seconds_apart: float = 2.4) -> list[Told]:
    """Return the events of a call of very many lines, as a history tells them."""
    heard: list[Told] = []
    teller = Teller(lambda told: heard.append(dict(told)))
    for n, role in enumerate((SpeakerRole.AGENT, SpeakerRole.CUSTOMER)):
        teller.speaker(Speaker(id=f"s{n}", label=role.value.title(), role=role, channel=n), 0)
    words = LONG_LINE.split()
    for n in range(lines):
        start = round(n * seconds_apart * 1000)
        text = f"Line {n}: {' '.join(words[: 3 + n * 7 % 12])}."
        line = Utterance(
            id=f"u{n}", speaker=f"s{n // 2 % 2}", channel=n // 2 % 2, text=text, words=(),
            start_ms=start, end_ms=start + 2_000,
        )  # fmt: skip
        teller.line(Kind.FINAL, line)
        mood = list(SentimentLabel)[n % 3]
        teller.sentiment(line, Sentiment(label=mood, score=SCORES[mood.value]))
    return heard


def summary(lines: tuple[str, ...] = ("u1",), *, so_far: bool, at_ms: int) -> Told:
    """Return a told summary."""
    return _heard(
        lambda teller: teller.summary(
            Summary(
                reason=Statement(text="October was charged twice.", utterances=lines),
                actions=(Statement(text="The agent found the second charge.", utterances=lines),),
                promises=(
                    Statement(
                        text="The refund arrives on Friday.", utterances=lines,
                        who=SpeakerRole.AGENT, due="by Friday",
                    ),
                ),
                resolved=None if so_far else True,
            ),
            at_ms,
            so_far=so_far,
        )
    )  # fmt: skip


def _heard(tell: Any) -> Told:
    heard: list[Told] = []
    tell(Teller(lambda told: heard.append(dict(told))))
    return heard[0]


def _line(said: dict[str, Any], prefix: str) -> tuple[Utterance, str]:
    line = Utterance(
        id=f"{prefix}{said['id']}",
        speaker=f"s{0 if said['speaker'] == 'agent' else 1}",
        channel=said["channel"],
        text=said["text"],
        words=(),
        start_ms=said["start_ms"],
        end_ms=said["end_ms"],
    )
    return line, said["sentiment"]


def _speakers(truth: dict[str, Any]) -> Iterator[Due]:
    names = ((SpeakerRole.AGENT, truth["agent"]), (SpeakerRole.CUSTOMER, "Customer"))
    for n, (role, label) in enumerate(names):
        unknown = Speaker(id=f"s{n}", label=f"Speaker {n + 1}", channel=n)
        known = Speaker(id=f"s{n}", label=label, role=role, channel=n, role_confidence=0.9)
        yield 100, _heard(lambda t, s=unknown: t.speaker(s, 100))
        yield 12_000, _heard(lambda t, s=known: t.speaker(s, 12_000))


def _spoken(n: int, line: Utterance, mood: str) -> Iterator[Due]:
    words = line.text.split()
    step = (line.end_ms - line.start_ms) / len(words)
    for count in range(1, len(words)):
        end = round(line.start_ms + step * count)
        part = replace(line, text=" ".join(words[:count]).lower(), end_ms=end)
        yield end + WORD_LAG_MS, _heard(lambda t, p=part: t.line(Kind.PARTIAL, p))
    caption = replace(line, text=" ".join(words[:-1]).lower() + ".") if n % 2 else line
    final = line.end_ms + FINAL_LAG_MS
    yield final, _heard(lambda t: t.line(Kind.FINAL, caption))
    scored = Sentiment(label=SentimentLabel(mood), score=SCORES[mood])
    yield final + 60, _heard(lambda t: t.sentiment(caption, scored))
    if caption is not line:
        told = _heard(lambda t: t.line(Kind.REVISED, line))
        yield line.end_ms + REFINED_LAG_MS, {**told, "stage": "refined"}


def _warnings(lines: list[Utterance]) -> list[Due]:
    due: list[Due] = []
    for before, after in pairwise(lines):
        if after.start_ms - before.end_ms >= SILENCE_MS:
            told_at = before.end_ms + SILENCE_MS
            for end in (told_at, after.start_ms):
                due.append((end, _warning("silence", before.end_ms, end, id=f"s{before.end_ms}")))
    mid = lines[len(lines) // 2]
    turning = _warning("negative", lines[1].start_ms, lines[1].end_ms, speaker="s1", id="n1")
    rule = {"id": "r1", "name": "Refund promised"}
    found = _warning("rule", mid.start_ms, mid.end_ms, speaker=mid.speaker, rule=rule, alert=True)
    gap = Gap(
        kind=GapKind.CONNECTION_LOST,
        start_ms=mid.end_ms + 10,
        end_ms=mid.end_ms + 4_200,
        channel=None,
    )
    due.append((lines[1].end_ms + 900, turning))
    due.append((mid.end_ms + 900, {**found, "id": "r1"}))
    due.append(
        (mid.end_ms + 4_200, {**_heard(lambda t: t.gap(gap)), "id": f"gap-{gap.start_ms}-all"})
    )
    return due


def _warning(kind: str, start_ms: int, end_ms: int, **more: Any) -> Told:
    told = {"type": "warning", "kind": kind, "start_ms": start_ms, "end_ms": end_ms}
    return {**told, "at_ms": end_ms, "emitted_ms": end_ms, "speaker": None, **more}


def _figures(lines: list[Utterance]) -> list[Due]:
    due: list[Due] = []
    running = {"s0": 0.0, "s1": 0.0}
    for at in range(1_000, lines[-1].end_ms + 2_000, 1_000):
        talk = {
            s: sum(max(0, min(u.end_ms, at) - u.start_ms) for u in lines if u.speaker == s)
            for s in running
        }
        course = []
        for line in lines:
            if at - 1_000 <= line.end_ms < at and line.speaker:
                lean = -0.5 if line.speaker == "s1" and at < lines[-1].end_ms / 2 else 0.4
                running[line.speaker] = 0.6 * running[line.speaker] + 0.4 * lean
                score = round(running[line.speaker], 4)
                course.append({"at_ms": line.end_ms, "score": score, "speaker": line.speaker})
        spoken = sum(talk.values())
        shares = [
            {"id": s, "talk_ms": ms, "share_of_speech": ms / spoken if spoken else None}
            for s, ms in talk.items()
        ]
        figures = {"type": "figures", "at_ms": at, "emitted_ms": at, "speakers": shares}
        silence = max(0, at - spoken)
        due.append((at, {**figures, "overlap_ms": 1_200, "silence_ms": silence, "course": course}))
    return due


def _shifted(told: Told, offset_ms: int) -> Told:
    times = ("at_ms", "start_ms", "end_ms", "emitted_ms")
    moved = {k: v + offset_ms if k in times else v for k, v in told.items()}
    if "course" in moved:
        moved["course"] = [{**p, "at_ms": p["at_ms"] + offset_ms} for p in moved["course"]]
    return moved
