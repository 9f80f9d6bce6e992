"""Utterances as rows: one each, because they are searched; their words as JSON beside the text."""

from collections.abc import Iterable
from typing import Any

from services.domain.speech import Sentiment, SentimentLabel, Transcript, Utterance
from services.storage.forms import pack_pii, pack_words, unpack_pii, unpack_words
from services.storage.models import UTTERANCES

UTTERANCE_COLUMNS = tuple(
    UTTERANCES.c[name]
    for name in (
        "id",
        "speaker",
        "start_ms",
        "end_ms",
        "text",
        "channel",
        "confidence",
        "words",
        "sentiment_label",
        "sentiment_score",
        "provider_sentiment_label",
        "provider_sentiment_score",
        "is_backchannel",
        "pii",
    )
)

_LABELS = {label.value: label for label in SentimentLabel}


def utterance_rows(org_id: str, call_id: str, transcript: Transcript) -> list[dict[str, Any]]:
    """Return the rows of a transcript's utterances in order."""
    return [
        {
            "transcript_id": transcript.id,
            "position": position,
            "org_id": org_id,
            "call_id": call_id,
            "id": u.id,
            "speaker": u.speaker,
            "start_ms": u.start_ms,
            "end_ms": u.end_ms,
            "text": u.text,
            "channel": u.channel,
            "confidence": u.confidence,
            "words": pack_words(u.words),
            "sentiment_label": u.sentiment and u.sentiment.label,
            "sentiment_score": u.sentiment and u.sentiment.score,
            "provider_sentiment_label": u.provider_sentiment and u.provider_sentiment.label,
            "provider_sentiment_score": u.provider_sentiment and u.provider_sentiment.score,
            "is_backchannel": u.is_backchannel,
            "pii": pack_pii(u.pii),
        }
        for position, u in enumerate(transcript.utterances)
    ]


def utterances_from_rows(rows: Iterable[Any]) -> tuple[Utterance, ...]:
    """Return the utterances in rows of ``UTTERANCE_COLUMNS``."""
    return tuple(
        Utterance(
            id=utterance_id,
            speaker=speaker,
            start_ms=start_ms,
            end_ms=end_ms,
            text=text,
            channel=channel,
            confidence=confidence,
            words=unpack_words(words),
            sentiment=_sentiment(label, score),
            provider_sentiment=_sentiment(provider_label, provider_score),
            is_backchannel=is_backchannel,
            pii=unpack_pii(pii) if pii else (),
        )
        for (
            utterance_id,
            speaker,
            start_ms,
            end_ms,
            text,
            channel,
            confidence,
            words,
            label,
            score,
            provider_label,
            provider_score,
            is_backchannel,
            pii,
        ) in rows
    )


def _sentiment(label: str | None, score: float | None) -> Sentiment | None:
    if label is None or score is None:
        return None
    return Sentiment(label=_LABELS[label], score=score)
