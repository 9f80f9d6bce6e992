"""Topics and entities of a transcript as they lie in its body; older bodies have none."""

from collections.abc import Mapping
from typing import Any

from services.domain.speech import Transcript
from services.domain.topics import Entity, EntityKind, LineTopics, Topic

Json = Any


def pack_subjects(transcript: Transcript) -> dict[str, Json]:
    """Return what a call is about and what is named in it, as lists of their fields."""
    return {
        "line_topics": [[t.utterance, t.probabilities] for t in transcript.line_topics],
        "topics": [[t.id, t.confidence, t.utterances] for t in transcript.topics],
        "entities": [list(vars(e).values()) for e in transcript.entities],
    }


def unpack_subjects(form: Mapping[str, Json]) -> dict[str, Json]:
    """Return the transcript's fields that ``pack_subjects`` wrote."""
    return {
        "line_topics": tuple(
            LineTopics(
                utterance=utterance,
                probabilities=tuple((topic, share) for topic, share in probabilities),
            )
            for utterance, probabilities in form.get("line_topics", ())
        ),
        "topics": tuple(
            Topic(id=topic, confidence=confidence, utterances=tuple(utterances))
            for topic, confidence, utterances in form.get("topics", ())
        ),
        "entities": tuple(_entity(*row) for row in form.get("entities", ())),
    }


def _entity(kind: str, *rest: Json) -> Entity:
    names = list(Entity.__dataclass_fields__)[1:]
    return Entity(kind=EntityKind(kind), **dict(zip(names, rest, strict=True)))
