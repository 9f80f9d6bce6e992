"""What Azure's HTTP services answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from emulators.azure_speech.http_forms import Sound
from emulators.azure_speech.http_script import Behaviour, SpokenLine

REFUSALS = {
    Behaviour.BAD_REQUEST: (400, "InvalidArgument"),
    Behaviour.WRONG_KEY: (401, "401"),
    Behaviour.FORBIDDEN: (403, "403"),
    Behaviour.NOT_FOUND: (404, "404"),
    Behaviour.TIMED_OUT: (408, "Timeout"),
    Behaviour.RETIRED: (410, "Gone"),
    Behaviour.BUSY: (429, "TooManyRequests"),
    Behaviour.BUSY_FOR_A_WHILE: (429, "TooManyRequests"),
    Behaviour.BUSY_FOR_AN_HOUR: (429, "QuotaExceeded"),
    Behaviour.FAULT: (500, "InternalServerError"),
    Behaviour.UNAVAILABLE: (503, "ServiceUnavailable"),
    Behaviour.REDIRECT: (307, "Moved"),
}


def error_body(code: str, message: str) -> dict[str, Any]:
    """Return how the service tells an error."""
    return {"error": {"code": code, "message": message}}


def transcription(
    asked: Mapping[str, Any], sound: Sound, lines: Sequence[SpokenLine]
) -> Mapping[str, Any]:
    """Return the answer to a definition about a sound in which these lines are heard."""
    channels: list[int] = asked.get("channels", [])
    heard = [line for line in lines if not channels or line.voice in channels]
    texts: dict[int | None, list[str]] = {}
    phrases = []
    for line in heard:
        phrase = _phrase(line, asked)
        texts.setdefault(phrase.get("channel"), []).append(line.text)
        phrases.append(phrase)
    combined = [
        {"text": " ".join(said)} | ({} if channel is None else {"channel": channel})
        for channel, said in texts.items()
    ]
    return {
        "durationMilliseconds": sound.duration_ms,
        "combinedPhrases": combined,
        "phrases": phrases,
    }


def _phrase(line: SpokenLine, asked: Mapping[str, Any]) -> dict[str, Any]:
    phrase: dict[str, Any] = {
        **_times(line.start_ms, line.end_ms),
        "text": line.text,
        "words": [{"text": w, **_times(s, e)} for w, s, e in line.timed_words()],
        "locale": line.locale,
    }
    if line.confidence is not None:
        phrase["confidence"] = line.confidence
    if asked.get("channels"):
        phrase["channel"] = line.voice
    elif diarization := asked.get("diarization"):
        phrase["speaker"] = 1 + min(line.voice, diarization.get("maxSpeakers", 2) - 1)
    return phrase


def _times(start_ms: int, end_ms: int) -> dict[str, int]:
    return {"offsetMilliseconds": start_ms, "durationMilliseconds": end_ms - start_ms}
