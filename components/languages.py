"""Languages that can be chosen for a recording, by their names."""

from collections.abc import Sequence

LANGUAGES = {
    "en": "English",
    "ar": "Arabic",
    "bg": "Bulgarian",
    "ca": "Catalan",
    "zh": "Chinese",
    "hr": "Croatian",
    "cs": "Czech",
    "da": "Danish",
    "nl": "Dutch",
    "fi": "Finnish",
    "fr": "French",
    "de": "German",
    "el": "Greek",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "es": "Spanish",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
}


def offered_languages(declared: Sequence[str] | None) -> list[str]:
    """Return what can be chosen of what a provider declares (None: any), the named ones first."""
    if declared is None:
        return list(LANGUAGES)
    named = [code for code in LANGUAGES if code in declared]
    return [*named, *sorted(set(declared) - set(named))]


def language_name(code: str | None) -> str:
    """Return the name of a language code, ``English (GB)`` for ``en-GB``.

    One that isn't in the list is its own name.
    """
    if code is None:
        return "not known"
    language, _, region = code.partition("-")
    if code in LANGUAGES or language not in LANGUAGES or not region:
        return LANGUAGES.get(code, code)
    return f"{LANGUAGES[language]} ({region})"
