"""The local provider: what it makes of channels and voices, and the real models on demo calls."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from services.audio.channels import examine_channels
from services.audio.decode import decode
from services.audio.pcm import ArrayPcm, FilePcm
from services.audio.recording import ChannelLayout, Recording, Samples
from services.domain.calls import AudioFacts, ProcessingOptions, Stage
from services.domain.errors import Cancelled, WeightsMissing
from services.domain.findings import Finding, FindingKind
from services.domain.intervals import intersection, length_ms
from services.domain.running import RunContext
from services.domain.speech import HoldKind, Transcript
from services.engine import weights
from services.engine.engine import LocalEngine
from services.engine.heard import Heard, HeardWord, LanguageGuess
from services.engine.speakers.clustering import VoiceCount
from services.engine.speakers.diarizer import Voice
from services.engine.voice_activity import VOICE_FRAME_MS, VoiceActivity
from services.providers import local
from services.providers.local import LocalProvider
from tests.unit.audio.sounds import RATE, chords, noise, tone

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "demo"
HOUR_MS = 3_600_000


class LoudIsSpeech(VoiceActivity):
    """Hears speech where the sound is loud, except in pure tones of music."""

    def probabilities(self, pcm, channel=None):
        frames = VOICE_FRAME_MS * RATE // 1000
        rows = [pcm.read(at, at + frames, channel) for at in range(0, pcm.frames, frames)]
        return np.array([float(np.abs(row).max(initial=0) > 0.35) for row in rows], np.float32)


class OneWordASecond:
    """Stands for the recogniser: a word at the start of each second of speech."""

    def __init__(self) -> None:
        self.options: dict[str, object] = {}

    def recognise(self, pcm, speech, context, **options):
        self.options = options
        context.report(Stage.RECOGNISE, 1.0)
        heard = tuple(
            Heard(
                channel=channel,
                words=tuple(
                    HeardWord(text=f" w{at}", start_ms=at, end_ms=at + 400, confidence=0.9)
                    for start, end in spans
                    for at in range(start, end - 400, 1_000)
                ),
            )
            for channel, spans in speech.items()
        )
        return heard, LanguageGuess(code="en", confidence=0.99)


class TwoVoices:
    """Stands for the diarizer: the first half is one voice, the second another."""

    wanted: VoiceCount | None = None

    def diarize(self, pcm, context, *, voices):
        self.wanted = voices
        context.report(Stage.SPEAKERS, 0.5)
        half = pcm.frames // 32
        return tuple(
            Voice(voiceprint=np.zeros(256, np.float32), spans=spans)
            for spans in (((0, half),), ((half, 2 * half),))
        )


@pytest.fixture
def engine() -> LocalEngine:
    return LocalEngine(
        activity=LoudIsSpeech(),
        whisper=None,  # type: ignore[arg-type]
        recogniser=OneWordASecond(),  # type: ignore[arg-type]
        diarizer=TwoVoices(),  # type: ignore[arg-type]
    )


@pytest.fixture
def provider(engine, tmp_path, monkeypatch) -> LocalProvider:
    monkeypatch.setattr(local.EngineHolder, "get", lambda _: engine)
    return LocalProvider(tmp_path)


def recording(samples, layout: ChannelLayout, *findings: Finding) -> Recording:
    facts = AudioFacts(
        duration_ms=len(samples) // 16,
        channels=1 if samples.ndim == 1 else samples.shape[1],
        sample_rate=RATE,
        codec="pcm_s16le",
        container="wav",
        findings=findings,
    )
    return Recording(
        facts=facts, layout=layout, pcm=ArrayPcm(samples), open_source=lambda: io.BytesIO()
    )


def bursts(seconds: int, *spoken: tuple[int, int]):
    samples = np.zeros(seconds * RATE, np.float32)
    for start, end in spoken:
        samples[start * RATE : end * RATE] = noise(end - start, level=0.3)
    return samples


def transcribed(provider: LocalProvider, source: Recording, **options) -> Transcript:
    return provider.transcribe(source, ProcessingOptions(**options), RunContext())


def spans_of(transcript: Transcript, speaker: str) -> list[tuple[int, int]]:
    return [(s.start_ms, s.end_ms) for s in transcript.spans if s.speaker == speaker]


def test_each_channel_is_a_speaker(provider):
    #  seconds   0123456789
    #  left      ###.......
    #  right     ....####..
    both = np.stack([bursts(10, (0, 3)), bursts(10, (4, 8))], axis=1)
    found = transcribed(provider, recording(both, ChannelLayout.SEPARATE))
    assert [(s.id, s.label, s.channel) for s in found.speakers] == [
        ("s1", "Speaker 1", 0),
        ("s2", "Speaker 2", 1),
    ]
    assert spans_of(found, "s1") == [(0, 3_000)]
    assert spans_of(found, "s2") == [(4_000, 8_000)]
    assert {(u.speaker, u.channel) for u in found.utterances} == {("s1", 0), ("s2", 1)}
    assert [u.id for u in found.utterances] == [f"u{n + 1}" for n in range(len(found.utterances))]
    assert found.loudness_dbfs["s1"][3] is None
    assert found.loudness_dbfs["s2"][5] == pytest.approx(-10.5, abs=1)
    assert (found.language, found.language_confidence) == ("en", 0.99)
    assert found.stages["recognition"] == "local whisper-base"


def test_voices_of_a_mixed_call_are_told_apart(provider, engine):
    mixed = bursts(10, (0, 4), (6, 10))
    found = transcribed(
        provider, recording(mixed, ChannelLayout.MIXED), expected_speakers=2, language="de"
    )
    assert [(s.id, s.channel) for s in found.speakers] == [("s1", None), ("s2", None)]
    assert spans_of(found, "s1") == [(0, 4_000)]
    assert spans_of(found, "s2") == [(6_000, 10_000)]
    assert engine.diarizer.wanted == VoiceCount(least=2, most=2)
    assert engine.recogniser.options["language"] == "de"


def test_of_two_equal_channels_one_is_heard(provider):
    voice = bursts(6, (0, 5))
    inverted = np.stack([voice, -voice], axis=1)
    same = Finding(kind=FindingKind.SAME_VOICE_ON_BOTH, channel=0)
    found = transcribed(provider, recording(inverted, ChannelLayout.MIXED, same))
    assert found.utterances
    assert all(u.channel is None for u in found.utterances)


def test_music_is_a_hold_and_never_speech(provider):
    call = bursts(20, (0, 3), (16, 19))
    call[5 * RATE : 14 * RATE] = tone(9.0, level=0.2)
    found = transcribed(provider, recording(call, ChannelLayout.MIXED))
    assert [h.kind for h in found.holds] == [HoldKind.MUSIC]
    hold = (found.holds[0].start_ms, found.holds[0].end_ms)
    assert hold == (pytest.approx(5_000, abs=600), pytest.approx(14_000, abs=600))
    assert all(u.end_ms <= hold[0] or u.start_ms >= hold[1] for u in found.utterances)
    voiced = [(s.start_ms, s.end_ms) for s in found.spans]
    assert length_ms(intersection(voiced, [hold])) == 0


def test_silence_gives_an_empty_transcript(provider, engine):
    silent = recording(np.zeros(5 * RATE, np.float32), ChannelLayout.MIXED)
    engine.diarizer.diarize = lambda *_, **__: ()
    found = transcribed(provider, silent)
    assert (found.speakers, found.utterances, found.spans, found.holds) == ((), (), (), ())


def test_cancelling_stops_the_run(provider):
    source = recording(bursts(5, (0, 5)), ChannelLayout.MIXED)
    with pytest.raises(Cancelled):
        provider.transcribe(source, ProcessingOptions(), RunContext(is_cancelled=lambda: True))


def test_missing_weights_are_said_and_not_tried_again(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "installed_folder", lambda _: None)
    monkeypatch.setattr(
        "services.engine.engine.ensure_weights",
        lambda folder, **_: weights.ensure_weights(folder, package_folder=lambda _: None),
    )
    provider = LocalProvider(tmp_path)
    pauses: list[float] = []
    source = recording(bursts(5, (0, 5)), ChannelLayout.MIXED)
    with pytest.raises(WeightsMissing):
        provider.transcribe(source, ProcessingOptions(), RunContext(), sleep=pauses.append)
    assert pauses == []


def test_readiness_needs_the_packages(tmp_path, monkeypatch):
    assert LocalProvider(tmp_path).readiness().ready
    monkeypatch.setattr(local, "weights_at_hand", lambda: False)
    assert LocalProvider(tmp_path).readiness().hint
    assert LocalProvider(tmp_path, "small").readiness().ready
    assert not LocalProvider.capabilities.leaves_machine


# --- the real models ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> LocalProvider:
    return LocalProvider(tmp_path_factory.mktemp("models"))


def opened(path: Path) -> Recording:
    sink = io.BytesIO()
    with path.open("rb") as source:
        found = decode(source, sink, RunContext(), max_duration_ms=HOUR_MS)
    pcm = FilePcm(sink, channels=found.channels, frames=found.frames)
    layout, findings = examine_channels(pcm, source_rate=found.facts.sample_rate)
    facts = replace(found.facts, findings=(*found.facts.findings, *findings))
    return Recording(facts=facts, layout=layout, pcm=pcm, open_source=lambda: path.open("rb"))


def demo_calls() -> list[Path]:
    return sorted(p for p in DEMO.glob("*.*") if p.with_suffix(".truth.json").exists())


def true_voiced(path: Path) -> dict[str, list[tuple[int, int]]]:
    truth = json.loads(path.with_suffix(".truth.json").read_text())
    voiced: dict[str, list[tuple[int, int]]] = {}
    for span in truth["voiced"]:
        voiced.setdefault(span["speaker"], []).append((span["start_ms"], span["end_ms"]))
    return voiced


@pytest.mark.slow
@pytest.mark.parametrize("path", demo_calls(), ids=lambda p: p.stem[-40:])
def test_demo_calls_are_heard_as_they_were_made(real, path):
    found = transcribed(real, opened(path))
    truth = true_voiced(path)
    assert len(found.speakers) == len(truth) == 2
    total = sum(length_ms(spans) for spans in truth.values())
    matched = max(
        sum(
            length_ms(intersection(truth[name], spans_of(found, speaker.id)))
            for name, speaker in zip(order, found.speakers, strict=True)
        )
        for order in (sorted(truth), sorted(truth, reverse=True))
    )
    assert matched / total > 0.9
    shares = sorted(length_ms(spans) / total for spans in truth.values())
    heard = [length_ms(spans_of(found, s.id)) for s in found.speakers]
    assert min(heard) / sum(heard) == pytest.approx(shares[0], abs=0.03)
    assert found.language == "en"
    assert len(found.utterances) >= 4


def syllables_of_noise(seconds: float) -> Samples:
    """Noise that comes and goes at the pace of syllables."""
    at = np.arange(int(seconds * RATE)) / RATE
    pace = np.clip(np.sin(2 * np.pi * 3.1 * at) * np.sin(2 * np.pi * 0.4 * at), 0, None)
    return np.asarray(noise(seconds, level=0.3) * pace, dtype=np.float32)


def keys_pressed(seconds: float) -> Samples:
    """The tones of a telephone's keys, two in a second."""
    at = np.arange(int(seconds * RATE)) / RATE
    pressed = tone(seconds, hz=770, level=0.2) + tone(seconds, hz=1336, level=0.2)
    return np.asarray(pressed * (at % 0.5 < 0.2), dtype=np.float32)


