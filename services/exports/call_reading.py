"""Reads a call's JSON, schema ``partyline.call/1``, whoever wrote it.

What may be absent (speakers, words, their times, spans …) may be missing or null. Anything of the
wrong kind is refused with the place where it stands; nothing of the text is ever quoted.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from services.domain.calls import CallDetails, Consent, Direction
from services.domain.edits import Comment
from services.domain.errors import BadTranscript
from services.domain.ids import new_id
from services.domain.part import Part
from services.domain.speech import (
    PiiMention,
    PiiType,
    Sentiment,
    SentimentLabel,
    Span,
    Speaker,
    Transcript,
    Utterance,
    Word,
)
from services.exports.call_json import SCHEMA

MAX_BYTES = 200 * 1024 * 1024
UNKNOWN_PROVIDER = "unknown"

_T = TypeVar("_T")
_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, kw_only=True)
class CallDocument:
    """What a call's JSON holds besides its figures, which are computed from the rest."""

    call_id: str
    transcript: Transcript
    details: CallDetails
    comments: tuple[Comment, ...]


def read_json(content: bytes) -> CallDocument:
    """Return the call that a JSON file holds. Raises BadTranscript.

    Words without times get those of their utterance.
    """
    if len(content) > MAX_BYTES:
        raise BadTranscript("It is too large.")
    try:
        raw = json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadTranscript("It is not JSON.") from error
    document = _Node(value=raw, place="the file")
    if document.value_of("schema") != SCHEMA:
        raise BadTranscript(f"Its schema is not {SCHEMA}.")
    call = document.child("call")
    return CallDocument(
        call_id=call.text("id") or new_id(),
        transcript=_transcript(document, call),
        details=_details(call),
        comments=tuple(document.each("comments", _comment)),
    )


