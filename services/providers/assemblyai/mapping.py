"""AssemblyAI's answer as a transcript of ours."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.domain.ids import new_id
from services.domain.intervals import overlap_ms, union
from services.domain.placeholders import placeholders_in
from services.domain.speech import (
    Sentiment,
    SentimentLabel,
    Span,
    Speaker,
    Statement,
    Summary,
    Transcript,
    Utterance,
)
from services.providers.assemblyai.lines import (
    NOBODY,
    Said,
    Wanted,
    channel_number,
    lines_of,
    said_in,
    share,
)

if TYPE_CHECKING:
    from assemblyai.types import Sentiment as TheirSentiment
    from assemblyai.types import TranscriptResponse

# Speech goes on over pauses as short as this.
SPAN_PAUSE_MS = 500
NEUTRAL = 0.2
STAGE = "assemblyai"

_SIGNS = {"POSITIVE": 1.0, "NEUTRAL": 0.0, "NEGATIVE": -1.0}
_BULLET = re.compile(r"^[\s•*–-]+")


def transcript_of(response: "TranscriptResponse", duration_ms: int, wanted: Wanted) -> Transcript:
    """Return the transcript of a completed answer; all times lie inside the recording."""
    said = sorted(
        (line for one in said_in(response, wanted) for line in lines_of(one, duration_ms)),
        key=lambda line: (line.start_ms, line.end_ms),
    )
    speakers = _speakers(said, wanted)
    feelings = response.sentiment_analysis_results or ()
    utterances = tuple(
        _utterance(n, line, speakers, feelings) for n, line in enumerate(said, start=1)
    )
    return Transcript(
        id=new_id(),
        provider=STAGE,
        duration_ms=duration_ms,
        speakers=tuple(speakers.values()),
        utterances=utterances,
        spans=_spans(utterances),
        language=_language(response),
        language_confidence=response.language_confidence if wanted.detects_language else None,
        stages={
            "recognition": f"{STAGE} {_model(response)}",
            "speakers": f"{STAGE} {'channels' if wanted.by_channel else 'voices'}",
            **({"redaction_at_provider": STAGE} if wanted.redacts else {}),
        },
        summary=_summary(response.summary),
        redacted=wanted.redacts,
    )


def silent_transcript(duration_ms: int) -> Transcript:
    """Return the transcript of a recording in which nobody speaks."""
    return Transcript(
        id=new_id(),
        provider=STAGE,
        duration_ms=duration_ms,
        speakers=(),
        utterances=(),
        spans=(),
        stages={"recognition": STAGE},
    )


# --- utterances -------------------------------------------------------------------------------


def _utterance(
    number: int,
    line: Said,
    speakers: dict[str, Speaker],
    feelings: "Sequence[TheirSentiment]",
) -> Utterance:
    speaker = speakers.get(line.voice) if line.voice is not None else None
    return Utterance(
        id=f"u{number}",
        speaker=speaker.id if speaker else None,
        start_ms=line.start_ms,
        end_ms=line.end_ms,
        text=line.text,
        channel=line.channel,
        confidence=share(line.confidence),
        words=line.words,
        provider_sentiment=_feeling(line, feelings),
        pii=tuple(placeholders_in(line.text)),
    )


def _speakers(said: Sequence[Said], wanted: Wanted) -> dict[str, Speaker]:
    """Return the speakers by the service's names: channels in their order, voices as they come."""
    voices = list(dict.fromkeys(line.voice for line in said if line.voice is not None))
    channels = {line.voice: line.channel for line in said if line.voice is not None}
    if wanted.by_channel:
        voices.sort(key=lambda voice: (channels[voice] is None, channels[voice] or 0))
    return {
        voice: Speaker(id=f"s{n}", label=f"Speaker {n}", channel=channels[voice])
        for n, voice in enumerate(voices, start=1)
    }


def _spans(utterances: Sequence[Utterance]) -> tuple[Span, ...]:
    """Return when each speaker is heard, by the times of the words."""
    heard: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for line in utterances:
        if line.speaker is not None:
            words = [(w.start_ms, w.end_ms) for w in line.words if w.start_ms < w.end_ms]
            heard[line.speaker].extend(words or [(line.start_ms, line.end_ms)])
    spans = [
        Span(speaker=speaker, start_ms=start_ms, end_ms=end_ms)
        for speaker, intervals in heard.items()
        for start_ms, end_ms in union(intervals, bridge_ms=SPAN_PAUSE_MS)
    ]
    return tuple(sorted(spans, key=lambda span: (span.start_ms, span.end_ms)))


# --- what is said about it --------------------------------------------------------------------


def _feeling(line: Said, feelings: "Sequence[TheirSentiment]") -> Sentiment | None:
    """Return the mean sentiment of the sentences in a line, by how long they lie in it."""
    weighed = 0.0
    weight = 0
    for one in feelings:
        if not _is_of(one, line):
            continue
        shared = overlap_ms((one.start, one.end), (line.start_ms, line.end_ms))
        name = str(getattr(one.sentiment, "value", one.sentiment))
        weighed += _SIGNS.get(name, 0.0) * (share(one.confidence) or 0.0) * shared
        weight += shared
    if not weight:
        return None
    score = weighed / weight
    if abs(score) < NEUTRAL:
        return Sentiment(label=SentimentLabel.NEUTRAL, score=score)
    label = SentimentLabel.POSITIVE if score > 0 else SentimentLabel.NEGATIVE
    return Sentiment(label=label, score=score)


def _is_of(one: "TheirSentiment", line: Said) -> bool:
    """Whether a sentence can be the line's: nobody else's."""
    if line.channel is not None:
        told = channel_number(one.channel)
        return told is None or told == line.channel
    return one.speaker is None or one.speaker == (line.voice or NOBODY)


def _summary(text: str | None) -> Summary | None:
    """Return a summary's sentences: the first tells the reason, the others what was done."""
    points = [_BULLET.sub("", point).strip() for point in (text or "").splitlines()]
    statements = [Statement(text=point) for point in points if point]
    if not statements:
        return None
    return Summary(reason=statements[0], actions=tuple(statements[1:]))


def _language(response: "TranscriptResponse") -> str | None:
    told = str(getattr(response.language_code, "value", response.language_code) or "")
    return told.casefold().replace("-", "_").partition("_")[0] or None


def _model(response: "TranscriptResponse") -> str:
    told = response.speech_model_used or getattr(
        response.speech_model, "value", response.speech_model
    )
    named = str(told or "").strip()
    return named if re.fullmatch(r"[\w.-]{1,40}", named) else "model"
