"""What every speech provider keeps to, whatever is behind it."""

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from services.audio.channels import examine_channels
from services.audio.decode import decode
from services.audio.pcm import ArrayPcm, FilePcm
from services.audio.recording import ChannelLayout, Recording
from services.audio.wav import WavStream
from services.domain.calls import AudioFacts, ProcessingOptions, Stage
from services.domain.errors import Cancelled
from services.domain.running import RunContext
from services.domain.speech import SpeakerRole, Transcript
from services.providers.base import SpeechProvider
from services.providers.capabilities import YES
from services.providers.scripted import ScriptedProvider

ROOT = Path(__file__).parents[2]
HOUR_MS = 3_600_000
BORDER_MS = 50


def scripted(_models: Path) -> SpeechProvider:
    return ScriptedProvider()


def local(models: Path) -> SpeechProvider:
    from services.providers.local import LocalProvider

    return LocalProvider(models, None, 2)


@contextmanager
def azure_fast(_models: Path) -> Iterator[SpeechProvider]:
    from emulators.azure_speech.http_server import AzureHttpEmulator
    from services.providers.azure_speech.access import AzureAccess
    from services.providers.azure_speech.provider import AzureSpeechProvider

    with AzureHttpEmulator(key="emulated") as emulator:
        yield AzureSpeechProvider(AzureAccess(key="emulated", endpoint=emulator.endpoint))


