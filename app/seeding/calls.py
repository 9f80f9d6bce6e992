"""A made-up call: whose, when, about what, how it went; with or without what was said."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import blake2b

from app.seeding.talk import AGENT as AGENT_VOICE
from app.seeding.talk import CUSTOMER, EVENTS, Filling, Line, talk_lines
from app.seeding.team import MEDIAN_S, TOPICS_OF, Agent, Calendar, team
from services.domain.calls import AudioFacts, Call, CallDetails, CallState, Direction
from services.domain.findings import Finding, FindingKind
from services.domain.speech import (
    Hold,
    HoldKind,
    Sentiment,
    SentimentLabel,
    Span,
    Speaker,
    SpeakerRole,
    Statement,
    Summary,
    Transcript,
    Utterance,
)
from services.domain.topics import Topic

PROVIDER = "seeded"
# By this the content of seeded calls is told from that of recordings, which is a hash.
MARK = "seed:"
FAILED_SHARE = 0.015
# A call of the usual length has so many.
LINES, LENGTH_OF_LINES_MS = 40, 400_000


@dataclass(frozen=True, kw_only=True)
class History:
    """What is to be made. ``with_text`` of the ``calls`` get a transcript, spread evenly."""

    seed: str
    calls: int
    with_text: int
    agents: int
    calendar: Calendar
    org_id: str

    def has_text(self, number: int) -> bool:
        """Tell whether a call gets a transcript."""
        wanted = self.with_text
        return (number + 1) * wanted // self.calls > number * wanted // self.calls


@dataclass(frozen=True, kw_only=True)
class Plot:
    """How a call goes, before anything is said in it."""

    agent: Agent
    queue: str
    topic: str | None
    duration_ms: int
    hold_ms: int
    resolved: bool | None
    mood: float
    talk_share: float
    events: frozenset[str]


def made_id(history: History, number: int, what: str = "call") -> str:
    """Return an identifier like any other that is the same each time."""
    return blake2b(f"{history.seed}:{number}:{what}".encode(), digest_size=10).hexdigest()


def plot_of(chance: random.Random, history: History) -> Plot:
    """Make up how a call goes."""
    agent = chance.choice(team(history.seed, history.agents))
    queue = chance.choice(agent.queues)
    topic = chance.choice(TOPICS_OF[queue]) if chance.random() < 0.88 else None
    seconds = MEDIAN_S[queue] * agent.pace * chance.lognormvariate(0, 0.55)
    duration_ms = int(min(7_200, max(20, seconds)) * 1000)
    holds = chance.random() < 0.16
    hold_ms = min(duration_ms // 2, int(chance.lognormvariate(3.9, 0.6) * 1000)) if holds else 0
    resolved = chance.random() < agent.resolves if chance.random() < 0.8 else None
    likes = {True: 0.12, False: -0.25, None: -0.03}[resolved]
    events = {
        rule
        for rule, share, who, _ in EVENTS
        if chance.random() < (share * (0.4 + 0.8 * agent.careful) if who == "a" else share)
    }
    return Plot(
        agent=agent,
        queue=queue,
        topic=topic,
        duration_ms=duration_ms,
        hold_ms=hold_ms,
        resolved=resolved,
        mood=max(-0.9, min(0.9, chance.gauss(likes + agent.mood, 0.22))),
        talk_share=max(0.1, min(0.9, chance.gauss(agent.talk_share, 0.1))),
        events=frozenset(events),
    )


def call_of(chance: random.Random, history: History, number: int, plot: Plot) -> Call:
    """Return the call itself; some come to nothing."""
    day, seconds = history.calendar.moment(chance)
    started = datetime.combine(day, time(), UTC) + timedelta(seconds=seconds)
    failed = chance.random() < FAILED_SHARE
    findings = (Finding(kind=FindingKind.NO_RECORDING),)
    text = history.has_text(number) and not failed
    return Call(
        id=made_id(history, number),
        org_id=history.org_id,
        source_name=f"seeded call {number + 1}",
        content_hash=f"{MARK}{history.seed}:{number}",
        size_bytes=0,
        state=CallState.FAILED if failed else CallState.READY,
        created_at=started + timedelta(milliseconds=plot.duration_ms),
        details=CallDetails(
            agent_name=plot.agent.name,
            queue=plot.queue,
            direction=Direction.INBOUND if chance.random() < 0.85 else Direction.OUTBOUND,
            started_at=started,
        ),
        audio=AudioFacts(
            duration_ms=plot.duration_ms, channels=1, sample_rate=8_000, codec="none",
            container="none", findings=findings,
        ),
        active_transcript_id=made_id(history, number, "transcript") if text else None,
        error_code="not_audio" if failed else None,
        error_message=_why_nothing_is_said(failed=failed, text=text),
    )  # fmt: skip


def _why_nothing_is_said(*, failed: bool, text: bool) -> str | None:
    if failed:
        return "This made-up call stands for one that could not be read."
    return None if text else "This made-up call has figures only: nothing was said in it."


def transcript_of(chance: random.Random, call: Call, plot: Plot) -> tuple[Transcript, list[Line]]:
    """Return what is said in a call, and the lines as they were chosen."""
    lines = talk_lines(
        chance,
        topic=plot.topic,
        events=plot.events,
        resolved=plot.resolved,
        talk_share=plot.talk_share,
        has_hold=plot.hold_ms > 0,
        size=max(14, min(120, round(LINES * plot.duration_ms / LENGTH_OF_LINES_MS))),
    )
    filling = Filling(chance)
    texts = [line.text.format_map(filling) for line in lines]
    utterances, holds = _timed(chance, plot, lines, texts)
    topics = (Topic(id=plot.topic, confidence=0.8, utterances=("u1",)),) if plot.topic else ()
    return Transcript(
        id=call.active_transcript_id or "",
        provider=PROVIDER,
        duration_ms=plot.duration_ms,
        speakers=(
            Speaker(id=AGENT_VOICE, label="Agent", role=SpeakerRole.AGENT, role_confidence=0.9),
            Speaker(id=CUSTOMER, label="Customer", role=SpeakerRole.CUSTOMER, role_confidence=0.9),
        ),
        utterances=tuple(utterances),
        spans=tuple(
            Span(speaker=u.speaker or AGENT_VOICE, start_ms=u.start_ms, end_ms=u.end_ms)
            for u in utterances
        ),
        holds=tuple(holds),
        language="en",
        summary=Summary(
            reason=Statement(text=utterances[1].text, utterances=("u1",)), resolved=plot.resolved
        ),
        topics=topics,
    ), lines


def _timed(
    chance: random.Random, plot: Plot, lines: list[Line], texts: list[str]
) -> tuple[list[Utterance], list[Hold]]:
    """Spread what is said over the call's length, with pauses, interruptions and a hold."""
    lengths = [300 + 62 * len(text) for text in texts]
    pauses = [chance.lognormvariate(6.2, 0.9) for _ in texts]
    speaking = plot.duration_ms - plot.hold_ms - 800
    scale = speaking / (sum(lengths) + sum(pauses))
    cuts = 0.03 * plot.agent.interrupts
    at, utterances, holds = 400.0, [], []
    for number, (line, text) in enumerate(zip(lines, texts, strict=True)):
        end = at + lengths[number] * scale
        early = chance.random() < cuts
        utterances.append(
            Utterance(
                id=f"u{number}",
                speaker=line.who,
                start_ms=max(0, int(at)),
                end_ms=min(plot.duration_ms, int(end)),
                text=text,
                sentiment=_mood(chance, plot, line, number / len(lines)),
                is_backchannel=text in ("Okay.", "All right."),
            )
        )
        at = end + (-min(900.0, lengths[number] * scale / 2) if early else pauses[number] * scale)
        if line.rule == "hold_used":
            holds.append(Hold(start_ms=int(at), end_ms=int(at) + plot.hold_ms, kind=HoldKind.MUSIC))
            at += plot.hold_ms
    return utterances, holds


def _mood(chance: random.Random, plot: Plot, line: Line, place: float) -> Sentiment:
    # It turns towards how the call ends.
    mean = plot.mood * (0.4 + 1.2 * place) if line.who == CUSTOMER else 0.1
    score = round(max(-1.0, min(1.0, chance.gauss(mean, 0.25))), 3)
    if abs(score) < 0.25:
        return Sentiment(label=SentimentLabel.NEUTRAL, score=score)
    positive = score > 0
    label = SentimentLabel.POSITIVE if positive else SentimentLabel.NEGATIVE
    return Sentiment(label=label, score=score)
