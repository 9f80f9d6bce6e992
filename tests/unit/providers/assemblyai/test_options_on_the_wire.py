"""Every option arrives at the service under the service's own name, and does there what it says."""

import pytest

from emulators.assemblyai.http import AssemblyAIEmulator
from emulators.assemblyai.http_checks import POLICIES
from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest
from services.domain.running import RunContext
from services.domain.speech import PiiType
from services.providers.assemblyai.options import (
    KINDS,
    OTHER_KINDS,
    RECORDED_OPTIONS,
    USUAL_POLICIES,
)
from tests.unit.providers.assemblyai.sounds import provider, recording


@pytest.fixture(scope="module")
def emulator():
    with AssemblyAIEmulator(language="de", language_confidence=0.8) as emulator:
        yield emulator


def extras(**values):
    return {"provider_options": tuple(values.items())}


def run(emulator, recorded=None, **options):
    transcript = provider(emulator).transcribe(
        recorded or recording(), ProcessingOptions(**options), RunContext()
    )
    return transcript, emulator.asked()


MODELS = ["universal-3-pro", "universal-2"]


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"language": "en"}, {"language_code": "en", "speech_models": MODELS}),
        ({"language": "en-GB"}, {"language_code": "en_uk"}),
        ({"language": "pt-BR"}, {"language_code": "pt"}),
        ({}, {"language_detection": True, "speaker_labels": True}),
        (extras(language_confidence="0.5"), {"language_confidence_threshold": 0.5}),
        (
            extras(expected_languages="en, de-CH"),
            {"language_detection_options": {"expected_languages": ["en", "de_ch"]}},
        ),
        ({"expected_speakers": 3}, {"speakers_expected": 3}),
        (
            {"expected_speakers": 12},
            {"speaker_options": {"min_speakers_expected": 12, "max_speakers_expected": 12}},
        ),
        (
            {"min_speakers": 2, "max_speakers": 4},
            {"speaker_options": {"min_speakers_expected": 2, "max_speakers_expected": 4}},
        ),
        ({"vocabulary": ("Harbor Energy", "CPAP")}, {"keyterms_prompt": ["Harbor Energy", "CPAP"]}),
        (
            {"vocabulary": ("CPAP",), **extras(model="best")},
            {"speech_model": "best", "word_boost": ["CPAP"]},
        ),
        (extras(model="universal-3-5-pro"), {"speech_models": ["universal-3-5-pro"]}),
        (
            {"spelling": (("see pap", "CPAP"), ("sea pap", "CPAP"), ("acme", "Acme Tel"))},
            {"custom_spelling": [{"from": ["see pap", "sea pap"], "to": "CPAP"}]},
        ),
        ({"keep_fillers": True}, {"disfluencies": True}),
        (extras(filter_profanity="yes"), {"filter_profanity": True}),
        (extras(sentiment="yes"), {"sentiment_analysis": True}),
        (
            extras(summary="paragraph"),
            {
                "summarization": True,
                "summary_model": "conversational",
                "summary_type": "paragraph",
            },
        ),
        (
            extras(redaction="yes", redaction_policies="person_name, occupation"),
            {
                "redact_pii": True,
                "redact_pii_policies": ["person_name", "occupation"],
                "redact_pii_sub": "entity_name",
            },
        ),
        (extras(redaction="yes", redaction_style="hash"), {"redact_pii_sub": "hash"}),
        (
            extras(redaction="yes", covered_sound="silence"),
            {
                "redact_pii_audio": True,
                "redact_pii_audio_quality": "mp3",
                "redact_pii_audio_options": {"override_audio_redaction_method": "silence"},
            },
        ),
    ],
)
def test_it_is_sent(emulator, options, sent):
    _, asked = run(emulator, **options)
    assert {name: asked.get(name) for name in sent} == sent


def test_sound_is_not_covered_without_anything_to_cover(emulator):
    before = emulator.count()
    with pytest.raises(InvalidRequest, match="covered_sound needs redaction=yes"):
        run(emulator, **extras(covered_sound="beep"))
    assert emulator.count() == before


def test_nothing_is_asked_for_that_nobody_chose(emulator):
    _, asked = run(emulator, language="en", keep_fillers=False)
    assert set(asked) == {"audio_url", "language_code", "speech_models", "speaker_labels"}


def test_two_channels_are_two_speakers(emulator):
    transcript, asked = run(emulator, recording(channels=2, separate=True))
    assert asked["multichannel"] is True
    assert "speaker_labels" not in asked
    assert [(s.id, s.channel) for s in transcript.speakers] == [("s1", 0), ("s2", 1)]
    assert {u.channel for u in transcript.utterances} == {0, 1}


def test_two_channels_can_be_heard_as_a_mix(emulator):
    transcript, asked = run(
        emulator,
        recording(channels=2, separate=True),
        expected_speakers=2,
        **extras(multichannel="off"),
    )
    assert asked["speaker_labels"] is True
    assert "multichannel" not in asked
    assert {s.channel for s in transcript.speakers} == {None}


