"""Transcription frames as values of our own.

Shapes as the service documents them, with what other versions of it and its SDKs have been seen to
do: ``resultState`` for ``resultStatus``, either in any case; words without times or none at all;
every field but the text of a line may be missing.
"""

from dataclasses import dataclass, field

from services.domain.speech import SentimentLabel
from services.telephony.acs.wire.times import Moment, length_ms, moment_of
from services.telephony.told import Told, Unreadable, read_object

METADATA = "transcriptionmetadata"
DATA = "transcriptiondata"
MOST_WORDS = 2_000
_FINAL = "final"
_INTERMEDIATE = "intermediate"


@dataclass(frozen=True, kw_only=True)
class TranscriptionBegan:
    """First frame of a connection: what follows belongs to this call, in one of these locales."""

    connection_id: str | None = None
    correlation_id: str | None = None
    subscription_id: str | None = None
    locale: str | None = None
    locales: tuple[str, ...] = ()
    sentiment: bool | None = None
    redaction: bool | None = None


@dataclass(frozen=True, kw_only=True)
class FrameWord:
    """One word; ``duration_ms`` None when it isn't told."""

    text: str
    at: Moment
    duration_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class LineFrame:
    """A line as it is heard so far, or as it stays when it ``is_final``.

    ``at`` and ``duration_ms`` are None where the frame doesn't tell them. ``participant`` is the
    raw identifier of who speaks: a phone number or a user's id, so it is never shown or logged.
    """

    text: str = field(repr=False)
    is_final: bool
    at: Moment | None = None
    duration_ms: int | None = None
    words: tuple[FrameWord, ...] = field(default=(), repr=False)
    participant: str | None = field(default=None, repr=False)
    confidence: float | None = None
    sentiment: SentimentLabel | None = None
    language: str | None = None


@dataclass(frozen=True, kw_only=True)
class OtherFrame:
    """A frame that is well formed and nothing for us, such as sound or a pressed key."""


Frame = TranscriptionBegan | LineFrame | OtherFrame


def parse_frame(sent: str | bytes) -> Frame:
    """Return what a frame says. Raises Unreadable for one that can't be used."""
    told = read_object(sent)
    kind = (told.text("kind") or "").casefold()
    if kind == METADATA or (not kind and told.child("transcriptionMetadata")):
        return _began(_content(told, "transcriptionMetadata"))
    if kind == DATA or (not kind and told.child("transcriptionData")):
        return _line(_content(told, "transcriptionData"))
    if kind:
        return OtherFrame()
    raise Unreadable


def _content(told: Told, name: str) -> Told:
    content = told.child(name)
    if content is None:
        raise Unreadable
    return content


def _began(content: Told) -> TranscriptionBegan:
    redaction = content.child("piiRedactionOptions")
    return TranscriptionBegan(
        connection_id=content.text("callConnectionId"),
        correlation_id=content.text("correlationId"),
        subscription_id=content.text("subscriptionId"),
        locale=content.text("locale"),
        locales=content.texts("locales"),
        sentiment=content.flag("enableSentimentAnalysis"),
        redaction=redaction.flag("enable", "enabled") if redaction else None,
    )


def _line(content: Told) -> LineFrame:
    state = (content.text("resultStatus", "resultState") or "").casefold()
    if state not in {_FINAL, _INTERMEDIATE}:
        raise Unreadable
    offset = content.whole("offset", "offsetInTicks")
    at = None if offset is None else moment_of(offset)
    if offset is not None and at is None:
        raise Unreadable
    return LineFrame(
        # An empty text is left out by some senders of JSON: it says that nothing was understood.
        text=content.text("text") or "",
        is_final=state == _FINAL,
        at=at,
        duration_ms=length_ms(content.whole("duration", "durationInTicks")),
        words=_words(content),
        participant=_participant(content),
        confidence=_share(content.number("confidence")),
        sentiment=_sentiment(content),
        language=content.text("languageIdentified", "identifiedLanguage", "locale"),
    )


def _words(content: Told) -> tuple[FrameWord, ...]:
    """Return the words that have a text and a place."""
    found = []
    for told in content.children("words")[:MOST_WORDS]:
        text, offset = told.text("text", "word"), told.whole("offset", "offsetInTicks")
        at = None if offset is None else moment_of(offset)
        if text and at is not None:
            duration = length_ms(told.whole("duration", "durationInTicks"))
            found.append(FrameWord(text=text, at=at, duration_ms=duration))
    return tuple(found)


def _participant(content: Told) -> str | None:
    raw = content.text("participantRawID", "participantId", "rawId")
    if raw is not None:
        return raw
    nested = content.child("participant")
    return nested.text("rawId", "id") if nested else None


def _sentiment(content: Told) -> SentimentLabel | None:
    """Return the label as it was delivered; "mixed" and whatever else is not ours are none."""
    nested = content.child("sentimentAnalysisResult", "sentimentAnalysis", "sentiment")
    label = nested.text("sentiment", "label") if nested else content.text("sentiment")
    try:
        return SentimentLabel((label or "").casefold())
    except ValueError:
        return None


def _share(value: float | None) -> float | None:
    return None if value is None else round(min(1.0, max(0.0, value)), 3)
