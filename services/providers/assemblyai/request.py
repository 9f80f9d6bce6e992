"""A run's options as the fields of AssemblyAI's request for a transcript."""

from collections.abc import Sequence
from typing import Any

from services.audio.recording import ChannelLayout, Recording
from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest
from services.providers.assemblyai import options as names
from services.providers.assemblyai.options import policies_of
from services.providers.capabilities import OptionValues
from services.providers.notices import Expected

Fields = dict[str, Any]

NEWEST_FIRST = ("universal-3-pro", "universal-2")
MOST_TERMS = {"universal-3-5-pro": 1000, "universal-3-pro": 1000, "universal-2": 200}
MOST_TERM_WORDS = 6
MOST_EXPECTED = 10
_LOCALES = {"en_gb": "en_uk"}
_KNOWN_LOCALES = frozenset(["en_au", "en_uk", "en_us", "de_ch"])


def by_channel(recording: Recording, values: OptionValues) -> bool:
    """Say whether each channel is one speaker; otherwise voices are told apart."""
    separate = recording.layout is ChannelLayout.SEPARATE and recording.pcm.channels > 1
    return separate and values.text(names.CHANNELS) != names.OFF


def request_fields(
    recording: Recording,
    options: ProcessingOptions,
    values: OptionValues,
    expected: Expected | None = None,
) -> Fields:
    """Return the fields by the names of the SDK's ``TranscriptionConfig``.

    ``expected`` is the notice that the service is to send when it is done. Raises InvalidRequest.
    """
    fields: Fields = {
        **_model(options.vocabulary, values),
        **_language(options, values),
        **_speakers(recording, options, values),
        **_extras(options, values),
        **_redaction(values),
    }
    if expected is not None:
        fields["webhook_url"] = expected.url
        fields["webhook_auth_header_name"] = expected.header
        fields["webhook_auth_header_value"] = expected.secret
    return fields


def _model(vocabulary: Sequence[str], values: OptionValues) -> Fields:
    chosen = values.text(names.MODEL)
    terms = [term for term in vocabulary if 1 <= len(term.split()) <= MOST_TERM_WORDS]
    if chosen == names.BEST:
        return {"speech_model": chosen, **({"word_boost": terms[:1000]} if terms else {})}
    models = [chosen] if chosen else list(NEWEST_FIRST)
    most = min(MOST_TERMS[model] for model in models)
    return {
        "speech_models": models,
        **({"keyterms_prompt": terms[:most]} if terms else {}),
    }


def _language(options: ProcessingOptions, values: OptionValues) -> Fields:
    if options.language:
        return {"language_code": _code(options.language)}
    fields: Fields = {"language_detection": True}
    least = values.number(names.LEAST_CONFIDENCE)
    if least is not None:
        fields["language_confidence_threshold"] = least
    if expected := values.parts(names.EXPECTED_LANGUAGES):
        fields["language_detection_options"] = {"expected_languages": [_code(e) for e in expected]}
    return fields


def _code(language: str) -> str:
    """Return the service's code: with a region where it knows that one, else without."""
    code = language.strip().casefold().replace("-", "_")
    code = _LOCALES.get(code, code)
    return code if code in _KNOWN_LOCALES else code.partition("_")[0]


def _speakers(recording: Recording, options: ProcessingOptions, values: OptionValues) -> Fields:
    if by_channel(recording, values):
        return {"multichannel": True}
    fields: Fields = {"speaker_labels": True}
    exactly, least, most = options.expected_speakers, options.min_speakers, options.max_speakers
    if exactly is not None and exactly <= MOST_EXPECTED:
        return {**fields, "speakers_expected": exactly}
    if exactly is not None:
        least = most = exactly
    bounds = {"min_speakers_expected": least, "max_speakers_expected": most}
    given = {name: count for name, count in bounds.items() if count is not None}
    return {**fields, "speaker_options": given} if given else fields


def _extras(options: ProcessingOptions, values: OptionValues) -> Fields:
    fields: Fields = {}
    if options.keep_fillers:
        fields["disfluencies"] = True
    if values.flag(names.PROFANITY):
        fields["filter_profanity"] = True
    if values.flag(names.SENTIMENT):
        fields["sentiment_analysis"] = True
    # A summary there is written on the words as they were spoken, whatever is taken out of them.
    if (summary := values.text(names.SUMMARY)) and not values.flag(names.REDACTION):
        fields.update(summarization=True, summary_model="conversational", summary_type=summary)
    if spelling := _spelling(options.spelling):
        fields["custom_spelling"] = spelling
    return fields


def _spelling(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Return what is heard by how it is written; the service writes single words only.

    All other pairs are written here afterwards, as for every provider.
    """
    spelling: dict[str, list[str]] = {}
    for heard, written in pairs:
        if len(written.split()) == 1:
            spelling.setdefault(written, []).append(heard)
    return spelling


def _redaction(values: OptionValues) -> Fields:
    if not values.flag(names.REDACTION):
        if values.text(names.COVERED_SOUND):
            raise InvalidRequest(f"The option {names.COVERED_SOUND} needs {names.REDACTION}=yes.")
        return {}
    fields: Fields = {
        "redact_pii": True,
        "redact_pii_policies": policies_of(values),
        "redact_pii_sub": values.text(names.SUBSTITUTION) or names.ENTITY_NAME,
    }
    if cover := values.text(names.COVERED_SOUND):
        fields["redact_pii_audio"] = True
        fields["redact_pii_audio_quality"] = "mp3"
        if cover == names.SILENCE:
            fields["redact_pii_audio_options"] = {"override_audio_redaction_method": "silence"}
    return fields
