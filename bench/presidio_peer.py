"""Presidio alone, with its own recognisers and spaCy's small English model, to compare with."""

from bench.libraries import library
from services.domain.speech import PiiMention, PiiType
from services.understanding.personal_data.entities import MODEL

TYPES = {
    "PERSON": PiiType.PERSON,
    "LOCATION": PiiType.ADDRESS,
    "PHONE_NUMBER": PiiType.PHONE,
    "EMAIL_ADDRESS": PiiType.EMAIL,
    "CREDIT_CARD": PiiType.CARD,
    "IBAN_CODE": PiiType.IBAN,
    "US_SSN": PiiType.SSN,
    "US_ITIN": PiiType.SSN,
    "US_PASSPORT": PiiType.SSN,
    "US_DRIVER_LICENSE": PiiType.SSN,
    "UK_NINO": PiiType.SSN,
    "UK_NHS": PiiType.SSN,
    "DATE_TIME": PiiType.DOB,
}
OTHERS = PiiType.ACCOUNT
"""What Presidio finds beside these (bank numbers, licences, …) counts as this kind."""


class PresidioAlone:
    """The analyser as its documentation makes one, loaded without a network."""

    def __init__(self) -> None:
        """Load the model (about 3 s)."""
        # It would fetch the public-suffix list on import; the copy in the package is enough.
        suffixes = library("tldextract")
        suffixes.extract = suffixes.TLDExtract(suffix_list_urls=(), cache_dir=None)
        presidio = library("presidio_analyzer")
        provider = library("presidio_analyzer.nlp_engine").NlpEngineProvider

        configuration = {
            "nlp_engine_name": "spacy",
            "models": [{"lang_code": "en", "model_name": MODEL}],
        }
        engine = provider(nlp_configuration=configuration).create_engine()
        self._analyzer = presidio.AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])

    def find(self, text: str) -> tuple[PiiMention, ...]:
        """Return what it finds, in characters."""
        return tuple(
            PiiMention(
                type=TYPES.get(found.entity_type, OTHERS),
                start_char=found.start,
                end_char=found.end,
            )
            for found in self._analyzer.analyze(text, language="en")
        )