def test_a_mix_of_two_channels_is_no_multichannel_call(emulator):
    _, asked = run(emulator, recording(channels=2))
    assert asked["speaker_labels"] is True


@pytest.mark.parametrize(("count", "heard"), [(1, 1), (2, 2), (3, 3)])
def test_so_many_speakers_as_expected(emulator, count, heard):
    transcript, _ = run(emulator, recording(45), expected_speakers=count)
    assert len(transcript.speakers) == heard


def test_the_language_is_detected_with_its_confidence(emulator):
    transcript, _ = run(emulator)
    assert (transcript.language, transcript.language_confidence) == ("de", 0.8)


def test_a_language_that_was_told_has_no_confidence(emulator):
    transcript, _ = run(emulator, language="en-US")
    assert (transcript.language, transcript.language_confidence) == ("en", None)


def test_fillers_stay_or_go(emulator):
    with_them, _ = run(emulator, keep_fillers=True)
    without, _ = run(emulator, keep_fillers=False)
    assert "Hi, um, my bill" in with_them.utterances[1].text
    assert "Hi, my bill" in without.utterances[1].text


def test_swear_words_can_be_covered(emulator):
    plain, _ = run(emulator, recording(45))
    covered, _ = run(emulator, recording(45), **extras(filter_profanity="yes"))
    assert any("damn" in u.text for u in plain.utterances)
    assert any("****" in u.text for u in covered.utterances)
    assert not any("damn" in u.text for u in covered.utterances)


def test_spelling_is_asked_for_and_its_echo_does_no_harm(emulator):
    transcript, _ = run(emulator, spelling=(("harbor energy", "HarborEnergy"),))
    assert "HarborEnergy billing" in transcript.utterances[0].text


def test_sentiment_is_beside_the_lines(emulator):
    transcript, _ = run(emulator, **extras(sentiment="yes"))
    scores = [u.provider_sentiment.score for u in transcript.utterances]
    assert scores[0] > 0.5
    assert scores[1] < -0.5
    assert all(u.sentiment is None for u in transcript.utterances)


def test_a_summary_is_the_calls(emulator):
    transcript, _ = run(emulator, **extras(summary="bullets"))
    assert transcript.summary.reason.text.startswith("Daniel Reyes called")
    assert len(transcript.summary.actions) == 2
    assert transcript.summary.origin is None


def test_redacted_there_is_redacted_here(emulator):
    transcript, _ = run(emulator, **extras(redaction="yes"))
    assert transcript.redacted
    assert "this is [PERSON]. How" in transcript.utterances[0].text
    assert [m.type for m in transcript.utterances[3].pii] == [PiiType.PERSON, PiiType.PHONE]
    assert not any("Reyes" in w.text for u in transcript.utterances for w in u.words)


def test_signs_are_personal_data_of_no_told_kind(emulator):
    transcript, _ = run(emulator, **extras(redaction="yes", redaction_style="hash"))
    assert transcript.utterances[0].text.startswith(
        "Good morning, Harbor Energy billing, this is [OTHER]."
    )
    assert transcript.utterances[3].text == "It's [OTHER], and the number is [OTHER]."
    assert all("#" not in w.text for u in transcript.utterances for w in u.words)


def test_a_summary_there_would_bring_back_what_was_taken_out(emulator):
    transcript, asked = run(emulator, **extras(redaction="yes", summary="bullets"))
    assert "summarization" not in asked
    assert transcript.summary is None


@pytest.mark.parametrize("policies", ["shoe_size", "person_name, shoe_size"])
def test_policies_it_does_not_know_are_refused_before_anything_is_sent(emulator, policies):
    before = emulator.count()
    with pytest.raises(InvalidRequest):
        run(emulator, **extras(redaction="yes", redaction_policies=policies))
    assert emulator.count() == before


def test_all_policies_exist_there():
    assert KINDS.keys() | OTHER_KINDS <= POLICIES
    assert set(USUAL_POLICIES) <= KINDS.keys()


def test_without_names_the_usual_kinds_are_taken_out(emulator):
    _, asked = run(emulator, **extras(redaction="yes", redaction_policies=" , "))
    assert asked["redact_pii_policies"] == list(USUAL_POLICIES)


def test_options_are_declared_whole():
    assert len({one.name for one in RECORDED_OPTIONS}) == len(RECORDED_OPTIONS)
    for one in RECORDED_OPTIONS:
        assert one.title
        assert one.help.endswith(".")
        assert one.recorded
        assert not one.live
        one.check(one.default)


def test_a_long_vocabulary_is_cut_to_what_the_model_takes(emulator):
    words = (*(f"word{n}" for n in range(300)), "one of more than six words in it")
    _, asked = run(emulator, vocabulary=words)
    assert len(asked["keyterms_prompt"]) == 200
    _, asked = run(emulator, vocabulary=words, **extras(model="universal-3-pro"))
    assert len(asked["keyterms_prompt"]) == 300


@pytest.mark.parametrize("container", ["g722", "mulaw"])
def test_formats_without_a_header_are_sent_decoded(emulator, container):
    transcript, _ = run(emulator, recording(container=container))
    assert transcript.utterances
