"""All entities of a call's lines: never in or across personal data, never overlapping."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.analysis.entities.amounts import amounts_in, measures_in
from services.analysis.entities.found import Found
from services.analysis.entities.moments import dates_in, times_in
from services.analysis.entities.products import products_in, terms_pattern
from services.analysis.entities.tokens import tokens_of
from services.domain.placeholders import placeholders_in
from services.domain.speech import Transcript, Utterance, Word
from services.domain.topics import Entity, EntityKind

ENGLISH = "en"
NAMES = frozenset({EntityKind.PRODUCT, EntityKind.ORGANISATION})


@dataclass(frozen=True, kw_only=True)
class EntityContext:
    """What helps to read entities: the day of the call (None: not known), the words to know."""

    day: date | None = None
    terms: tuple[str, ...] = ()


def speaks(language: str | None) -> bool:
    """Whether entities are found in this language; None is taken as English."""
    return (language or ENGLISH).casefold().split("-")[0] == ENGLISH


def entities_of(transcript: Transcript, context: EntityContext) -> tuple[Entity, ...]:
    """Return the entities of the call's lines in order, without organisations' names."""
    if not speaks(transcript.language):
        return ()
    terms = terms_pattern(context.terms)
    return tuple(
        entity
        for utterance in transcript.utterances
        if not utterance.is_backchannel
        for entity in line_entities(utterance, context.day, terms)
    )


def line_entities(
    utterance: Utterance,
    day: date | None = None,
    terms: re.Pattern[str] | None = None,
    more: Iterable[Found] = (),
) -> list[Entity]:
    """Return one line's entities; ``more`` were found otherwise and count after the others."""
    text = utterance.text
    tokens = tokens_of(text)
    candidates = [
        *dates_in(text, tokens, day),
        *amounts_in(tokens),
        *times_in(tokens),
        *measures_in(tokens),
        *products_in(text, terms),
        *more,
    ]
    taken = _personal(utterance)
    kept: list[Found] = []
    for candidate in candidates:
        if all(candidate.end <= start or end <= candidate.start for start, end in taken):
            taken.append((candidate.start, candidate.end))
            kept.append(candidate)
    return [_entity(utterance, one) for one in sorted(kept, key=lambda f: f.start)]


def again_in_corrected(transcript: Transcript, corrected: Iterable[str]) -> tuple[Entity, ...]:
    """Return the transcript's entities with those of corrected lines read from their new text.

    Names of products and organisations stay where the new text still has them.
    """
    if not speaks(transcript.language):
        return transcript.entities
    changed = set(corrected)
    names: dict[str, list[Found]] = {}
    kept: dict[str, list[Entity]] = {}
    for entity in transcript.entities:
        if entity.utterance not in changed:
            kept.setdefault(entity.utterance, []).append(entity)
        elif entity.kind in NAMES:
            names.setdefault(entity.utterance, []).append(_as_found(entity))
    entities: list[Entity] = []
    for utterance in transcript.utterances:
        if utterance.id in changed:
            entities += line_entities(utterance, more=_moved(utterance, names))
        else:
            entities += kept.get(utterance.id, [])
    return tuple(entities)


def _moved(utterance: Utterance, names: dict[str, list[Found]]) -> list[Found]:
    low = utterance.text.lower()
    moved = []
    for name in names.get(utterance.id, []):
        at = low.find(name.value.lower())
        if at >= 0 and len(low) == len(utterance.text):
            moved.append(replace(name, start=at, end=at + len(name.value)))
    return moved


def _as_found(entity: Entity) -> Found:
    return Found(kind=entity.kind, value=entity.text, start=entity.start_char, end=entity.end_char)


def _personal(utterance: Utterance) -> list[tuple[int, int]]:
    marked = [(m.start_char, m.end_char) for m in utterance.pii]
    return marked + [(m.start_char, m.end_char) for m in placeholders_in(utterance.text)]


def _entity(utterance: Utterance, one: Found) -> Entity:
    start_ms, end_ms = _times(utterance, one.start, one.end)
    return Entity(
        kind=one.kind,
        text=utterance.text[one.start : one.end],
        value=one.value,
        utterance=utterance.id,
        start_ms=start_ms,
        end_ms=end_ms,
        start_char=one.start,
        end_char=one.end,
        amount_minor=one.amount_minor,
        currency=one.currency,
    )


def _times(utterance: Utterance, start: int, end: int) -> tuple[int, int]:
    """Return when a range of the text is said, by its words; the line's times without them."""
    said = [w for w, s, e in _placed(utterance.words, utterance.text) if s < end and start < e]
    if not said:
        return utterance.start_ms, utterance.end_ms
    return said[0].start_ms, max(w.end_ms for w in said)


def _placed(words: Sequence[Word], text: str) -> list[tuple[Word, int, int]]:
    placed, at = [], 0
    for word in words:
        bare = word.text.strip()
        found_at = text.find(bare, at) if bare else -1
        if found_at >= 0:
            at = found_at + len(bare)
            placed.append((word, found_at, at))
    return placed