def _refuse_constant(_name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON doesn't have."""
    raise ValueError


def _transcript(document: "_Node", call: "_Node") -> Transcript:
    utterances = tuple(document.each("utterances", _utterance))
    speakers = tuple(document.each("speakers", _speaker))
    stages = document.child("stages").texts()
    last_ms = max((u.end_ms for u in utterances), default=0)
    return Transcript(
        id=new_id(),
        provider=call.text("provider") or UNKNOWN_PROVIDER,
        duration_ms=call.count("duration_ms") or last_ms,
        speakers=speakers,
        utterances=tuple(sorted(utterances, key=lambda u: u.start_ms)),
        spans=tuple(document.each("spans", _span)),
        language=call.text("language"),
        part=_part(call.child("part")),
        stages=stages,
        redacted=call.flag("redacted"),
        without_fillers="fillers" in stages,
    )


def _part(node: "_Node") -> Part | None:
    if node.count("start_ms") is None:
        return None
    start_ms, end_ms = node.interval()
    return Part(start_ms=start_ms, end_ms=end_ms)


def _speaker(node: "_Node") -> Speaker:
    speaker = node.needed("id", node.text)
    return Speaker(id=speaker, label=node.text("label") or speaker)


def _span(node: "_Node") -> Span:
    start_ms, end_ms = node.interval()
    return Span(speaker=node.needed("speaker", node.text), start_ms=start_ms, end_ms=end_ms)


def _utterance(node: "_Node") -> Utterance:
    start_ms, end_ms = node.interval()
    text = node.needed("text", node.text)

    def word(of: _Node) -> Word:
        timed = of.count("start_ms") is not None and of.count("end_ms") is not None
        begin, finish = of.interval() if timed else (start_ms, end_ms)
        said = of.needed("text", of.text)
        return Word(text=said, start_ms=begin, end_ms=finish, confidence=of.share("confidence"))

    def mention(of: _Node) -> PiiMention:
        first, last = of.needed("start_char", of.count), of.needed("end_char", of.count)
        if not first < last <= len(text):
            of.refuse("end_char", "lies outside of the text")
        kind = of.needed("type", lambda key: of.choice(key, PiiType))
        return PiiMention(type=kind, start_char=first, end_char=last)

    return Utterance(
        id=node.text("id") or new_id(),
        speaker=node.text("speaker"),
        channel=node.count("channel"),
        start_ms=start_ms,
        end_ms=end_ms,
        text=text,
        confidence=node.share("confidence"),
        words=tuple(node.each("words", word)),
        provider_sentiment=_sentiment(node.child("provider_sentiment")),
        pii=tuple(node.each("pii", mention)),
    )


def _sentiment(node: "_Node") -> Sentiment | None:
    label = node.choice("label", SentimentLabel)
    if label is None:
        return None
    return Sentiment(label=label, score=node.needed("score", node.signed_share))


def _details(call: "_Node") -> CallDetails:
    consent = call.child("consent")
    return CallDetails(
        consent=consent.choice("kind", Consent),
        consent_at=consent.moment("at"),
        consent_by=consent.text("by"),
        agent_name=call.text("agent_name"),
        queue=call.text("queue"),
        customer_ref=call.text("customer_ref"),
        direction=call.choice("direction", Direction),
        started_at=call.moment("started_at"),
        external_ref=call.text("external_ref"),
    )


def _comment(node: "_Node") -> Comment:
    start_ms, end_ms = node.interval()
    return Comment(
        id=node.text("id") or new_id(),
        utterance_id=node.text("utterance") or "",
        start_ms=start_ms,
        end_ms=end_ms,
        text=node.needed("text", node.text),
        author=node.text("author") or "",
        made_at=node.needed("made_at", node.moment),
    )


@dataclass(frozen=True, kw_only=True)
class _Node:
    """A value of the document with the place it stands at, for telling what is wrong where."""

    value: Any
    place: str

    def refuse(self, key: str, why: str) -> NoReturn:
        raise BadTranscript(f"In {self.place}, {key} {why}.")

    def value_of(self, key: str) -> Any:
        if not isinstance(self.value, dict):
            raise BadTranscript(f"There is no object where {self.place} should be.")
        return self.value.get(key)

    def texts(self) -> dict[str, str]:
        """Return all texts by their names; whatever else there is says nothing to us."""
        named = self.value.items() if isinstance(self.value, dict) else ()
        return {_clean(k): _clean(v) for k, v in named if isinstance(v, str)}

    def child(self, key: str) -> "_Node":
        value = self.value_of(key)
        return _Node(value={} if value is None else value, place=key)

    def each(self, key: str, read: Callable[["_Node"], _T]) -> list[_T]:
        value = self.value_of(key)
        if value is not None and not isinstance(value, list):
            self.refuse(key, "is not a list")
        prefix = "" if self.place == "the file" else f"{self.place}."
        return [
            read(_Node(value=one, place=f"{prefix}{key}[{number}]"))
            for number, one in enumerate(value or ())
        ]

    def needed(self, key: str, read: Callable[[str], _T | None]) -> _T:
        value = read(key)
        if value is None:
            self.refuse(key, "is missing")
        return value

    def text(self, key: str) -> str | None:
        value = self._of_kind(key, str, "is not a text")
        return None if value is None else _clean(value)

    def flag(self, key: str) -> bool:
        return self._of_kind(key, bool, "is neither true nor false") or False

    def count(self, key: str) -> int | None:
        value = self._of_kind(key, int, "is not a whole number")
        if isinstance(value, bool) or (value is not None and value < 0):
            self.refuse(key, "is not a whole number from 0 on")
        return value

    def interval(self) -> tuple[int, int]:
        start_ms = self.needed("start_ms", self.count)
        end_ms = self.needed("end_ms", self.count)
        if end_ms < start_ms:
            self.refuse("end_ms", "lies before start_ms")
        return start_ms, end_ms

    def signed_share(self, key: str) -> float | None:
        value = self.value_of(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not -1 <= value <= 1:
            self.refuse(key, "is not a number from -1 to 1")
        return float(value)

    def share(self, key: str) -> float | None:
        value = self.value_of(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self.refuse(key, "is not a number from 0 to 1")
        return float(value)

    def choice(self, key: str, choices: type[_Choice]) -> _Choice | None:
        value = self.text(key)
        if value is None:
            return None
        try:
            return choices(value)
        except ValueError:
            self.refuse(key, "has a value that is not known")

    def moment(self, key: str) -> datetime | None:
        value = self.text(key)
        try:
            moment = datetime.fromisoformat(value) if value else None
        except ValueError:
            self.refuse(key, "is not a date with a time")
        if moment is None:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    def _of_kind(self, key: str, kind: type[_T], why: str) -> _T | None:
        value = self.value_of(key)
        if value is not None and not isinstance(value, kind):
            self.refuse(key, why)
        return value


def _clean(text: str) -> str:
    """Return the text without halves of characters, which could not be written again."""
    return text.encode(errors="replace").decode()
