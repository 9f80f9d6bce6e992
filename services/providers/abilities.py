"""What a provider can do and what it needs, in words."""

from services.providers.capabilities import Capabilities, Readiness


def state_words(readiness: Readiness) -> str:
    """Return ``ready``, or what has to be done first: ``set AZURE_SPEECH_KEY``."""
    if readiness.ready:
        return "ready"
    missing = " and ".join(readiness.missing)
    return f"set {missing}" if missing else readiness.hint or "not available"


def abilities(capabilities: Capabilities) -> tuple[str, ...]:
    """Return what a provider does by itself, each as a few words."""
    channels = capabilities.live_channels
    said = {
        "recorded calls": capabilities.recorded,
        "live calls" if channels == 1 else f"live calls of {channels} channels": capabilities.live,
        "each channel by itself": capabilities.separate_channels,
        "telling speakers apart": capabilities.diarization,
        "a given number of speakers": capabilities.expected_speakers,
        "finding out the language": capabilities.language_detection,
        _languages(capabilities): True,
        "words to listen for": capabilities.vocabulary,
        **dict(_understanding(capabilities)),
        "finding holds": capabilities.holds,
        f"recordings of up to {capabilities.longest}": capabilities.longest is not None,
    }
    return tuple(words for words, holds in said.items() if holds)


def added_here(capabilities: Capabilities) -> tuple[str, ...]:
    """Return what this machine adds to a provider's transcripts."""
    said = (("telling speakers apart", capabilities.diarization), *_understanding(capabilities))
    return tuple(words for words, holds in said if not holds)


def _understanding(capabilities: Capabilities) -> tuple[tuple[str, bool], ...]:
    return (
        ("sentiment", capabilities.sentiment),
        ("taking out personal data", capabilities.redaction),
        ("a summary", capabilities.summary),
        ("loudness", capabilities.loudness),
    )


def _languages(capabilities: Capabilities) -> str:
    languages = capabilities.languages
    if languages is None:
        return "any language"
    if len(languages) == 1:
        return f"one language ({languages[0]})"
    return f"{len(languages)} languages"
