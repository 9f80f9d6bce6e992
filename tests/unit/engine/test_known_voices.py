"""Known voices: pieces of speech, matching with margins, and what an enrolment is told."""

import io
import json
from pathlib import Path

import numpy as np
import pytest

from services.audio.decode import decode
from services.audio.pcm import ArrayPcm, ChannelPcm, FilePcm
from services.domain.errors import SeveralVoices, TooLittleSpeech
from services.domain.findings import Finding, FindingKind
from services.domain.intervals import difference, length_ms
from services.domain.running import RunContext
from services.domain.speech import SpeakerRole
from services.domain.voices import (
    EnrolledVoice,
    EnrolmentRemark,
    KnownVoice,
    Voiceprint,
    VoiceQuality,
)
from services.engine.engine import EngineHolder
from services.engine.speakers import enrolment
from services.engine.speakers.enrolment import Enroller, agreeing, quality_of
from services.engine.speakers.matching import (
    ACCEPT_FROM,
    MARGIN,
    confidence_of,
    likeness,
    match_voices,
    pack_print,
    unpack_print,
)
from services.engine.speakers.models import unit
from services.engine.speakers.pieces import Piece, longest_spans, mean_print, pieces_of
from services.engine.speakers.recognition import VoiceListener
from services.engine.voice_activity import VoiceActivity
from tests.unit.audio.sounds import RATE, noise

DEMO = Path(__file__).parents[3] / "demo"
RNG = np.random.default_rng(7)
AXES = np.linalg.qr(RNG.normal(size=(256, 256)))[0].astype(np.float32)


def between(first: int, second: int, cosine: float):
    """A print of length 1 with this cosine to axis ``first``, the rest along ``second``."""
    return unit(cosine * AXES[first] + np.sqrt(1 - cosine**2) * AXES[second])


def known(*prints) -> list[EnrolledVoice]:
    return [
        EnrolledVoice(
            voice=KnownVoice(
                id=f"v{number}",
                org_id="o",
                name=f"N{number}",
                role=SpeakerRole.AGENT,
                created_at=None,  # type: ignore[arg-type]
                speech_ms=30_000,
                quality=VoiceQuality.GOOD,
            ),
            voiceprint=pack_print(values),
        )
        for number, values in enumerate(prints)
    ]


def matched(heard, voices) -> dict[str, str]:
    return {s: m.voice_id for s, m in match_voices(heard, voices).items()}


# --- matching ----------------------------------------------------------------------------------


def test_a_print_survives_packing_and_hides_itself():
    packed = pack_print(AXES[0] * 3)
    assert len(packed.packed) == 1_024
    assert unpack_print(packed) == pytest.approx(AXES[0], abs=1e-6)
    assert repr(packed) == "Voiceprint()"


@pytest.mark.parametrize(("cosine", "found"), [(ACCEPT_FROM + 0.01, 1), (ACCEPT_FROM - 0.01, 0)])
def test_below_the_threshold_a_voice_is_unknown(cosine, found):
    assert len(matched({"s1": between(0, 1, cosine)}, known(AXES[0]))) == found


def test_a_voice_needs_a_margin_to_the_next_one():
    alike = between(0, 1, 0.97)
    assert matched({"s1": AXES[0]}, known(AXES[0], alike)) == {}
    distinct = between(0, 1, 1.0 - MARGIN - 0.02)
    assert matched({"s1": AXES[0]}, known(AXES[0], distinct)) == {"s1": "v0"}


def test_speakers_and_voices_go_one_to_one():
    heard = {"s1": between(0, 2, 0.99), "s2": between(0, 3, 0.93)}
    assert matched(heard, known(AXES[0])) == {"s1": "v0"}
    both = {"s1": AXES[0], "s2": AXES[1]}
    assert matched(both, known(AXES[1], AXES[0])) == {"s1": "v1", "s2": "v0"}


def test_a_speaker_is_never_pushed_to_the_second_best_voice():
    # Both sound like the first voice; the second voice is near enough to be assigned.
    heard = {"s1": AXES[0], "s2": between(0, 1, 0.97)}
    assert "v1" not in matched(heard, known(AXES[0], between(0, 1, 0.88))).values()


def test_nobody_heard_or_known_matches_nothing():
    assert match_voices({}, known(AXES[0])) == {}
    assert match_voices({"s1": AXES[0]}, []) == {}


def test_confidence_rises_with_the_cosine_and_never_reaches_one():
    sure = [confidence_of(c) for c in (-1.0, 0.5, ACCEPT_FROM, 0.9, 0.96, 1.0)]
    assert sure == sorted(sure)
    assert sure[0] >= 0.0
    assert 0.75 < sure[2] < 0.9
    assert sure[-1] == 0.99


