"""The calls and transcripts that stand on the stage."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from services.domain.calls import (
    AudioFacts,
    Call,
    CallDetails,
    CallState,
)
from services.domain.findings import Finding, FindingKind
from services.domain.ids import new_id
from services.domain.people import LOCAL_USER
from services.domain.speech import (
    Sentiment,
    SentimentLabel,
    Span,
    Speaker,
    SpeakerRole,
    Statement,
    Summary,
    Transcript,
    Utterance,
    Word,
)
from services.domain.topics import LineTopics, Topic

ORG = LOCAL_USER.org_id
LINES: Sequence[tuple[str, str, float]] = (
    ("s1", "Bluefern Mobile, this is Dana. How can I help you today?", 0.1),
    ("s2", "My bill is wrong again. This is the third time I have to call.", -0.8),
    ("s1", "I am sorry to hear that. Let me look at it.", 0.0),
    ("s2", "Okay.", 0.0),
    ("s1", "I have taken the second charge off, and the fee as well.", 0.2),
    ("s2", "That is great, thank you so much!", 0.9),
)


def new_call(
    *,
    source_name: str = "call.wav",
    duration_ms: int = 40_000,
    findings: tuple[Finding, ...] = (Finding(kind=FindingKind.SEPARATE_CHANNELS),),
    created_at: datetime = datetime(2026, 11, 12, 9, 30, tzinfo=UTC),
    is_demo: bool = False,
    **details: Any,
) -> Call:
    """Return a call; further keywords are its details."""
    audio = AudioFacts(
        duration_ms=duration_ms,
        channels=2,
        sample_rate=16_000,
        codec="flac",
        container="flac",
        findings=findings,
    )
    return Call(
        id=new_id(),
        org_id=ORG,
        source_name=source_name,
        content_hash=new_id(),
        size_bytes=123_456,
        state=CallState.WAITING,
        created_at=created_at,
        details=CallDetails(**details),
        audio=audio,
        is_demo=is_demo,
    )


def sample_transcript(lines: Iterable[tuple[str, str, float]] = LINES) -> Transcript:
    """Return a transcript of these (speaker, text, score) lines, one after the other.

    A word takes 300 ms; between lines lie 400 ms.
    """
    at_ms, utterances = 500, []
    for number, (speaker, text, score) in enumerate(lines):
        words = []
        for text_of_word in text.split():
            words.append(
                Word(text=text_of_word, start_ms=at_ms, end_ms=at_ms + 300, confidence=0.9)
            )
            at_ms += 300
        utterances.append(
            Utterance(
                id=f"u{number}",
                speaker=speaker,
                start_ms=words[0].start_ms,
                end_ms=at_ms,
                text=text,
                words=tuple(words),
                sentiment=Sentiment(label=_label(score), score=score),
                is_backchannel=text == "Okay.",
            )
        )
        at_ms += 400
    return Transcript(
        id=new_id(),
        provider="local",
        duration_ms=at_ms,
        speakers=(
            Speaker(id="s1", label="Speaker 1", role=SpeakerRole.AGENT, channel=0),
            Speaker(id="s2", label="Speaker 2", role=SpeakerRole.CUSTOMER, channel=1),
        ),
        utterances=tuple(utterances),
        spans=tuple(
            Span(speaker=u.speaker or "s1", start_ms=u.start_ms, end_ms=u.end_ms)
            for u in utterances
        ),
        language="en",
        loudness_dbfs={"s1": (-20.0, None, -22.0), "s2": (None, -31.0, -30.0)},
        stages={"recognition": "local whisper-base"},
        summary=Summary(
            reason=Statement(text="My bill is wrong again.", utterances=("u1",)), resolved=True
        ),
        line_topics=(LineTopics(utterance="u1", probabilities=(("billing_dispute", 0.9),)),),
        topics=(Topic(id="billing_dispute", confidence=0.8, utterances=("u1",)),),
    )


def _label(score: float) -> SentimentLabel:
    if score > 0.3:
        return SentimentLabel.POSITIVE
    return SentimentLabel.NEGATIVE if score < -0.3 else SentimentLabel.NEUTRAL
