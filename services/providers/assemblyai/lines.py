"""What was said, as AssemblyAI tells it, cut into lines of one speaker each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from services.domain.speech import Word
from services.providers.assemblyai.words import with_our_placeholders, words_of

if TYPE_CHECKING:
    from assemblyai.types import TranscriptResponse
    from assemblyai.types import Word as TheirWord

# A speaker who is silent for so long begins a new line.
LINE_PAUSE_MS = 1_000
NOBODY = "UNKNOWN"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What of the request matters for reading the answer."""

    by_channel: bool
    detects_language: bool
    redacts: bool = False
    hides_by_signs: bool = False


@dataclass(frozen=True, kw_only=True)
class Said:
    """One stretch of speech as the service tells it; ``voice`` None: nobody knows whose."""

    voice: str | None
    channel: int | None
    text: str
    words: tuple[Word, ...]
    start_ms: int
    end_ms: int
    confidence: float | None


# --- who said what ----------------------------------------------------------------------------


def said_in(response: "TranscriptResponse", wanted: Wanted) -> Iterator[Said]:
    """Yield what was said as it was told: in utterances, or in words only."""
    if response.utterances:
        for one in response.utterances:
            words = [_word(word) for word in one.words]
            yield _stretch(
                words_of(one.text, words),
                one.text,
                one.speaker,
                one.channel,
                (one.start, one.end),
                one.confidence,
                wanted,
            )
        return
    told = response.words or ()
    placed = words_of(response.text or "", [_word(word) for word in told])
    owners = _owners(placed, told)
    for (speaker, channel), run in groupby(
        zip(placed, owners, strict=True), key=lambda pair: pair[1]
    ):
        held = tuple(word for word, _ in run)
        bounds = (held[0].start_ms, held[-1].end_ms)
        text = " ".join(word.text for word in held)
        yield _stretch(held, text, speaker, channel, bounds, None, wanted)


def _owners(
    placed: Sequence[Word], told: "Sequence[TheirWord]"
) -> list[tuple[str | None, str | None]]:
    """Return speaker and channel of each word: those of the word told at its time."""
    if len(placed) == len(told):
        return [(word.speaker, word.channel) for word in told]
    owners = []
    for word in placed:
        nearest = min(told, key=lambda one: abs(one.start - word.start_ms))
        owners.append((nearest.speaker, nearest.channel))
    return owners


def _stretch(
    words: tuple[Word, ...],
    text: str,
    speaker: str | None,
    channel: str | None,
    bounds: tuple[int, int],
    confidence: float | None,
    wanted: Wanted,
) -> Said:
    if wanted.redacts:
        words = with_our_placeholders(words, signs=wanted.hides_by_signs)
        if not words:
            alone = (Word(text=one, start_ms=0, end_ms=0) for one in text.split())
            hidden = with_our_placeholders(alone, signs=wanted.hides_by_signs)
            text = " ".join(word.text for word in hidden)
    number = channel_number(channel) if wanted.by_channel else None
    if wanted.by_channel and number is None:
        number = channel_number(speaker)
    known = speaker if speaker and speaker != NOBODY else None
    return Said(
        voice=str(number) if number is not None else known,
        channel=number,
        text=" ".join(word.text for word in words) or " ".join(text.split()),
        words=words,
        start_ms=bounds[0],
        end_ms=bounds[1],
        confidence=confidence,
    )


def channel_number(told: str | None) -> int | None:
    """Return the number of a channel; the service counts them from 1."""
    return int(told) - 1 if told and told.isdigit() and int(told) > 0 else None


def _word(word: "TheirWord") -> Word:
    return Word(
        text=word.text, start_ms=word.start, end_ms=word.end, confidence=share(word.confidence)
    )


# --- lines ------------------------------------------------------------------------------------


def lines_of(said: Said, duration_ms: int) -> Iterator[Said]:
    """Cut a stretch where its speaker pauses, and keep it inside the recording."""
    if not said.words:
        start_ms, end_ms = _inside(said.start_ms, said.end_ms, duration_ms)
        if said.text and start_ms < end_ms:
            yield replace(said, start_ms=start_ms, end_ms=end_ms)
        return
    pieces: list[list[Word]] = [[]]
    for word in said.words:
        if pieces[-1] and word.start_ms - pieces[-1][-1].end_ms >= LINE_PAUSE_MS:
            pieces.append([])
        pieces[-1].append(word)
    for piece in pieces:
        start_ms, end_ms = _inside(
            piece[0].start_ms, max(word.end_ms for word in piece), duration_ms
        )
        if start_ms < end_ms:
            yield replace(
                said,
                text=" ".join(word.text for word in piece),
                words=tuple(_clipped(piece, start_ms, end_ms)),
                start_ms=start_ms,
                end_ms=end_ms,
                confidence=said.confidence if len(pieces) == 1 else _mean(piece),
            )


def _inside(start_ms: int, end_ms: int, duration_ms: int) -> tuple[int, int]:
    start_ms = min(max(0, start_ms), max(0, duration_ms - 1))
    return start_ms, min(max(end_ms, start_ms + 1), duration_ms)


def _clipped(words: Iterable[Word], start_ms: int, end_ms: int) -> Iterator[Word]:
    """Yield words within their line, none before the one before it."""
    earliest = start_ms
    for word in words:
        begin = min(max(word.start_ms, earliest), end_ms)
        yield replace(word, start_ms=begin, end_ms=min(max(word.end_ms, begin), end_ms))
        earliest = begin


def _mean(words: Sequence[Word]) -> float | None:
    told = [word.confidence for word in words if word.confidence is not None]
    return sum(told) / len(told) if told and len(told) == len(words) else None


def share(confidence: float | None) -> float | None:
    return min(1.0, max(0.0, confidence)) if confidence is not None else None
