"""Who speaks when on a recording, whoever has recognised its words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.audio.channels import channel_to_hear, leak_db
from services.audio.loudness import loudness_by_speaker
from services.audio.pcm import ChannelPcm
from services.audio.recording import ChannelLayout, PcmReader, Recording
from services.audio.watched import WatchedPcm
from services.domain.calls import ProcessingOptions, Stage
from services.domain.intervals import Interval, difference, union
from services.domain.running import RunContext
from services.domain.speech import Span, Speaker, Transcript
from services.engine.announced import announced_silence
from services.engine.holds import holds_of
from services.engine.listening import Listened, listen, listen_to_pair
from services.engine.mixed import SilencedPcm, exact_spans
from services.engine.speakers.clustering import VoiceCount
from services.engine.speakers.diarizer import Diarizer
from services.engine.voice_activity import VoiceActivity

FADE_MS = 500
BY_CHANNEL = "local channels"
BY_VOICE = "local voices"


@dataclass(frozen=True, kw_only=True)
class Party:
    """One who speaks: the speaker's id, their own channel if they have one, and exact spans."""

    speaker: str
    channel: int | None
    spans: tuple[Interval, ...]


@dataclass(frozen=True, kw_only=True)
class WhoSpeaks:
    """The parties of a recording; ``pcm`` is the sound they were heard on, ``how`` the way.

    What lies in ``unsure`` could be anybody's.
    """

    parties: tuple[Party, ...]
    music: tuple[Interval, ...]
    pcm: PcmReader
    how: str
    unsure: tuple[Interval, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MixedVoices:
    """The exact spans of each voice on one channel, and the stretches that are nobody's for sure.

    Voices are in order of first appearance; ``unsure`` lies in no voice's spans.
    """

    spans: tuple[tuple[Interval, ...], ...] = ()
    unsure: tuple[Interval, ...] = ()


def has_channel_for_each(recording: Recording) -> bool:
    """Whether each party can be heard alone on a channel."""
    return recording.layout is ChannelLayout.SEPARATE and recording.pcm.channels > 1


def one_sound(recording: Recording) -> PcmReader:
    """Return the one sound of a mixed call: of equal channels the better one, else the mean."""
    channel = channel_to_hear(recording.facts.findings, recording.pcm.channels)
    return recording.pcm if channel is None else ChannelPcm(recording.pcm, channel)


def who_speaks(
    activity: VoiceActivity,
    diarizer: Diarizer,
    recording: Recording,
    options: ProcessingOptions,
    context: RunContext,
) -> WhoSpeaks:
    """Find the parties of a recording without recognising a word. Raises Cancelled."""

    def watched(pcm: PcmReader) -> PcmReader:
        """Notice between blocks when the run is not wanted any more."""
        return WatchedPcm(pcm, lambda _: context.report(Stage.SPEAKERS, 0.0))

    if has_channel_for_each(recording):
        leaks = [leak_db(recording.facts.findings, channel) for channel in (0, 1)]
        pair = listen_to_pair(watched(recording.pcm), activity, leaks)
        return WhoSpeaks(
            parties=_parties([(heard.channel, heard.spans) for heard in pair]),
            music=tuple(interval for heard in pair for interval in heard.music),
            pcm=recording.pcm,
            how=BY_CHANNEL,
        )
    pcm = one_sound(recording)
    heard = listen(watched(pcm), activity)
    voices = voices_in_mix(diarizer, pcm, heard, options, context)
    return WhoSpeaks(
        parties=_parties([(None, spans) for spans in voices.spans]),
        music=heard.music,
        pcm=pcm,
        how=BY_VOICE,
        unsure=voices.unsure,
    )


def voices_in_mix(
    diarizer: Diarizer,
    pcm: PcmReader,
    heard: Listened,
    options: ProcessingOptions,
    context: RunContext,
) -> MixedVoices:
    """Tell the voices on one channel apart.

    Music is not listened to: where it fades it could pass for a voice.
    """
    if not heard.spans:
        return MixedVoices()
    quiet = SilencedPcm(pcm=pcm, silenced=_with_edges(heard.music))
    voices = diarizer.diarize(quiet, context, voices=voices_wanted(options))
    unsure = union(span for v in voices for span in v.unsure)
    spans = exact_spans([difference(v.spans, unsure) for v in voices], heard)
    return MixedVoices(spans=tuple(own for own in spans if own), unsure=tuple(unsure))


def with_parties(
    transcript: Transcript, parties: Sequence[Party], music: Sequence[Interval], pcm: PcmReader
) -> Transcript:
    """Return the transcript with these parties as its speakers, and what follows from them.

    That is speakers, spans, holds and loudness; the utterances must be theirs already.
    """
    spans = sorted(
        (Span(speaker=p.speaker, start_ms=a, end_ms=b) for p in parties for a, b in p.spans),
        key=lambda span: (span.start_ms, span.end_ms, span.speaker),
    )
    voiced = [(s.start_ms, s.end_ms) for s in spans]
    silences = announced_silence(transcript.utterances, voiced, music, transcript.duration_ms)
    holds = sorted((*holds_of(music), *silences), key=lambda h: (h.start_ms, h.end_ms))
    return replace(
        transcript,
        speakers=tuple(
            Speaker(id=p.speaker, label=f"Speaker {number}", channel=p.channel)
            for number, p in enumerate(parties, start=1)
        ),
        spans=tuple(spans),
        holds=tuple(holds),
        loudness_dbfs=loudness_by_speaker(pcm, spans, {p.speaker: p.channel for p in parties}),
    )


def _parties(heard: Sequence[tuple[int | None, tuple[Interval, ...]]]) -> tuple[Party, ...]:
    return tuple(
        Party(speaker=f"s{number}", channel=channel, spans=spans)
        for number, (channel, spans) in enumerate(heard, start=1)
    )


def voices_wanted(options: ProcessingOptions) -> VoiceCount:
    """Return how many voices the options let a call have."""
    exact = options.expected_speakers
    if exact is not None:
        return VoiceCount(least=exact, most=exact)
    return VoiceCount(least=options.min_speakers or 1, most=options.max_speakers)


def _with_edges(music: Sequence[Interval]) -> tuple[Interval, ...]:
    """Widen music by where it fades in and out, which could pass for a voice."""
    return tuple((max(0, start - FADE_MS), end + FADE_MS) for start, end in music)
