"""What rules ask about a call, from its transcript and figures."""

from collections.abc import Mapping
from statistics import fmean

from services.analysis.sentiment_course import QUARTERS, scored_utterances, sentiment_course
from services.domain.intervals import complement, union
from services.domain.metrics import CallAnalysis
from services.domain.rules import CallFacts, Moment, SentimentOf
from services.domain.speech import SpeakerRole, Transcript

SHORTEST_SILENCE_MS = 1_000
Sentiments = dict[tuple[SentimentOf, SpeakerRole | None], float]


def facts_of(
    transcript: Transcript, analysis: CallAnalysis, *, going_on: bool = False
) -> CallFacts:
    """Return what rules ask about a call; ``going_on``: it has not ended yet.

    Silences and dead air of 1 s or more are among them, whatever the figures' own thresholds are.
    """
    part, covered = transcript.part, transcript.covered
    roles = {speaker.id: speaker.role for speaker in transcript.speakers}
    speech = union((s.start_ms, s.end_ms) for s in transcript.spans)
    holds = union((h.start_ms, h.end_ms) for h in transcript.holds)
    silent = complement([*speech, *holds], within=(speech[0][0], speech[-1][1])) if speech else []
    return CallFacts(
        utterances=transcript.utterances,
        roles=roles,
        covered=covered,
        starts_late=part is not None and part.start_ms > 0,
        ends_early=going_on or (part is not None and part.end_ms < transcript.duration_ms),
        language=transcript.language,
        silences=tuple(
            (s, e) for s, e in complement(speech, within=covered) if e - s >= SHORTEST_SILENCE_MS
        ),
        dead_air=tuple((s, e) for s, e in silent if e - s >= SHORTEST_SILENCE_MS),
        holds=tuple(holds),
        interruptions=tuple(
            Moment(by=roles.get(i.by, SpeakerRole.UNKNOWN), start_ms=i.start_ms, end_ms=i.end_ms)
            for i in analysis.interruptions
        ),
        talk_share=_talk_share(analysis, roles),
        sentiment=_sentiment(transcript),
    )


def _talk_share(
    analysis: CallAnalysis, roles: Mapping[str, SpeakerRole]
) -> dict[SpeakerRole, float]:
    talk: dict[SpeakerRole, int] = {}
    for speaker, figures in analysis.metrics.by_speaker.items():
        role = roles.get(speaker, SpeakerRole.UNKNOWN)
        talk[role] = talk.get(role, 0) + figures.talk_ms
    together = sum(talk.values())
    return {role: ms / together for role, ms in talk.items()} if together else {}


def _sentiment(transcript: Transcript) -> Sentiments:
    found: Sentiments = {}
    for role in (None, SpeakerRole.AGENT, SpeakerRole.CUSTOMER):
        scores = [score for _, score in scored_utterances(transcript, role)]
        if not scores:
            continue
        quarters = sentiment_course(transcript, role, QUARTERS)
        found[SentimentOf.MEAN, role] = fmean(scores)
        found[SentimentOf.LOWEST, role] = min(scores)
        found[SentimentOf.HIGHEST, role] = max(scores)
        if quarters[-1] is not None:
            found[SentimentOf.FINAL, role] = quarters[-1]
        if quarters[0] is not None and quarters[-1] is not None:
            found[SentimentOf.CHANGE, role] = quarters[-1] - quarters[0]
    return found