@contextmanager
def azure_conversation(_models: Path) -> Iterator[SpeechProvider]:
    from emulators.azure_speech.websocket import AzureSpeechEmulator
    from emulators.azure_speech.websocket_script import dialogue_line
    from services.providers.azure_speech.access import AzureAccess
    from services.providers.azure_speech.provider import AzureSpeechProvider
    from services.providers.azure_speech.streaming import pcm_of

    call = demo_call()
    lines = [dialogue_line(n, separate=True) for n in range(call.duration_ms // 4_000)]
    sound = pcm_of(call, 0, call.duration_ms)
    with AzureSpeechEmulator(key="emulated", lines=lines, sound=sound) as emulator:
        yield AzureSpeechProvider(AzureAccess(key="emulated", host=emulator.host))


@contextmanager
def assemblyai(_models: Path) -> Iterator[SpeechProvider]:
    from emulators.assemblyai.http import AssemblyAIEmulator
    from services.providers.assemblyai.access import AssemblyAIAccess
    from services.providers.assemblyai.provider import AssemblyAIProvider

    with AssemblyAIEmulator(key="emulated") as emulator:
        yield AssemblyAIProvider(AssemblyAIAccess(key="emulated", base_url=emulator.base_url))


Made = SpeechProvider | AbstractContextManager[SpeechProvider]

PROVIDERS = [
    pytest.param(scripted, id="scripted"),
    pytest.param(local, id="local", marks=pytest.mark.slow),
    pytest.param(azure_fast, id="azure-fast"),
    pytest.param(azure_conversation, id="azure-conversation"),
    pytest.param(assemblyai, id="assemblyai"),
]


@pytest.fixture(scope="module", params=PROVIDERS)
def provider(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SpeechProvider]:
    make: Callable[[Path], Made] = request.param
    made = make(tmp_path_factory.mktemp("models"))
    with nullcontext(made) if isinstance(made, SpeechProvider) else made as ready:
        yield ready


@pytest.fixture(scope="module")
def recording() -> Recording:
    """Return the demo call, decoded."""
    return demo_call()


def demo_call() -> Recording:
    (file,) = (ROOT / "demo").glob("*_CUST_C-1042_*.ogg")
    with file.open("rb") as source:
        sink = io.BytesIO()
        decoded = decode(source, sink, RunContext(), max_duration_ms=HOUR_MS)
    pcm = FilePcm(sink, channels=decoded.channels, frames=decoded.frames)
    layout, _ = examine_channels(pcm)
    return Recording(
        facts=decoded.facts, layout=layout, pcm=pcm, open_source=lambda: file.open("rb")
    )


def silence(seconds: int = 10) -> Recording:
    pcm = ArrayPcm(np.zeros((seconds * 16_000, 1), dtype=np.float32))
    facts = AudioFacts(
        duration_ms=seconds * 1000, channels=1, sample_rate=16_000, codec="pcm", container="wav"
    )
    return Recording(
        facts=facts,
        layout=ChannelLayout.MIXED,
        pcm=pcm,
        open_source=lambda: io.BufferedReader(WavStream(pcm)),
    )


class Reports(list[tuple[Stage, float]]):
    """Collects progress; raises what it is told to at a place."""

    def __init__(self, stop_at: tuple[Stage, float] | None = None) -> None:
        super().__init__()
        self._stop_at = stop_at

    def __call__(self, stage: Stage, fraction: float) -> None:
        self.append((stage, fraction))
        if self._stop_at and stage is self._stop_at[0] and fraction >= self._stop_at[1]:
            raise Killed


class Killed(BaseException):
    """Stands for the death of the process."""


# Streaming at the pace of real time, or twice that, would make these tests take minutes.
OPTIONS = ProcessingOptions(language="en", provider_options=(("speed", "100"),))


def everything(provider: SpeechProvider) -> ProcessingOptions:
    """Return the options with what a provider does only when it is asked for."""
    extras = ((o.name, YES) for o in provider.capabilities.options if o.name == "sentiment")
    return replace(OPTIONS, provider_options=(*OPTIONS.provider_options, *extras))


@pytest.fixture(scope="module")
def reports(provider: SpeechProvider) -> Reports:
    """Return a fresh list for each provider."""
    return Reports()


@pytest.fixture(scope="module")
def checkpoints(provider: SpeechProvider) -> dict[str, bytes]:
    """Return a fresh store for each provider."""
    return {}


@pytest.fixture(scope="module")
def transcript(
    provider: SpeechProvider,
    recording: Recording,
    reports: Reports,
    checkpoints: dict[str, bytes],
) -> Transcript:
    context = RunContext(on_progress=reports, checkpoints=checkpoints)
    return provider.transcribe(recording, everything(provider), context)


def test_it_is_ready_and_says_what_it_can(provider: SpeechProvider) -> None:
    assert provider.readiness().ready
    assert provider.capabilities.name
    assert provider.capabilities.title


def test_the_frame(provider: SpeechProvider, recording: Recording, transcript: Transcript) -> None:
    assert transcript.provider == provider.capabilities.name
    assert transcript.duration_ms == recording.duration_ms
    assert transcript.language == "en"
    assert transcript.stages
    assert not transcript.redacted


def test_utterances_are_ordered_and_inside_the_call(transcript: Transcript) -> None:
    assert transcript.utterances
    starts = [u.start_ms for u in transcript.utterances]
    assert starts == sorted(starts)
    assert len({u.id for u in transcript.utterances}) == len(transcript.utterances)
    for utterance in transcript.utterances:
        assert 0 <= utterance.start_ms < utterance.end_ms <= transcript.duration_ms
        assert utterance.text == utterance.text.strip() != ""
        assert utterance.confidence is None or 0 <= utterance.confidence <= 1


def test_words_are_ordered_and_make_up_the_text(transcript: Transcript) -> None:
    for utterance in transcript.utterances:
        assert " ".join(w.text.strip() for w in utterance.words) == utterance.text
        for word in utterance.words:
            assert utterance.start_ms - BORDER_MS <= word.start_ms <= word.end_ms
            assert word.end_ms <= utterance.end_ms + BORDER_MS
            assert word.confidence is None or 0 <= word.confidence <= 1
        for earlier, later in pairwise(utterance.words):
            assert earlier.start_ms <= later.start_ms


def test_everything_belongs_to_known_speakers(recording: Recording, transcript: Transcript) -> None:
    known = {s.id for s in transcript.speakers}
    assert len(known) == len(transcript.speakers) == 2
    assert {u.speaker for u in transcript.utterances} <= known | {None}
    assert {s.speaker for s in transcript.spans} == known
    for speaker in transcript.speakers:
        assert speaker.label
        assert speaker.role is SpeakerRole.UNKNOWN
    if recording.layout is ChannelLayout.SEPARATE:
        assert {s.channel for s in transcript.speakers} == {0, 1}


def test_spans_lie_inside_the_call(transcript: Transcript) -> None:
    for span in (*transcript.spans, *transcript.holds):
        assert 0 <= span.start_ms < span.end_ms <= transcript.duration_ms


def test_what_it_claims_to_deliver_is_there(
    provider: SpeechProvider, transcript: Transcript
) -> None:
    capabilities = provider.capabilities
    scored = [u.provider_sentiment for u in transcript.utterances if u.provider_sentiment]
    assert bool(scored) is capabilities.sentiment
    assert all(-1 <= s.score <= 1 for s in scored)
    assert bool(transcript.loudness_dbfs) is capabilities.loudness


def test_progress_rises_stage_by_stage(transcript: Transcript, reports: Reports) -> None:
    order = list(Stage)
    assert all(0 <= fraction <= 1 for _, fraction in reports)
    stages = [stage for stage, _ in reports]
    assert stages == sorted(stages, key=order.index)
    for stage in set(stages):
        fractions = [f for s, f in reports if s is stage]
        assert fractions == sorted(fractions)
    assert Stage.RECOGNISE in stages


def test_checkpoints_are_bytes_by_name(
    transcript: Transcript, checkpoints: dict[str, bytes]
) -> None:
    assert checkpoints
    assert all(len(name) <= 200 and isinstance(v, bytes) for name, v in checkpoints.items())


def test_a_killed_run_goes_on_where_it_was(
    provider: SpeechProvider, recording: Recording, transcript: Transcript
) -> None:
    kept: dict[str, bytes] = {}
    dying = RunContext(on_progress=Reports((Stage.RECOGNISE, 0.5)), checkpoints=kept)
    with pytest.raises(Killed):
        provider.transcribe(recording, everything(provider), dying)
    assert kept
    before = dict(kept)
    resumed = provider.transcribe(recording, everything(provider), RunContext(checkpoints=kept))
    assert all(kept[name] == value for name, value in before.items())
    assert replace(resumed, id="") == replace(transcript, id="")


def test_a_cancelled_run_ends(provider: SpeechProvider, recording: Recording) -> None:
    with pytest.raises(Cancelled):
        provider.transcribe(recording, everything(provider), RunContext(is_cancelled=lambda: True))


def test_two_runs_do_not_share_an_id(
    provider: SpeechProvider,
    recording: Recording,
    transcript: Transcript,
    checkpoints: dict[str, bytes],
) -> None:
    again = provider.transcribe(
        recording, everything(provider), RunContext(checkpoints=dict(checkpoints))
    )
    assert again.id != transcript.id


def test_silence_is_no_speech(provider: SpeechProvider) -> None:
    if isinstance(provider, ScriptedProvider):
        pytest.skip("the script is spoken over any sound")
    answer = provider.transcribe(silence(), OPTIONS, RunContext())
    assert not answer.utterances
    assert not answer.spans
    assert answer.duration_ms == 10_000
