"""Small calls and transcripts for tests, made by hand."""

from dataclasses import replace
from datetime import UTC, datetime

from services.domain.calls import AudioFacts, Call, CallDetails, CallState, ProcessingOptions, Run
from services.domain.ids import new_id
from services.domain.speech import (
    Sentiment,
    SentimentLabel,
    Span,
    Speaker,
    SpeakerRole,
    Transcript,
    Utterance,
    Word,
)

SENTIMENTS = {
    "+": Sentiment(label=SentimentLabel.POSITIVE, score=0.8),
    "-": Sentiment(label=SentimentLabel.NEGATIVE, score=-0.8),
    "": Sentiment(label=SentimentLabel.NEUTRAL, score=0.0),
}


def utterance(number: int, speaker: str | None, start_ms: int, text: str, mood: str = ""):
    """One utterance, 400 ms a word, with its word times."""
    words = tuple(
        Word(text=w, start_ms=start_ms + i * 400, end_ms=start_ms + i * 400 + 350)
        for i, w in enumerate(text.split())
    )
    return Utterance(
        id=f"u{number}",
        speaker=speaker,
        start_ms=start_ms,
        end_ms=words[-1].end_ms,
        text=text,
        words=words,
        sentiment=SENTIMENTS[mood],
    )


def transcript(*lines: Utterance, redacted: bool = False, transcript_id: str = "") -> Transcript:
    """A transcript of an agent ``s1`` and a customer ``s2``; a short talk when none is given."""
    lines = lines or (
        utterance(1, "s1", 0, "Thank you for calling Harbor Energy how can I help you"),
        utterance(2, "s2", 6_000, "my bill is wrong and I am really upset about it", "-"),
        utterance(3, "s1", 12_000, "I am sorry to hear that let me look"),
        utterance(4, "s2", 18_000, "great that is perfect thank you so much", "+"),
    )
    spans = tuple(
        Span(speaker=u.speaker, start_ms=u.start_ms, end_ms=u.end_ms) for u in lines if u.speaker
    )
    return Transcript(
        id=transcript_id or new_id(),
        provider="scripted",
        duration_ms=max(u.end_ms for u in lines) + 1_000,
        speakers=(
            Speaker(id="s1", label="Speaker 1", role=SpeakerRole.AGENT, role_confidence=0.9),
            Speaker(id="s2", label="Speaker 2", role=SpeakerRole.CUSTOMER, role_confidence=0.9),
        ),
        utterances=lines,
        spans=spans,
        language="en",
        redacted=redacted,
    )


def call(**changes: object) -> Call:
    """A waiting call."""
    made = Call(
        id=new_id(),
        org_id="local",
        source_name="harbor.wav",
        content_hash=new_id(),
        size_bytes=1_000,
        state=CallState.WAITING,
        created_at=datetime.now(UTC),
        details=CallDetails(agent_name="Nora Fields", queue="Billing"),
        audio=AudioFacts(
            duration_ms=22_000, channels=2, sample_rate=8_000, codec="pcm_s16le", container="wav"
        ),
    )
    return replace(made, **changes)


def first_run(of: Call, **options: object) -> Run:
    """The first run of a call."""
    return Run(
        call_id=of.id, number=1, options=ProcessingOptions(**options), state=CallState.WAITING
    )
