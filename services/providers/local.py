"""The local provider: Whisper and the speaker networks on this machine, no network, no key."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.audio.channels import leak_db
from services.audio.recording import PcmReader, Recording
from services.domain.calls import ProcessingOptions, Stage
from services.domain.ids import new_id
from services.domain.intervals import Interval, union
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.engine.engine import DEFAULT_THREADS, EngineHolder, LocalEngine
from services.engine.heard import LanguageGuess
from services.engine.listening import listen, listen_to_pair
from services.engine.mixed import parties_in_mix
from services.engine.utterances import Attributed, form_utterances
from services.engine.weights import WHISPER_NAME, weights_at_hand
from services.engine.who_speaks import (
    BY_CHANNEL,
    BY_VOICE,
    Party,
    has_channel_for_each,
    one_sound,
    voices_in_mix,
    with_parties,
)
from services.providers.base import SpeechProvider
from services.providers.capabilities import Capabilities, Readiness
from services.providers.live import LiveFormat, LiveListener, LiveSession
from services.providers.local_live import open_local


@dataclass(frozen=True, kw_only=True)
class _Understood:
    """A call as one of the two ways heard it."""

    parties: Sequence[Attributed]
    music: Sequence[Interval]
    language: LanguageGuess | None
    diarization: str


class LocalProvider(SpeechProvider):
    """Recognises and diarizes on this machine."""

    capabilities = Capabilities(
        name="local",
        title="This machine",
        live=True,
        live_channels=2,
        live_language_switch=True,
        separate_channels=True,
        diarization=True,
        expected_speakers=True,
        language_detection=True,
        vocabulary=True,
        holds=True,
        loudness=True,
        leaves_machine=False,
    )

    def __init__(
        self,
        models_dir: Path,
        whisper_model: str | None = None,
        threads: int = DEFAULT_THREADS,
        *,
        engine: EngineHolder | None = None,
    ) -> None:
        """Remember the settings; weights are put together and loaded at the first call.

        ``engine`` is the one to share with others of the same settings, if there are any.
        """
        self._whisper_model = whisper_model
        self._engine = engine or EngineHolder(models_dir, whisper_model, threads)

    def readiness(self) -> Readiness:
        """Say whether the packages that carry the weights are installed."""
        if self._whisper_model or weights_at_hand():
            return Readiness(ready=True)
        return Readiness(ready=False, hint="Run ./bin/run again to install the speech models.")

    def open_live(
        self, sound: LiveFormat, options: ProcessingOptions, listener: LiveListener
    ) -> LiveSession:
        """Open a live call on this machine.

        Raises LiveFull when there are as many as it can hear in time, InvalidRequest for a
        language that nobody here knows, WeightsMissing or WeightsDamaged.
        """
        return open_local(self._engine, sound, options, listener)

    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        engine = self._engine.get()
        context.report(Stage.RECOGNISE, 0.0)
        if has_channel_for_each(recording):
            understood = _by_channel(engine, recording, options, context)
            pcm = recording.pcm
        else:
            pcm = one_sound(recording)
            understood = _by_voice(engine, pcm, options, context)
        context.report(Stage.SPEAKERS, 1.0)
        return self._transcript(recording, pcm, understood)

    def _transcript(
        self, recording: Recording, pcm: PcmReader, understood: _Understood
    ) -> Transcript:
        language = understood.language
        transcript = Transcript(
            id=new_id(),
            provider=self.capabilities.name,
            duration_ms=recording.duration_ms,
            speakers=(),
            utterances=form_utterances(understood.parties),
            spans=(),
            language=language.code if language else None,
            language_confidence=language.confidence if language else None,
            stages={
                "recognition": f"local {self._model_name}",
                "speakers": understood.diarization,
                "holds": "local levels",
            },
        )
        parties = [
            Party(speaker=p.speaker, channel=p.channel, spans=p.spans)
            for p in understood.parties
            if p.speaker is not None
        ]
        return with_parties(transcript, parties, understood.music, pcm)

    @property
    def _model_name(self) -> str:
        return Path(self._whisper_model).name if self._whisper_model else WHISPER_NAME


def _by_channel(
    engine: LocalEngine, recording: Recording, options: ProcessingOptions, context: RunContext
) -> _Understood:
    """Each channel is a party: silence and the other party's echo are not even looked at."""
    pcm, findings = recording.pcm, recording.facts.findings
    pair = listen_to_pair(pcm, engine.activity, [leak_db(findings, c) for c in (0, 1)])
    channels, language = engine.recogniser.recognise(
        pcm,
        {heard.channel: heard.spans for heard in pair},
        context,
        language=options.language,
        vocabulary=options.vocabulary,
        muted={heard.channel: union([*heard.echo, *heard.music]) for heard in pair},
    )
    words = {heard.channel: heard.words for heard in channels}
    parties = [
        Attributed(
            speaker=f"s{number}",
            channel=heard.channel,
            words=words.get(heard.channel, ()),
            spans=heard.spans,
        )
        for number, heard in enumerate(pair, start=1)
    ]
    return _Understood(
        parties=parties,
        music=[interval for heard in pair for interval in heard.music],
        language=language,
        diarization=BY_CHANNEL,
    )


def _by_voice(
    engine: LocalEngine, pcm: PcmReader, options: ProcessingOptions, context: RunContext
) -> _Understood:
    """Both parties share a channel: words first, then voices, then each word to a voice."""
    heard = listen(pcm, engine.activity)
    channels, language = engine.recogniser.recognise(
        pcm,
        {None: heard.spans},
        context,
        language=options.language,
        vocabulary=options.vocabulary,
        muted={None: heard.music},
    )
    voices = voices_in_mix(engine.diarizer, pcm, heard, options, context)
    words = channels[0].words if channels else ()
    names = [f"s{number}" for number in range(1, len(voices.spans) + 1)]
    return _Understood(
        parties=parties_in_mix(words, voices.spans, names, voices.unsure),
        music=heard.music,
        language=language,
        diarization=BY_VOICE,
    )