@pytest.mark.slow
@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(20 * RATE, np.float32),
        noise(20.0, level=0.02),
        syllables_of_noise(20.0),
        tone(20.0, hz=425),
        keys_pressed(20.0),
        np.concatenate([np.concatenate([tone(1.0), np.zeros(3 * RATE, "f")])] * 5),
        chords(20.0),
        chords(20.0, pauses=True),
    ],
    ids=["silence", "noise", "syllables", "tone", "keys", "ringing", "music", "music with pauses"],
)
def test_no_word_comes_out_of_silence_noise_and_tones(real, sound):
    found = transcribed(real, recording(sound, ChannelLayout.MIXED))
    assert found.utterances == ()
    assert found.spans == ()


@pytest.mark.slow
def test_a_stopped_run_goes_on_and_ends_the_same(real):
    source = opened(demo_calls()[0])
    whole = transcribed(real, source)
    kept: dict[str, bytes] = {}

    def stop_late(stage: Stage, done: float) -> None:
        if stage is Stage.SPEAKERS or done >= 0.9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        real.transcribe(
            source, ProcessingOptions(), RunContext(on_progress=stop_late, checkpoints=kept)
        )
    assert kept
    again = real.transcribe(source, ProcessingOptions(), RunContext(checkpoints=kept))
    assert replace(again, id=whole.id) == whole
