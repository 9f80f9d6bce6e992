"""The figures of a conversation, computed from voiced spans. docs/metrics.md defines each one.

Counts and durations are summed first, rates formed last; a rate without a denominator is None.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean, median

from services.analysis.floor import (
    Run,
    count_switches,
    find_interruptions,
    floor_sequence,
    longest_monologues_ms,
    response_gaps_ms,
    runs_of,
    spans_by_speaker,
    without_backchannels,
)
from services.analysis.sentiment_course import scored_utterances, sentiment_trend
from services.analysis.wording import count_fillers, count_words, is_question
from services.domain.intervals import Interval, complement, cut, union
from services.domain.metrics import (
    CallAnalysis,
    CallMetrics,
    Gap,
    Interruption,
    SpeakerMetrics,
)
from services.domain.speech import SentimentLabel, SpeakerRole, Transcript, Utterance

DEAD_AIR_OVER_MS = 5_000
SILENCE_OVER_MS = 3_000
MS_PER_MINUTE = 60_000


def analyse(
    transcript: Transcript,
    *,
    dead_air_over_ms: int = DEAD_AIR_OVER_MS,
    silence_over_ms: int = SILENCE_OVER_MS,
) -> CallAnalysis:
    """Compute every figure of a transcript and the moments behind them.

    Gaps count as dead air or silence when longer than the given thresholds. Pure: the same
    transcript always gives the same figures.
    """
    scene = _Scene(transcript)
    dead_air = scene.dead_air(over_ms=dead_air_over_ms)
    silences = tuple(g for g in scene.gaps if g.duration_ms > silence_over_ms)
    return CallAnalysis(
        metrics=_call_metrics(scene, dead_air, silences),
        interruptions=scene.interruptions,
        dead_air=dead_air,
        silences=silences,
        overlaps=scene.overlaps,
    )


class _Scene:
    """The intervals of one call that the figures are read from."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        whole = transcript.covered
        self.duration_ms = whole[1] - whole[0]
        self.voiced = spans_by_speaker(transcript.spans, within=whole)
        self.speech = union(i for intervals in self.voiced.values() for i in intervals)
        self.holds = union(cut((h.start_ms, h.end_ms), whole) for h in transcript.holds)
        self.overlaps = simultaneous(self.voiced)
        self.gaps = tuple(
            Gap(start_ms=start, end_ms=end) for start, end in complement(self.speech, within=whole)
        )
        floor_voiced = without_backchannels(self.voiced, transcript.utterances)
        self.runs: list[Run] = runs_of(floor_voiced)
        self.floor = floor_sequence(self.runs)
        self.interruptions: tuple[Interruption, ...] = find_interruptions(
            self.runs, floor_voiced, transcript
        )
        self.roles = {speaker.id: speaker.role for speaker in transcript.speakers}

    def dead_air(self, *, over_ms: int) -> tuple[Gap, ...]:
        """Gaps longer than ``over_ms`` between first and last voice, holds taken out."""
        if not self.speech:
            return ()
        within = (self.speech[0][0], self.speech[-1][1])
        silent = complement([*self.speech, *self.holds], within=within)
        return tuple(Gap(start_ms=s, end_ms=e) for s, e in silent if e - s > over_ms)

    def gaps_between(self, asker: SpeakerRole, answerer: SpeakerRole) -> list[int]:
        """Non-negative gaps from a stop of one role to the start of the other, in ms."""
        return response_gaps_ms(
            self.floor,
            self.holds,
            is_asker=lambda speaker: self.roles.get(speaker) is asker,
            is_answerer=lambda speaker: self.roles.get(speaker) is answerer,
        )


def simultaneous(voiced: Mapping[str, Sequence[Interval]]) -> tuple[Gap, ...]:
    """Return the intervals in which at least two speakers are voiced."""
    edges = sorted(
        edge
        for intervals in voiced.values()
        for start, end in intervals
        for edge in ((start, 1), (end, -1))
    )
    found: list[Gap] = []
    voices, since_ms = 0, 0
    for at_ms, step in edges:
        if voices >= 2 and voices + step < 2 and at_ms > since_ms:
            found.append(Gap(start_ms=since_ms, end_ms=at_ms))
        if voices < 2 <= voices + step:
            since_ms = at_ms
        voices += step
    return tuple(found)


