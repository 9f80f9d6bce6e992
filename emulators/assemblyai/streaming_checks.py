"""What streaming v3 takes and what it refuses: parameters of the address and messages."""

import json
from collections.abc import Callable, Mapping
from typing import Any

TRUE, FALSE = ("true", "True"), ("false", "False")
MODELS = (
    "universal-streaming-english",
    "universal-streaming-multilingual",
    "u3-rt-pro",
    "whisper-rt",
    "universal-3-5-pro",
    "universal-3-6",
    "universal-3-6-pro",
)
MOST_KEYTERMS, LONGEST_KEYTERM = 100, 50
MOST_SPEAKERS = 10


class Refused(Exception):
    """The service refuses something; ``code`` is what its Error message and its close say."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


def _is_flag(value: str) -> bool:
    return value in (*TRUE, *FALSE)


def _is_number(least: float, most: float) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        try:
            return least <= float(value) <= most
        except ValueError:
            return False

    return check


def _is_count(least: int, most: int) -> Callable[[str], bool]:
    return lambda value: value.isdecimal() and least <= int(value) <= most


def _are_keyterms(value: str) -> bool:
    try:
        terms = json.loads(value)
    except ValueError:
        return False
    return (
        isinstance(terms, list)
        and len(terms) <= MOST_KEYTERMS
        and all(isinstance(t, str) and 0 < len(t) <= LONGEST_KEYTERM for t in terms)
    )


SESSION_PARAMETERS: Mapping[str, Callable[[str], bool]] = {
    "end_of_turn_confidence_threshold": _is_number(0, 1),
    "min_turn_silence": _is_count(0, 60_000),
    "max_turn_silence": _is_count(0, 60_000),
    "format_turns": _is_flag,
    "keyterms_prompt": _are_keyterms,
}
PARAMETERS: Mapping[str, Callable[[str], bool]] = {
    **SESSION_PARAMETERS,
    "sample_rate": _is_count(8_000, 48_000),
    "encoding": lambda value: value == "pcm_s16le",
    "speech_model": lambda value: value in MODELS,
    "speaker_labels": _is_flag,
    "max_speakers": _is_count(1, MOST_SPEAKERS),
    "language_detection": _is_flag,
    "inactivity_timeout": _is_count(5, 3_600),
}


def check_parameters(given: Mapping[str, str]) -> None:
    """Raise Refused for parameters of the address that the service would not take."""
    if "sample_rate" not in given:
        raise Refused(3006, "sample_rate is required")
    for name, value in given.items():
        fits = PARAMETERS.get(name)
        if fits is None or not fits(value):
            raise Refused(3006, f"Invalid parameter: {name}")
    if "max_speakers" in given and given.get("speaker_labels") not in TRUE:
        raise Refused(3006, "max_speakers needs speaker_labels")


def read_message(text: str) -> Mapping[str, Any]:
    """Return a client's message. Raises Refused for what is none, or is none of the known ones."""
    try:
        message = json.loads(text)
    except ValueError:
        raise Refused(4100, "Endpoint received invalid JSON") from None
    if not isinstance(message, dict):
        raise Refused(4101, "Endpoint received a message with an invalid schema")
    kind = message.get("type")
    if kind == "UpdateConfiguration":
        for name, value in message.items():
            fits = SESSION_PARAMETERS.get(name)
            written = json.dumps(value) if isinstance(value, list) else str(value)
            if name != "type" and (fits is None or not fits(written)):
                raise Refused(4101, "Endpoint received a message with an invalid schema")
    elif kind not in {"Terminate", "ForceEndpoint", "KeepAlive"}:
        raise Refused(4101, "Endpoint received a message with an invalid schema")
    return message
