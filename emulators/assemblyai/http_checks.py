"""What the service refuses in a request for a transcript, with the words it finds for it."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlparse

SCHEMA = "Invalid endpoint schema, please refer to documentation for examples."
MODELS = {"universal-3-5-pro", "universal-3-pro", "universal-2", "slam-1", "universal"}
OLD_MODELS = {"best", "nano", "slam-1", "universal"}
TAKE_BOOSTS = {"best", "universal"}
MOST_KEYTERMS = {"universal-2": 200}
MOST_KEYTERM_WORDS = 6
POLICIES = frozenset(
    [
        "account_number",
        "banking_information",
        "blood_type",
        "credit_card_cvv",
        "credit_card_expiration",
        "credit_card_number",
        "date",
        "date_interval",
        "date_of_birth",
        "drivers_license",
        "drug",
        "duration",
        "email_address",
        "event",
        "filename",
        "gender",
        "gender_sexuality",
        "healthcare_number",
        "injury",
        "ip_address",
        "language",
        "location",
        "location_address",
        "location_address_street",
        "location_city",
        "location_coordinate",
        "location_country",
        "location_state",
        "location_zip",
        "marital_status",
        "medical_condition",
        "medical_process",
        "money_amount",
        "nationality",
        "number_sequence",
        "occupation",
        "organization",
        "organization_medical_facility",
        "passport_number",
        "password",
        "person_age",
        "person_name",
        "phone_number",
        "physical_attribute",
        "political_affiliation",
        "religion",
        "sexuality",
        "statistics",
        "time",
        "url",
        "us_social_security_number",
        "username",
        "vehicle_id",
        "zodiac_sign",
    ]
)
SUMMARIES = {
    "informative": {"bullets", "bullets_verbose", "headline", "paragraph"},
    "conversational": {"bullets", "bullets_verbose", "headline", "paragraph"},
    "catchy": {"headline", "gist"},
}
_CODE = re.compile(r"[a-z]{2,3}(_[a-z]{2})?")

_BOOL = (bool,)
_KINDS: Mapping[str, tuple[type, ...]] = {
    "audio_url": (str,),
    "language_code": (str,),
    "language_codes": (list,),
    "punctuate": _BOOL,
    "format_text": _BOOL,
    "dual_channel": _BOOL,
    "multichannel": _BOOL,
    "webhook_url": (str,),
    "webhook_auth_header_name": (str,),
    "webhook_auth_header_value": (str,),
    "audio_start_from": (int,),
    "audio_end_at": (int,),
    "word_boost": (list,),
    "boost_param": (str,),
    "filter_profanity": _BOOL,
    "redact_pii": _BOOL,
    "redact_pii_audio": _BOOL,
    "redact_pii_audio_quality": (str,),
    "redact_pii_audio_options": (dict,),
    "redact_pii_policies": (list,),
    "redact_pii_sub": (str,),
    "redact_pii_return_unredacted": _BOOL,
    "speaker_labels": _BOOL,
    "speakers_expected": (int,),
    "speaker_options": (dict,),
    "content_safety": _BOOL,
    "content_safety_confidence": (int,),
    "iab_categories": _BOOL,
    "custom_spelling": (list,),
    "disfluencies": _BOOL,
    "sentiment_analysis": _BOOL,
    "auto_chapters": _BOOL,
    "entity_detection": _BOOL,
    "summarization": _BOOL,
    "summary_model": (str,),
    "summary_type": (str,),
    "auto_highlights": _BOOL,
    "language_detection": _BOOL,
    "language_confidence_threshold": (int, float),
    "language_detection_options": (dict,),
    "speech_threshold": (int, float),
    "speech_model": (str,),
    "speech_models": (list,),
    "prompt": (str,),
    "temperature": (int, float),
    "remove_audio_tags": (str,),
    "keyterms_prompt": (list,),
    "keyterms_prompt_options": (dict,),
    "speech_understanding": (dict,),
    "domain": (str,),
}

Asked = Mapping[str, Any]


def refusal_of(asked: Any) -> str | None:
    """Return why a request is refused, or None when it is not."""
    if not isinstance(asked, dict) or any(not _fits(name, asked[name]) for name in asked):
        return SCHEMA
    for check in _CHECKS:
        if refusal := check(asked):
            return refusal
    return None


def _fits(name: str, value: Any) -> bool:
    kinds = _KINDS.get(name)
    if kinds is None or not isinstance(value, kinds):
        return False
    return not (isinstance(value, bool) and bool not in kinds)


def _address(asked: Asked) -> str | None:
    url = asked.get("audio_url")
    if not url or urlparse(url).scheme not in {"http", "https"}:
        return "Please provide a valid URL for 'audio_url'."
    return None


def _webhook(asked: Asked) -> str | None:
    url = asked.get("webhook_url")
    if url is not None and urlparse(url).scheme not in {"http", "https"}:
        return "'webhook_url' must be a valid URL"
    named = "webhook_auth_header_name" in asked
    if named != ("webhook_auth_header_value" in asked) or (named and url is None):
        return "'webhook_auth_header_name' and 'webhook_auth_header_value' go with a 'webhook_url'"
    return None


def _language(asked: Asked) -> str | None:
    code, detects = asked.get("language_code"), asked.get("language_detection")
    if code is not None and not _CODE.fullmatch(code):
        return f"Unsupported language_code '{code}'"
    if code is not None and detects:
        return "'language_detection' is not available with a 'language_code'"
    threshold = asked.get("language_confidence_threshold")
    if threshold is not None and not (detects and 0 <= threshold <= 1):
        return "'language_confidence_threshold' is from 0 to 1, with 'language_detection'"
    if "language_detection_options" in asked and not detects:
        return "'language_detection_options' require 'language_detection'"
    share = asked.get("speech_threshold")
    return None if share is None or 0 <= share <= 1 else "'speech_threshold' is from 0 to 1"


def _speakers(asked: Asked) -> str | None:
    count, bounds = asked.get("speakers_expected"), asked.get("speaker_options")
    if (count is not None or bounds is not None) and not asked.get("speaker_labels"):
        return "'speakers_expected' and 'speaker_options' require 'speaker_labels'"
    if count is not None and bounds is not None:
        return "'speakers_expected' and 'speaker_options' can't be used together"
    if count is not None and not 1 <= count <= 10:
        return "'speakers_expected' is from 1 to 10"
    if asked.get("dual_channel") and asked.get("multichannel"):
        return "'dual_channel' and 'multichannel' can't be used together"
    return None


def _models(asked: Asked) -> str | None:
    model, models = asked.get("speech_model"), asked.get("speech_models")
    if model is not None and model not in OLD_MODELS:
        return f"'{model}' is no speech model"
    if model is not None and models is not None:
        return "'speech_model' and 'speech_models' can't be used together"
    if models is not None and not (models and set(models) <= MODELS):
        return f"'speech_models' are of {sorted(MODELS)}"
    return None


def _terms(asked: Asked) -> str | None:
    models = asked.get("speech_models") or [asked.get("speech_model") or "universal-3-pro"]
    terms, boosted = asked.get("keyterms_prompt"), asked.get("word_boost")
    if boosted is not None and not set(models) <= TAKE_BOOSTS:
        return "'word_boost' is not supported by this speech model; use 'keyterms_prompt'"
    if asked.get("boost_param") not in (None, "low", "default", "high"):
        return SCHEMA
    if terms is None:
        return None
    if "prompt" in asked:
        return "'prompt' and 'keyterms_prompt' can't be used together"
    if len(terms) > min(MOST_KEYTERMS.get(model, 1000) for model in models):
        return "'keyterms_prompt' holds too many terms"
    if any(not 1 <= len(str(term).split()) <= MOST_KEYTERM_WORDS for term in terms):
        return f"A term of 'keyterms_prompt' has {MOST_KEYTERM_WORDS} words at most"
    return None


def _personal(asked: Asked) -> str | None:
    depending = [name for name in asked if name.startswith("redact_pii_")]
    if not asked.get("redact_pii"):
        return f"'{depending[0]}' requires 'redact_pii'" if depending else None
    policies = asked.get("redact_pii_policies")
    if not policies or not set(policies) <= POLICIES:
        return "'redact_pii_policies' must name supported policies"
    if asked.get("redact_pii_sub") not in (None, "hash", "entity_name"):
        return "'redact_pii_sub' is 'hash' or 'entity_name'"
    if asked.get("redact_pii_audio_quality") not in (None, "mp3", "wav"):
        return "'redact_pii_audio_quality' is 'mp3' or 'wav'"
    return None


def _summary(asked: Asked) -> str | None:
    if not asked.get("summarization"):
        return None
    model, kind = asked.get("summary_model"), asked.get("summary_type")
    if (model is None) != (kind is None):
        return "'summary_model' and 'summary_type' go together"
    if model is not None and kind not in SUMMARIES.get(model, set()):
        return f"'summary_type' {kind} is not available with 'summary_model' {model}"
    if asked.get("punctuate") is False or asked.get("format_text") is False:
        return "'summarization' requires 'punctuate' and 'format_text'"
    told = asked.get("speaker_labels") or asked.get("multichannel") or asked.get("dual_channel")
    if model == "conversational" and not told:
        return "'conversational' requires 'speaker_labels' or several channels"
    return None


def _rest(asked: Asked) -> str | None:
    start, end = asked.get("audio_start_from"), asked.get("audio_end_at")
    if (start or 0) < 0 or (end is not None and end <= (start or 0)):
        return "'audio_end_at' must come after 'audio_start_from'"
    for pair in asked.get("custom_spelling") or ():
        if not (isinstance(pair, dict) and set(pair) == {"from", "to"} and pair["from"]):
            return SCHEMA
        if not isinstance(pair["to"], str) or len(pair["to"].split()) != 1:
            return "'to' of 'custom_spelling' must be one word"
    return None


_CHECKS: tuple[Callable[[Asked], str | None], ...] = (
    _address,
    _webhook,
    _language,
    _speakers,
    _models,
    _terms,
    _personal,
    _summary,
    _rest,
)
