"""A reviewed call to export, with everything in it that exports must cope with."""

from dataclasses import replace
from datetime import UTC, datetime

from services.analysis.edits import apply_edits
from services.analysis.metrics import analyse
from services.domain.calls import AudioFacts, Call, CallDetails, CallState, Consent
from services.domain.edits import CallEdits, Comment, TextCorrection
from services.domain.findings import Finding, FindingKind
from services.domain.reviewed import ReviewedCall
from services.domain.speech import (
    PiiMention,
    PiiType,
    Sentiment,
    SentimentLabel,
    SpeakerRole,
    Statement,
    Summary,
    Transcript,
    Utterance,
    Word,
)
from tests.unit.analysis.rulers import draw

EVIL = '<script>alert("x")</script> & --> =1+1'


def make_transcript() -> Transcript:
    drawn = draw(
        """
        agent    ######........########..
        customer .....######......bb.....
        hold     ...........mmm..........
        """,
        {
            "agent.0": "Thank you for calling.",
            "customer.0": "My number is [PHONE] and it is wrong",
            "agent.1": EVIL,
        },
    )
    utterances = tuple(_with_words(u) for u in drawn.utterances)
    return replace(
        drawn,
        id="t1",
        provider="local",
        utterances=utterances,
        loudness_dbfs={"agent": (-20.123456, None)},
        stages={"recognition": "local whisper-base"},
        summary=Summary(
            reason=Statement(text="My number is wrong.", utterances=("customer.0",)), resolved=True
        ),
        redacted=True,
    )


def make_reviewed(
    edits: CallEdits | None = None, transcript: Transcript | None = None
) -> ReviewedCall:
    chosen = edits if edits is not None else make_edits()
    edited = apply_edits(transcript or make_transcript(), chosen)
    return ReviewedCall(
        call=Call(
            id="c1",
            org_id="o",
            source_name="../x/Ünïcode <call> 😀.wav",
            content_hash="h",
            size_bytes=1,
            state=CallState.READY,
            created_at=datetime(2026, 5, 1, 12, 0, tzinfo=UTC),
            details=CallDetails(
                agent_name="Nora <b>",
                queue="Billing",
                consent=Consent.ASKED,
                consent_at=datetime(2026, 5, 1, 12, 1, tzinfo=UTC),
                consent_by="Vera",
            ),
            audio=AudioFacts(
                duration_ms=12_000,
                channels=2,
                sample_rate=8_000,
                codec="pcm",
                container="wav",
                findings=(
                    Finding(kind=FindingKind.LEAKAGE, channel=1, measured={"level_dbfs": -40.0}),
                ),
            ),
        ),
        transcript=edited,
        analysis=analyse(edited),
        edits=chosen,
    )


def make_edits() -> CallEdits:
    made_at = datetime(2026, 5, 2, 9, 0, tzinfo=UTC)
    return CallEdits(
        transcript_id="t1",
        version=3,
        names={"agent": "Nora"},
        roles={"customer": SpeakerRole.CUSTOMER},
        corrections=(
            TextCorrection(
                utterance_id="agent.0", start_ms=0, end_ms=3_000, text="Thanks for calling Acme."
            ),
        ),
        comments=(
            Comment(
                id="k1",
                utterance_id="customer.0",
                start_ms=2_500,
                end_ms=5_500,
                text="Well <i>put</i>",
                author="Sam",
                made_at=made_at,
            ),
            Comment(
                id="k2",
                utterance_id="old/u9",
                start_ms=9_000,
                end_ms=9_500,
                text="Lost line",
                author="=Max",
                made_at=made_at,
            ),
        ),
    )


def _with_words(utterance: Utterance) -> Utterance:
    tokens = utterance.text.split()
    each = (utterance.end_ms - utterance.start_ms) // len(tokens)
    at = utterance.text.find("[PHONE]")
    return replace(
        utterance,
        words=tuple(
            Word(
                text=token,
                start_ms=utterance.start_ms + n * each,
                end_ms=utterance.start_ms + (n + 1) * each,
                confidence=0.5,
            )
            for n, token in enumerate(tokens)
        ),
        sentiment=Sentiment(label=SentimentLabel.NEGATIVE, score=-0.51239),
        provider_sentiment=Sentiment(label=SentimentLabel.NEUTRAL, score=-0.125),
        pii=((PiiMention(type=PiiType.PHONE, start_char=at, end_char=at + 7),) if at >= 0 else ()),
    )