def test_likeness_is_that_of_the_nearest():
    others = [pack_print(AXES[1]), pack_print(between(0, 1, 0.7))]
    assert likeness(pack_print(AXES[0]), others) == pytest.approx(0.7, abs=1e-4)
    assert likeness(pack_print(AXES[0]), []) == -1.0


# --- pieces ------------------------------------------------------------------------------------


def test_the_longest_spans_are_taken_up_to_the_limit():
    #   seconds  0 1 2 3 4 5 6 7 8 9
    #            ##..########..#.####
    spans = [(0, 2_000), (4_000, 12_000), (14_000, 15_000), (16_000, 20_000), (30_000, 30_200)]
    assert longest_spans(spans, 100_000) == spans[:4]
    assert longest_spans(spans, 10_000) == [(4_000, 12_000), (16_000, 18_000)]
    assert longest_spans([], 10_000) == []


class NotNeeded:
    """Models that nobody may ask anything of."""


def piece(values, seconds: int = 10) -> Piece:
    return Piece(voiceprint=values, duration_ms=seconds * 1_000)


def test_the_mean_follows_the_longer_pieces():
    mean = mean_print([piece(AXES[0], 30), piece(AXES[1], 10)])
    assert mean @ AXES[0] > mean @ AXES[1] > 0
    assert np.linalg.norm(mean) == pytest.approx(1.0, abs=1e-5)


def test_odd_pieces_are_left_out():
    same = [piece(between(0, n, 0.97)) for n in (1, 2, 3)]
    odd = piece(between(0, 9, 0.4))
    assert agreeing([*same, odd]) == tuple(same)
    assert agreeing(same) == tuple(same)
    assert agreeing([same[0]]) == (same[0],)


def test_two_pieces_that_differ_say_nothing():
    assert agreeing([piece(AXES[0]), piece(AXES[1])]) == ()
    assert agreeing([]) == ()


@pytest.mark.parametrize(
    ("remarks", "quality"),
    [
        ((), VoiceQuality.GOOD),
        ((EnrolmentRemark.NARROWBAND, EnrolmentRemark.LONG), VoiceQuality.GOOD),
        ((EnrolmentRemark.SHORT,), VoiceQuality.USABLE),
        ((EnrolmentRemark.SHORT, EnrolmentRemark.NOISY), VoiceQuality.POOR),
    ],
)
def test_quality_follows_what_does_harm(remarks, quality):
    assert quality_of(remarks) is quality


# --- too little to learn from ------------------------------------------------------------------

SCRAPS = [(n * 1_000, n * 1_000 + 280) for n in range(40)]


@pytest.mark.parametrize(
    ("spans", "usable"),
    [(SCRAPS, "0.0"), ([*SCRAPS, (50_000, 51_000)], "1.0"), ([(0, 9_900)], "9.9"), ([], "0.0")],
)
def test_scraps_that_are_not_used_do_not_count_as_speech(spans, usable):
    enroller = Enroller(NotNeeded(), NotNeeded())
    silence = ArrayPcm(np.zeros(60 * RATE, np.float32))
    with pytest.raises(TooLittleSpeech, match=f"There are {usable} seconds"):
        enroller.learn(silence, source_rate=16_000, spans=spans)


def test_speech_that_gives_no_voiceprint_is_too_little(monkeypatch):
    monkeypatch.setattr(enrolment, "pieces_of", lambda *_: ())
    monkeypatch.setattr(enrolment.Diarizer, "diarize", lambda *_: [])
    enroller = Enroller(NotNeeded(), NotNeeded())
    silence = ArrayPcm(np.zeros(20 * RATE, np.float32))
    with pytest.raises(TooLittleSpeech):
        enroller.learn(silence, source_rate=16_000, spans=[(0, 20_000)])


# --- the real models on the demo calls ---------------------------------------------------------


