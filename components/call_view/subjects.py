"""What a call is about, with the lines that carried it, and what was named in it."""

from collections.abc import Iterable, Sequence

import streamlit as st

from components.heading import draw_panel_title
from components.places import draw_place, draw_words_at
from components.wording import clock, percent, plain, plural
from services.domain.reviewed import ReviewedCall
from services.domain.speech import Transcript, Utterance
from services.domain.topics import Entity, EntityKind, Topic

KIND_WORDS = {
    EntityKind.AMOUNT: "Amounts",
    EntityKind.DATE: "Dates",
    EntityKind.TIME: "Times",
    EntityKind.DURATION: "Durations",
    EntityKind.PERCENTAGE: "Percentages",
    EntityKind.QUANTITY: "Quantities",
    EntityKind.PRODUCT: "Products and services",
    EntityKind.ORGANISATION: "Organisations",
}
MOST_SHOWN = 12
"""Of one kind, in the order of the call; the JSON export has all of them."""


def draw_subjects(reviewed: ReviewedCall) -> int | None:
    """Draw topics and entities; return the place in ms of what was clicked."""
    transcript = reviewed.transcript
    with st.container(border=True, gap="small", key="subjects"):
        draw_panel_title("What it is about")
        if not transcript.topics:
            st.caption(_no_topic(transcript))
        clicked = [_draw_topics(transcript)]
        if transcript.entities:
            with st.expander(
                f"Named in the call ({len(transcript.entities)})", icon=":material/sell:"
            ):
                clicked.append(_draw_entities(transcript))
    return next((at for at in clicked if at is not None), None)


def _no_topic(transcript: Transcript) -> str:
    language = (transcript.language or "en").casefold().split("-")[0]
    if language != "en":
        return "Topics are recognised in English calls only."
    if not transcript.line_topics:
        return "No topic was looked for or found in this call."
    return "The call does not tell clearly enough what it is about."


def _draw_topics(transcript: Transcript) -> int | None:
    clicked: int | None = None
    with st.container(horizontal=True, gap="small"):
        for topic in transcript.topics:
            with st.popover(topic.name, icon=":material/label:", width="content"):
                at = _draw_why(topic, transcript)
                clicked = at if at is not None else clicked
    return clicked


def _draw_why(topic: Topic, transcript: Transcript) -> int | None:
    """Draw why a call is said to be about a topic: the lines and how surely."""
    st.caption(
        f"{percent(topic.confidence)} of what speaks for any topic speaks for this one. "
        f"It rests on {plural(len(topic.utterances), 'line')}:"
    )
    lines = {u.id: u for u in transcript.utterances}
    clicked: int | None = None
    for number, line in enumerate(lines[u] for u in topic.utterances if u in lines):
        if _draw_line(line, transcript, key=f"why_{topic.id}_{number}"):
            clicked = line.start_ms
    return clicked


def _draw_line(line: Utterance, transcript: Transcript, *, key: str) -> bool:
    speaker = transcript.speaker(line.speaker)
    said_by = f"**{plain(speaker.label)}:** " if speaker else ""
    return draw_words_at(line.start_ms, said_by + plain(line.text), key=key)


def _draw_entities(transcript: Transcript) -> int | None:
    clicked: int | None = None
    for kind, entities in by_kind(transcript.entities):
        st.markdown(f"**{KIND_WORDS[kind]}**")
        with st.container(horizontal=True, gap="small"):
            for number, entity in enumerate(entities[:MOST_SHOWN]):
                if _draw_entity(entity, key=f"named_{kind}_{number}"):
                    clicked = entity.start_ms
        if len(entities) > MOST_SHOWN:
            st.caption(f"and {len(entities) - MOST_SHOWN:,} more that are not shown")
    st.caption("As said; in brackets what it means, where that was worked out.")
    return clicked


def by_kind(entities: Iterable[Entity]) -> list[tuple[EntityKind, Sequence[Entity]]]:
    """Return the kinds that occur with their entities, each in the order of the call."""
    grouped = {kind: [e for e in entities if e.kind is kind] for kind in KIND_WORDS}
    return [(kind, found) for kind, found in grouped.items() if found]


def entity_label(entity: Entity) -> str:
    """Return an entity as said, with its value where that says more."""
    same = entity.value.casefold() == entity.text.casefold()
    return (
        entity.text
        if same or entity.kind is EntityKind.DURATION
        else (f"{entity.text} ({entity.value})")
    )


def _draw_entity(entity: Entity, *, key: str) -> bool:
    words = f"{clock(entity.start_ms)} {plain(entity_label(entity))}"
    return draw_place(entity.start_ms, key=key, words=words)
