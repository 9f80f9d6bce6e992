"""What is asked of the service for a live call."""

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest
from services.providers.assemblyai.live_options import LIVE_OPTIONS, streaming_parameters
from services.providers.capabilities import Capabilities, OptionValues

CAPABILITIES = Capabilities(name="assemblyai", title="AssemblyAI", options=LIVE_OPTIONS)


def asked(*, voices: bool = True, given: dict[str, str] | None = None, **options):
    run = ProcessingOptions(
        provider="assemblyai", provider_options=tuple((given or {}).items()), **options
    )
    return streaming_parameters(run, OptionValues(CAPABILITIES, run), voices=voices)


def test_the_plainest_call() -> None:
    assert asked(language="en") == {
        "sample_rate": 16_000,
        "encoding": "pcm_s16le",
        "speech_model": "universal-streaming-english",
        "format_turns": True,
        "end_of_turn_confidence_threshold": 0.4,
        "min_turn_silence": 400,
        "max_turn_silence": 1_280,
        "speaker_labels": True,
    }


def test_an_unknown_language_is_detected() -> None:
    parameters = asked()
    assert parameters["speech_model"] == "universal-streaming-multilingual"
    assert parameters["language_detection"] is True


def test_another_language_needs_the_model_for_several() -> None:
    parameters = asked(language="de")
    assert parameters["speech_model"] == "universal-streaming-multilingual"
    assert "language_detection" not in parameters


@pytest.mark.parametrize("model", ["u3-rt-pro", "universal-3-5-pro"])
def test_a_chosen_model_is_asked_for_what_it_knows(model: str) -> None:
    parameters = asked(language="en", given={"live_model": model})
    assert parameters["speech_model"] == model
    assert "format_turns" not in parameters
    assert "end_of_turn_confidence_threshold" not in parameters
    assert parameters["max_turn_silence"] == 1_280


def test_english_is_english_wherever_it_is_spoken() -> None:
    assert asked(language="en-GB")["speech_model"] == "universal-streaming-english"


@pytest.mark.parametrize(
    ("turns", "expected"),
    [("quick", (0.4, 160, 400)), ("balanced", (0.4, 400, 1_280)), ("dictation", (0.7, 800, 3_600))],
)
def test_the_presets_of_the_end_of_a_turn(turns: str, expected: tuple[float, int, int]) -> None:
    parameters = asked(given={"live_turns": turns})
    names = ("end_of_turn_confidence_threshold", "min_turn_silence", "max_turn_silence")
    assert tuple(parameters[name] for name in names) == expected


def test_numbers_go_before_the_preset() -> None:
    given = {"live_turns": "quick", "live_min_silence_ms": "200", "live_max_silence_ms": "900"}
    parameters = asked(given=given)
    assert (parameters["min_turn_silence"], parameters["max_turn_silence"]) == (200, 900)


def test_one_number_takes_the_other_along() -> None:
    longer = asked(given={"live_turns": "quick", "live_min_silence_ms": "700"})
    assert (longer["min_turn_silence"], longer["max_turn_silence"]) == (700, 700)
    shorter = asked(given={"live_turns": "dictation", "live_max_silence_ms": "500"})
    assert (shorter["min_turn_silence"], shorter["max_turn_silence"]) == (500, 500)


def test_numbers_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="above the longest"):
        asked(given={"live_min_silence_ms": "900", "live_max_silence_ms": "300"})


def test_voices_are_told_apart_in_mixed_sound_only() -> None:
    assert asked(max_speakers=3)["max_speakers"] == 3
    assert asked(expected_speakers=2, max_speakers=5)["max_speakers"] == 2
    assert asked(max_speakers=20)["max_speakers"] == 10
    apart = asked(voices=False, max_speakers=3)
    assert "speaker_labels" not in apart
    assert "max_speakers" not in apart


def test_the_vocabulary_becomes_keyterms_as_far_as_the_service_takes_them() -> None:
    assert asked(vocabulary=("Harbor", "x" * 51, "Fields"))["keyterms_prompt"] == [
        "Harbor",
        "Fields",
    ]
    assert len(asked(vocabulary=tuple(f"w{n}" for n in range(150)))["keyterms_prompt"]) == 100
    assert "keyterms_prompt" not in asked(vocabulary=("x" * 51,))


def test_every_option_is_one_of_live_calls_only() -> None:
    for option in LIVE_OPTIONS:
        assert option.live
        assert not option.recorded
        assert option.help
        for value, words in option.choices:
            option.check(value)
            assert words
