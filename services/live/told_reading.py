"""What was told of a live call, read back: its captions as a transcript."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from services.domain.ids import new_id
from services.domain.speech import (
    PiiMention,
    PiiType,
    Sentiment,
    SentimentLabel,
    Span,
    Speaker,
    SpeakerRole,
    Statement,
    Summary,
    SummaryOrigin,
    Transcript,
    Utterance,
    Word,
)
from services.live.telling import Kind, Told


class ToldCaptions:
    """The lines of a call as they were told last, for its record.

    What was told is redacted already where the call is, so that the record is, too.
    """

    def __init__(self, events: Iterable[Told]) -> None:
        """Take all that was told, in its order."""
        self._lines: dict[str, Told] = {}
        self._speakers: dict[str, Told] = {}
        self._sentiments: dict[str, Told] = {}
        self._summary: Told | None = None
        self._language: str | None = None
        for event in events:
            self._take(event)

    def transcript(
        self, provider: str, *, duration_ms: int, language: str | None, redacted: bool
    ) -> Transcript | None:
        """Return the captions as the transcript of a call of this length, None without a line."""
        lines = sorted(map(self._line, self._lines.values()), key=lambda u: (u.start_ms, u.end_ms))
        lines = [line for line in lines if line.text.strip()]
        if not lines:
            return None
        return Transcript(
            id=new_id(),
            provider=provider,
            duration_ms=max([duration_ms, *(line.end_ms for line in lines)]),
            speakers=tuple(map(_speaker, self._speakers.values())),
            utterances=tuple(lines),
            spans=tuple(
                Span(speaker=line.speaker, start_ms=line.start_ms, end_ms=line.end_ms)
                for line in lines
                if line.speaker is not None and line.end_ms > line.start_ms
            ),
            language=language or self._language,
            stages={"recognition": f"{provider} live", "speakers": f"{provider} live"},
            summary=_summary(self._summary) if self._summary else None,
            redacted=redacted,
        )

    def _take(self, event: Told) -> None:
        match event["type"]:
            case Kind.FINAL | Kind.REVISED:
                self._lines[event["id"]] = event
            case Kind.SPEAKER:
                self._speakers[event["id"]] = event
            case Kind.SENTIMENT:
                self._sentiments[event["utterance"]] = event
            case Kind.SUMMARY:
                self._summary = event
            case "language":
                self._language = event["language"]

    def _line(self, told: Told) -> Utterance:
        line = utterance_of(told)
        known = line.speaker if line.speaker in self._speakers else None
        sentiment = _sentiment(self._sentiments.get(line.id)) or line.sentiment
        return replace(line, speaker=known, sentiment=sentiment)


def utterance_of(told: Told) -> Utterance:
    """Return a told line as the utterance it was told of."""
    return Utterance(
        id=told["id"],
        speaker=told["speaker"],
        channel=told["channel"],
        start_ms=told["start_ms"],
        end_ms=told["end_ms"],
        text=told["text"],
        confidence=told["confidence"],
        words=tuple(Word(**word) for word in told["words"]),
        sentiment=_sentiment(told["sentiment"]),
        provider_sentiment=_sentiment(told["provider_sentiment"]),
        is_backchannel=told["is_backchannel"],
        pii=tuple(
            PiiMention(
                type=PiiType(one["type"]), start_char=one["start_char"], end_char=one["end_char"]
            )
            for one in told["pii"]
        ),
    )


def _sentiment(told: Mapping[str, Any] | None) -> Sentiment | None:
    if not told or not told.get("label"):
        return None
    return Sentiment(label=SentimentLabel(told["label"]), score=told["score"])


def _speaker(told: Told) -> Speaker:
    return Speaker(
        id=told["id"],
        label=told["label"],
        role=SpeakerRole(told["role"]),
        role_confidence=told["role_confidence"],
        channel=told["channel"],
    )


def _summary(told: Told) -> Summary:
    def one(form: Mapping[str, Any] | None) -> Statement | None:
        if form is None:
            return None
        who = SpeakerRole(form["who"]) if form["who"] else None
        return Statement(
            text=form["text"], utterances=tuple(form["utterances"]), who=who, due=form["due"]
        )

    def each(name: str) -> tuple[Statement, ...]:
        return tuple(said for form in told.get(name, ()) if (said := one(form)) is not None)

    return Summary(
        reason=one(told.get("reason")),
        outcome=one(told.get("outcome")),
        resolved=told.get("resolved"),
        actions=each("actions"),
        promises=each("promises"),
        action_items=each("action_items"),
        next_steps=each("next_steps"),
        origin=SummaryOrigin(**told["origin"]) if told.get("origin") else None,
    )