class Call:
    """A demo call with its truth."""

    def __init__(self, reference: str) -> None:
        [truth] = DEMO.glob(f"*{reference}*.truth.json")
        [sound] = (p for p in DEMO.glob(f"*{reference}*") if p.suffix in {".ogg", ".wav"})
        self.truth = json.loads(truth.read_text())
        sink = io.BytesIO()
        with sound.open("rb") as source:
            found = decode(source, sink, RunContext(), max_duration_ms=3_600_000)
        self.pcm = FilePcm(sink, channels=found.channels, frames=found.frames)

    def own(self, role: str):
        """Where a party speaks alone."""
        by_role: dict[str, list] = {}
        for span in self.truth["voiced"]:
            by_role.setdefault(span["speaker"], []).append((span["start_ms"], span["end_ms"]))
        [other] = (spans for name, spans in by_role.items() if name != role)
        return difference(by_role[role], other)

    def alone(self, role: str):
        """A party's speech without pauses, as a recording of its own."""
        channel = None if self.pcm.channels == 1 else ("agent", "customer").index(role)
        parts = [self.pcm.read(s * 16, e * 16, channel) for s, e in self.own(role)]
        return ArrayPcm(np.concatenate(parts))


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> EngineHolder:
    return EngineHolder(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def enroller(engine) -> Enroller:
    return Enroller(engine.speakers(), VoiceActivity())


@pytest.fixture(scope="module")
def billing() -> Call:
    return Call("C-1042")


@pytest.mark.slow
def test_a_person_alone_is_learnt_and_found_in_other_calls_only(engine, enroller, billing):
    learnt = enroller.learn(ChannelPcm(billing.pcm, 0), source_rate=16_000)
    assert learnt.quality is VoiceQuality.GOOD
    assert learnt.remarks == ()
    assert 45_000 < learnt.speech_ms < 60_000
    nora = known(unpack_print(learnt.voiceprint))
    listener = VoiceListener(engine.speakers)
    appointments, deliveries = Call("C-1177"), Call("C-2087")
    heard = {
        role: listener.voiceprint(appointments.pcm, appointments.own(role), None)
        for role in ("agent", "customer")
    }
    assert matched(heard, nora) == {"agent": "v0"}
    strangers = {
        role: listener.voiceprint(deliveries.pcm, deliveries.own(role), None)
        for role in ("agent", "customer")
    }
    assert matched(strangers, nora) == {}


@pytest.mark.slow
def test_the_telephone_and_full_quality_give_one_voice(engine, enroller):
    """Marcus Bell: learnt on a noisy telephone line, heard on a clean wide channel."""
    learnt = enroller.learn(Call("C-2087").alone("agent"), source_rate=8_000)
    assert EnrolmentRemark.NARROWBAND in learnt.remarks
    retention = Call("C-3310")
    heard = VoiceListener(engine.speakers).voiceprint(retention.pcm, retention.own("agent"), 0)
    assert matched({"s1": heard}, known(unpack_print(learnt.voiceprint))) == {"s1": "v0"}


@pytest.mark.slow
def test_two_voices_are_refused(enroller, billing):
    with pytest.raises(SeveralVoices):
        enroller.learn(billing.pcm, source_rate=16_000)


@pytest.mark.slow
def test_too_little_speech_is_refused_with_how_much_there_is(enroller, billing):
    few = billing.alone("agent").read(0, 8 * RATE)
    with pytest.raises(TooLittleSpeech, match=r"There are [5-8]\.\d seconds"):
        enroller.learn(ArrayPcm(few), source_rate=16_000)
    with pytest.raises(TooLittleSpeech):
        enroller.learn(ArrayPcm(np.zeros(60 * RATE, np.float32)), source_rate=16_000)


@pytest.mark.slow
def test_a_short_noisy_quiet_recording_is_poor_and_says_why(enroller, billing):
    speech = billing.alone("agent").read(0, 16 * RATE)
    loud_noise = noise(4.0, level=0.02)
    hissing = np.concatenate([loud_noise, speech + noise(16.0, level=0.02), loud_noise])
    quiet = Finding(kind=FindingKind.LOW_LEVEL, measured={"level_dbfs": -50.0})
    learnt = enroller.learn(ArrayPcm(hissing.astype(np.float32)), [quiet], source_rate=16_000)
    assert learnt.quality is VoiceQuality.POOR
    assert {EnrolmentRemark.SHORT, EnrolmentRemark.LOW_LEVEL} <= set(learnt.remarks)


@pytest.mark.slow
def test_a_speaker_is_learnt_from_given_spans(enroller, billing):
    spans = billing.own("customer")
    learnt = enroller.learn(ChannelPcm(billing.pcm, 1), source_rate=16_000, spans=spans)
    assert learnt.speech_ms == pytest.approx(length_ms(spans), abs=3_000)


@pytest.mark.slow
def test_what_lies_beyond_two_minutes_is_not_used(enroller, billing):
    once = billing.alone("agent").read(0, 60 * RATE)
    learnt = enroller.learn(ArrayPcm(np.concatenate([once] * 3)), source_rate=16_000)
    assert EnrolmentRemark.LONG in learnt.remarks
    assert learnt.speech_ms <= 120_000


@pytest.mark.slow
def test_too_little_of_a_speaker_is_not_recognised(engine, billing):
    listener = VoiceListener(engine.speakers)
    assert listener.voiceprint(billing.pcm, [(0, 4_000)], 0) is None
    assert pieces_of(engine.speakers(), billing.pcm, [], 0) == ()


def test_a_damaged_voiceprint_never_reaches_a_repr():
    assert b"secret" not in repr(Voiceprint(packed=b"secret")).encode()
