"""Streamed lines as a transcript; options as wishes; sound at the pace it is taken."""

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.voices import VoiceSignature
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.capabilities import capabilities_of
from services.providers.azure_speech.lines import Line
from services.providers.azure_speech.streamed import transcript_of
from services.providers.azure_speech.streaming import AHEAD_MS, Streamed
from services.providers.azure_speech.wishing import wishes_of
from services.providers.capabilities import OptionValues
from tests.unit.providers.azure_speech.sounds import recording_of
from tests.unit.providers.azure_speech.streams import call, noise, sound_of


def line(start_ms, voice=None, channel=None, **more):
    return Line(start_ms=start_ms, end_ms=start_ms + 500, text="Yes.", voice=voice,
                channel=channel, **more)  # fmt: skip


def speakers_of(transcript):
    return [(s.id, s.label, s.channel) for s in transcript.speakers]


# --- lines to transcript -----------------------------------------------------------------------


def test_lines_are_put_in_order_and_speakers_numbered_as_they_are_heard():
    lines = [line(2_000, "Guest-7"), line(0, "Guest-9"), line(4_000, None)]
    transcript = transcript_of(lines, call(), "en")
    assert [u.start_ms for u in transcript.utterances] == [0, 2_000, 4_000]
    assert [u.id for u in transcript.utterances] == ["u1", "u2", "u3"]
    assert [u.speaker for u in transcript.utterances] == ["s1", "s2", None]
    assert speakers_of(transcript) == [("s1", "Speaker 1", None), ("s2", "Speaker 2", None)]


def test_a_channel_has_its_own_number_whoever_speaks_first():
    lines = [line(0, "Guest-1", 1), line(1_000, "Guest-1", 0)]
    transcript = transcript_of(lines, call(separate=True), "en")
    assert speakers_of(transcript) == [("s1", "Speaker 1", 0), ("s2", "Speaker 2", 1)]
    assert [u.channel for u in transcript.utterances] == [1, 0]


@pytest.mark.parametrize("channel", [0, None])
def test_a_service_that_mixes_the_channels_is_believed_about_the_voices(channel):
    lines = [line(0, "Guest-1", channel), line(1_000, "Guest-2", channel)]
    transcript = transcript_of(lines, call(separate=True), "en")
    assert speakers_of(transcript) == [("s1", "Speaker 1", None), ("s2", "Speaker 2", None)]
    assert {u.channel for u in transcript.utterances} == {None}
    assert transcript.stages["speakers"] == "azure voices"


def test_a_line_without_a_channel_among_others_is_somebody_else():
    lines = [line(0, "Guest-1", 0), line(1_000, "Guest-2", None), line(2_000, "Guest-1", 1)]
    transcript = transcript_of(lines, call(separate=True), "en")
    assert [u.speaker for u in transcript.utterances] == ["s1", "s3", "s2"]


def test_the_language_is_the_one_in_which_most_was_said():
    lines = [line(0, language="de"), line(1_000, language="en"), line(2_000, language="en")]
    assert transcript_of(lines, call(), None).language == "en"
    assert transcript_of([line(0)], call(), None).language is None


def test_a_participant_is_shown_by_name():
    anna = VoiceSignature(voice_id="v1", name="Anna", language="en-US", signature="{}")
    transcript = transcript_of([line(0, "Guest-1"), line(1_000, "v1")], call(), "en", [anna])
    assert [(s.label, s.voice_id) for s in transcript.speakers] == [
        ("Speaker 1", None),
        ("Anna", "v1"),
    ]


# --- options to wishes -------------------------------------------------------------------------


def wishes(options, **more):
    values = OptionValues(capabilities_of(AzureAccess(key="k", region="westus")), options)
    return wishes_of(options, values, **more)


def test_a_language_that_is_given_is_not_found_out():
    assert wishes(ProcessingOptions(language="en")).language == "en-US"
    given = ProcessingOptions(language="de-AT", provider_options=(("languages", "en, fr"),))
    assert wishes(given).language == "de-AT"


def test_without_one_it_is_found_out_among_usual_ones():
    asked = wishes(ProcessingOptions())
    assert (asked.language, asked.detects_always) == (None, False)
    assert asked.candidates == ("en-US", "es-ES", "fr-FR", "de-DE")


def test_one_candidate_is_the_language_and_meetings_take_the_first():
    one = ProcessingOptions(provider_options=(("languages", "fr"),))
    assert wishes(one).language == "fr-FR"
    two = ProcessingOptions(provider_options=(("languages", "es, fr"),))
    assert wishes(two, has_participants=True).language == "es-ES"


def test_speed_is_the_sdks_own_unless_it_is_asked_for():
    assert wishes(ProcessingOptions()).speed is None
    assert wishes(ProcessingOptions(provider_options=(("speed", "4"),))).speed == 4


# --- pace --------------------------------------------------------------------------------------


class Taken:
    """Takes sound as a session does."""

    def __init__(self):
        self.sound, self.ends = b"", 0

    def write(self, pcm):
        self.sound += pcm

    def end_of_sound(self):
        self.ends += 1


@pytest.mark.parametrize("separate", [False, True])
def test_sound_goes_on_unchanged_and_never_far_ahead(separate):
    recording = recording_of(noise(100, 2 if separate else 1), separate=separate)
    now, taken = [0.0], Taken()
    sound = Streamed(recording, taken, start_ms=10_000, speed=4, clock=lambda: now[0])
    per_ms = 64 if separate else 32
    while not sound.is_over:
        sound.feed()
        sent_ms = len(taken.sound) // per_ms
        assert sent_ms <= now[0] * 4_000 + AHEAD_MS + 1_000
        now[0] += 1
    sound.feed()
    assert taken.ends == 1
    assert taken.sound == sound_of(recording)[10_000 * per_ms :]
    assert sound.taken_by == pytest.approx(90 / 4)