def _call_metrics(scene: _Scene, dead_air: Sequence[Gap], silences: Sequence[Gap]) -> CallMetrics:
    transcript = scene.transcript
    speech_ms = _length(scene.speech)
    overlap_ms = sum(o.duration_ms for o in scene.overlaps)
    switches = count_switches(scene.floor)
    patience = scene.gaps_between(SpeakerRole.CUSTOMER, SpeakerRole.AGENT)
    response = scene.gaps_between(SpeakerRole.AGENT, SpeakerRole.CUSTOMER)
    trend, trend_n = sentiment_trend(transcript)
    return CallMetrics(
        duration_ms=scene.duration_ms,
        speech_ms=speech_ms,
        overlap_ms=overlap_ms,
        overlap_count=len(scene.overlaps),
        overlap_mean_ms=round(overlap_ms / len(scene.overlaps)) if scene.overlaps else None,
        overlap_first_ms=scene.overlaps[0].start_ms if scene.overlaps else None,
        overlap_share_of_speech=_ratio(overlap_ms, speech_ms),
        non_talk_ms=scene.duration_ms - speech_ms,
        silence_ms=sum(s.duration_ms for s in silences),
        longest_silence_ms=max((g.duration_ms for g in scene.gaps), default=0),
        dead_air_ms=sum(g.duration_ms for g in dead_air),
        dead_air_count=len(dead_air),
        hold_ms=_length(scene.holds),
        hold_count=len(scene.holds),
        switches=switches,
        switches_per_minute=_per_minute(switches, scene.duration_ms),
        patience_ms=round(median(patience)) if patience else None,
        patience_n=len(patience),
        response_ms=round(median(response)) if response else None,
        response_n=len(response),
        sentiment_mean=_mean_score(transcript, None),
        customer_sentiment_mean=_mean_score(transcript, SpeakerRole.CUSTOMER),
        sentiment_trend=trend,
        sentiment_n=trend_n,
        negative_utterances=sum(_is_negative(u) for u in transcript.utterances),
        by_speaker=_by_speaker(scene),
    )


def _by_speaker(scene: _Scene) -> dict[str, SpeakerMetrics]:
    talk = {speaker: _length(intervals) for speaker, intervals in scene.voiced.items()}
    monologues = longest_monologues_ms(scene.floor, scene.holds)
    said: dict[str, list[Utterance]] = {}
    for utterance in scene.transcript.utterances:
        if utterance.speaker is not None:
            said.setdefault(utterance.speaker, []).append(utterance)
    ids = [speaker.id for speaker in scene.transcript.speakers]
    ids += [speaker for speaker in talk if speaker not in ids]
    return {
        speaker: _speaker_metrics(
            scene, speaker, talk, monologues.get(speaker, 0), said.get(speaker, [])
        )
        for speaker in ids
    }


def _speaker_metrics(
    scene: _Scene,
    speaker: str,
    talk: Mapping[str, int],
    monologue_ms: int,
    said: Sequence[Utterance],
) -> SpeakerMetrics:
    talk_ms = talk.get(speaker, 0)
    all_talk_ms = sum(talk.values())
    words = sum(count_words(u.text) for u in said)
    kept = not scene.transcript.without_fillers
    fillers = sum(count_fillers(u.text) for u in said) if kept else None
    questions = sum(is_question(u.text) for u in said if not u.is_backchannel)
    return SpeakerMetrics(
        talk_ms=talk_ms,
        talk_share_of_call=_ratio(talk_ms, scene.duration_ms),
        talk_share_of_speech=_ratio(talk_ms, all_talk_ms),
        talk_listen_ratio=_ratio(talk_ms, all_talk_ms - talk_ms),
        words=words,
        words_per_minute=_per_minute(words, talk_ms),
        interruptions=sum(i.by == speaker for i in scene.interruptions),
        longest_monologue_ms=monologue_ms,
        questions=questions,
        questions_per_minute=_per_minute(questions, talk_ms),
        fillers=fillers,
        fillers_per_100_words=_ratio(100 * fillers, words) if fillers is not None else None,
        loudness_dbfs=scene.transcript.loudness_dbfs.get(speaker, ()),
    )


def _length(disjoint: Sequence[Interval]) -> int:
    return sum(end - start for start, end in disjoint)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None


def _per_minute(count: int, duration_ms: int) -> float | None:
    return count * MS_PER_MINUTE / duration_ms if duration_ms > 0 else None


def _mean_score(transcript: Transcript, role: SpeakerRole | None) -> float | None:
    scores = [score for _, score in scored_utterances(transcript, role)]
    return fmean(scores) if scores else None


def _is_negative(utterance: Utterance) -> bool:
    return (
        utterance.sentiment is not None
        and not utterance.is_backchannel
        and utterance.sentiment.label is SentimentLabel.NEGATIVE
    )
