"""Our short language codes as the locales that Azure knows, and back."""

from collections.abc import Mapping

_USUAL: Mapping[str, str] = {
    "en": "en-US",
    "ar": "ar-EG",
    "bg": "bg-BG",
    "ca": "ca-ES",
    "zh": "zh-CN",
    "hr": "hr-HR",
    "cs": "cs-CZ",
    "da": "da-DK",
    "nl": "nl-NL",
    "fi": "fi-FI",
    "fr": "fr-FR",
    "de": "de-DE",
    "el": "el-GR",
    "he": "he-IL",
    "hi": "hi-IN",
    "hu": "hu-HU",
    "id": "id-ID",
    "it": "it-IT",
    "ja": "ja-JP",
    "ko": "ko-KR",
    "no": "nb-NO",
    "pl": "pl-PL",
    "pt": "pt-BR",
    "ro": "ro-RO",
    "ru": "ru-RU",
    "sk": "sk-SK",
    "es": "es-ES",
    "sv": "sv-SE",
    "tr": "tr-TR",
    "uk": "uk-UA",
    "vi": "vi-VN",
}
LANGUAGES = tuple(_USUAL)


def locale_of(language: str) -> str:
    """Return the locale of a language: ``en`` is ``en-US``, and ``en-GB`` stays what it is.

    What isn't known is passed on as it stands, for the service to refuse.
    """
    code, _, place = language.strip().replace("_", "-").partition("-")
    if place:
        return f"{code.lower()}-{place.upper() if len(place) == 2 else place}"
    return _USUAL.get(code.lower(), code)


def language_of(locale: str) -> str:
    """Return the short code of a locale: ``en`` for ``en-US``, ``no`` for ``nb-NO``."""
    code = locale.partition("-")[0].lower()
    return "no" if code == "nb" else code
