"""What a live call can ask of the service, and the parameters this becomes."""

from typing import Any

from services.audio.recording import SAMPLE_RATE
from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest
from services.providers.capabilities import OptionKind, OptionValues, ProviderOption

MOST_VOICES = 10
MOST_KEYTERMS = 100
LONGEST_KEYTERM = 50
ENGLISH, MULTILINGUAL = "universal-streaming-english", "universal-streaming-multilingual"
PRO, NEWER_PRO = "u3-rt-pro", "universal-3-5-pro"

# Confidence from which a turn may end, and the shortest and longest silence that ends one, in
# milliseconds: the service's own advice for quick answers, for conversations and for long thoughts.
TURN_ENDS = {
    "quick": (0.4, 160, 400),
    "balanced": (0.4, 400, 1_280),
    "dictation": (0.7, 800, 3_600),
}

LIVE_OPTIONS: tuple[ProviderOption, ...] = (
    ProviderOption(
        name="live_turns",
        title="End of a line",
        help="How long a pause ends a line while a call is held.",
        choices=(
            ("quick", "Quick replies: lines end at short pauses"),
            ("balanced", "Balanced"),
            ("dictation", "Dictation: long pauses are waited out"),
        ),
        default="balanced",
        recorded=False,
        live=True,
    ),
    ProviderOption(
        name="live_min_silence_ms",
        title="Shortest pause that ends a line",
        help="Milliseconds of silence after what sounds like an end. Empty: as chosen above.",
        kind=OptionKind.NUMBER,
        least=0,
        most=10_000,
        recorded=False,
        live=True,
    ),
    ProviderOption(
        name="live_max_silence_ms",
        title="Pause that always ends a line",
        help="Milliseconds of silence that end a line in any case. Empty: as chosen above.",
        kind=OptionKind.NUMBER,
        least=50,
        most=10_000,
        recorded=False,
        live=True,
    ),
    ProviderOption(
        name="live_model",
        title="Model for live calls",
        help="Empty: the English model for calls in English, else the one for several languages.",
        choices=(
            (ENGLISH, "Universal-Streaming, English"),
            (MULTILINGUAL, "Universal-Streaming, several languages"),
            (PRO, "Universal-3 Pro Streaming"),
            (NEWER_PRO, "Universal-3.5 Pro Streaming"),
        ),
        recorded=False,
        live=True,
    ),
)


def streaming_parameters(
    options: ProcessingOptions, values: OptionValues, *, voices: bool
) -> dict[str, Any]:
    """Return the parameters of a session by the names of the SDK.

    With ``voices`` the service tells speakers apart. Raises InvalidRequest.
    """
    is_english = (options.language or "").partition("-")[0] == "en"
    model = values.text("live_model") or (ENGLISH if is_english else MULTILINGUAL)
    confidence, least_ms, most_ms = _turn_end(values)
    asked: dict[str, Any] = {
        "sample_rate": SAMPLE_RATE,
        "encoding": "pcm_s16le",
        "speech_model": model,
        "min_turn_silence": least_ms,
        "max_turn_silence": most_ms,
    }
    if model not in (PRO, NEWER_PRO):
        # Those write formatted turns only, and end them by what was said.
        asked["format_turns"] = True
        asked["end_of_turn_confidence_threshold"] = confidence
    if options.language is None:
        asked["language_detection"] = True
    if keyterms := _keyterms(options):
        asked["keyterms_prompt"] = keyterms
    if voices:
        asked["speaker_labels"] = True
        if most := options.expected_speakers or options.max_speakers:
            asked["max_speakers"] = min(most, MOST_VOICES)
    return asked


def _turn_end(values: OptionValues) -> tuple[float, int, int]:
    confidence, least_ms, most_ms = TURN_ENDS[values.text("live_turns") or "balanced"]
    asked_least, asked_most = (
        values.number(name) for name in ("live_min_silence_ms", "live_max_silence_ms")
    )
    least_ms = round(asked_least) if asked_least is not None else least_ms
    if asked_most is not None and round(asked_most) < least_ms:
        if asked_least is not None:
            raise InvalidRequest("The shortest pause that ends a line is above the longest.")
        least_ms = round(asked_most)
    most_ms = round(asked_most) if asked_most is not None else max(most_ms, least_ms)
    return confidence, least_ms, most_ms


def _keyterms(options: ProcessingOptions) -> list[str]:
    """Return the words to listen for that the service takes: not too many, not too long."""
    fitting = [term for term in options.vocabulary if 0 < len(term) <= LONGEST_KEYTERM]
    return fitting[:MOST_KEYTERMS]
