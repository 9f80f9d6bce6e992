"""A made-up call of three hours and 5,000 utterances, stored like any other."""

import random
from datetime import UTC, datetime

import numpy as np

from app.wiring import Services
from services.analysis.metrics import analyse
from services.audio.recording import SAMPLE_RATE, Samples
from services.audio.render import render_playback
from services.domain.calls import AudioFacts, Call, CallDetails, CallState, ProcessingOptions, Run
from services.domain.ids import new_id
from services.domain.metrics import AnalysedTranscript
from services.domain.people import LOCAL_USER
from services.domain.speech import (
    Sentiment,
    SentimentLabel,
    Span,
    Speaker,
    SpeakerRole,
    Transcript,
    Utterance,
    Word,
)
from services.storage.audio_vault import Rendition

UTTERANCES = 5_000
PERIOD_MS = 2_160
WORD_MS = 220
VOCABULARY = ("account", "charged", "twice", "nobody", "order", "parcel", "tracking", "month")


class Hum:
    """Three hours of a quiet hum, made when it is read."""

    channels = 1

    def __init__(self, duration_ms: int) -> None:
        """Last this long."""
        self.frames = duration_ms * SAMPLE_RATE // 1000

    def read(self, start: int, stop: int, channel: int | None = None) -> Samples:
        """Return frames [start, stop)."""
        at = np.arange(max(0, start), min(stop, self.frames), dtype=np.float32)
        return (0.05 * np.sin(at * np.float32(2 * np.pi * 220 / SAMPLE_RATE))).astype(np.float32)


def long_transcript(utterances: int = UTTERANCES) -> Transcript:
    """Return a transcript of two speakers taking turns every 2.16 s."""
    chance = random.Random(7)
    lines = tuple(_utterance(n, chance) for n in range(utterances))
    return Transcript(
        id=new_id(),
        provider="local",
        duration_ms=utterances * PERIOD_MS,
        speakers=(
            Speaker(id="s1", label="Agent", role=SpeakerRole.AGENT, role_confidence=0.9),
            Speaker(id="s2", label="Customer", role=SpeakerRole.CUSTOMER, role_confidence=0.9),
        ),
        utterances=lines,
        spans=tuple(
            Span(speaker=u.speaker, start_ms=u.start_ms, end_ms=u.end_ms)
            for u in lines
            if u.speaker
        ),
        language="en",
        redacted=True,
    )


def _utterance(number: int, chance: random.Random) -> Utterance:
    start = number * PERIOD_MS
    texts = chance.choices(VOCABULARY, k=chance.randint(3, 9))
    words = tuple(
        Word(text=w, start_ms=start + i * WORD_MS, end_ms=start + (i + 1) * WORD_MS - 20)
        for i, w in enumerate(texts)
    )
    score = round(chance.uniform(-1, 1), 2)
    return Utterance(
        id=f"u{number + 1}",
        speaker="s1" if number % 2 == 0 else "s2",
        start_ms=start,
        end_ms=words[-1].end_ms,
        text=" ".join(texts),
        words=words,
        sentiment=Sentiment(label=_label(score), score=score),
    )


def _label(score: float) -> SentimentLabel:
    if abs(score) < 0.3:
        return SentimentLabel.NEUTRAL
    return SentimentLabel.POSITIVE if score > 0 else SentimentLabel.NEGATIVE


def store_long_call(services: Services, transcript: Transcript) -> str:
    """Store the call with its transcript, figures and sound; return its id."""
    call = Call(
        id=new_id(),
        org_id=LOCAL_USER.org_id,
        source_name="three hours.wav",
        content_hash=new_id(),
        size_bytes=0,
        state=CallState.WAITING,
        created_at=datetime.now(UTC),
        details=CallDetails(agent_name="Nora Fields", queue="Billing"),
    )
    key = services.vault.new_key(call.id)
    run = Run(call_id=call.id, number=1, options=ProcessingOptions(), state=CallState.WAITING)
    services.calls.add(call, run, key)
    services.runs.begin(call.id, 1)
    with services.vault.write(call.id, Rendition.PLAYBACK, key) as sink:
        render_playback(Hum(transcript.duration_ms), sink)
    facts = AudioFacts(
        duration_ms=transcript.duration_ms,
        channels=1,
        sample_rate=SAMPLE_RATE,
        codec="pcm_s16le",
        container="wav",
    )
    services.calls.set_audio(call.id, facts)
    analysed = AnalysedTranscript(transcript=transcript, analysis=analyse(transcript))
    services.transcripts.save(LOCAL_USER.org_id, call.id, 1, analysed)
    services.runs.finish(call.id, 1, transcript.id)
    return call.id
