"""The score of one call: everything that its truth allows to count."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from bench.scoring.counted import Counted, total
from bench.scoring.moments import Coverage, Matches, cover, match_interruptions
from bench.scoring.parties import (
    Overlap,
    Roles,
    SpeakerCount,
    TalkShare,
    compare_overlap,
    compare_talk_shares,
    count_roles,
    count_speakers,
)
from bench.scoring.speakers import (
    COLLAR_MS,
    DiarizationErrors,
    diarization_errors,
    overlap_ms,
    pair_speakers,
    stretches,
)
from bench.scoring.truth import Truth
from bench.scoring.words import (
    Normalise,
    WordErrors,
    errors_by_speaker,
    errors_in,
    errors_of_call,
    text_of,
)
from services.analysis.metrics import analyse
from services.domain.metrics import CallAnalysis
from services.domain.speech import Transcript


@dataclass(frozen=True, kw_only=True)
class Invented(Counted):
    """Words that came out of sound in which nobody speaks."""

    words: int
    sound_ms: int


@dataclass(frozen=True, kw_only=True)
class Score:
    """What was counted on one call, or on several together; None without truth about it."""

    words: WordErrors | None = None
    peer_words: WordErrors | None = None
    words_by_speaker: WordErrors | None = None
    invented: Invented | None = None
    diarization: DiarizationErrors | None = None
    diarization_collar: DiarizationErrors | None = None
    speakers: SpeakerCount | None = None
    talk_share: TalkShare | None = None
    overlap: Overlap | None = None
    interruptions: Matches | None = None
    holds: Coverage | None = None
    dead_air: Coverage | None = None
    roles: Roles | None = None


def score_call(
    transcript: Transcript, truth: Truth, normalise: Normalise, *, peer_text: str | None = None
) -> Score:
    """Score a transcript, with what a peer that only writes text made of the same sound.

    Raises LibraryMissing without the development requirements.
    """
    if truth.is_without_speech:
        invented = len(text_of(transcript.utterances).split())
        return Score(invented=Invented(words=invented, sound_ms=transcript.duration_ms))
    words, by_speaker, peer = _words(transcript, truth, normalise, peer_text)
    if truth.spans is None:
        return Score(words=words, words_by_speaker=by_speaker, peer_words=peer)
    analysis = analyse(transcript, dead_air_over_ms=truth.dead_air_over_ms)
    scene = stretches(truth.spans, transcript.spans)
    collared = stretches(truth.spans, transcript.spans, collar_ms=COLLAR_MS)
    pairs = pair_speakers(scene)
    return Score(
        words=words,
        words_by_speaker=by_speaker,
        peer_words=peer,
        diarization=diarization_errors(scene),
        diarization_collar=diarization_errors(collared),
        speakers=count_speakers(truth.spans, transcript.spans),
        talk_share=compare_talk_shares(truth.spans, transcript.spans, pairs),
        overlap=compare_overlap(overlap_ms(scene), analysis.metrics.overlap_ms),
        interruptions=_interruptions(truth, analysis, pairs),
        holds=_holds(truth, transcript),
        dead_air=_dead_air(truth, analysis),
        roles=count_roles(truth.roles, transcript, pairs) if truth.roles else None,
    )


def pooled(scores: Sequence[Score]) -> Score:
    """Add scores up, each count over the calls that have it."""
    return Score(**{one.name: total(getattr(s, one.name) for s in scores) for one in fields(Score)})


def _words(
    transcript: Transcript, truth: Truth, normalise: Normalise, peer_text: str | None
) -> tuple[WordErrors | None, WordErrors | None, WordErrors | None]:
    if truth.utterances is None:
        return None, None, None
    peer = None
    if peer_text is not None:
        peer = errors_in(normalise(text_of(truth.utterances)), normalise(peer_text))
    return (
        errors_of_call(truth.utterances, transcript.utterances, normalise),
        errors_by_speaker(truth.utterances, transcript.utterances, normalise),
        peer,
    )


def _interruptions(truth: Truth, analysis: CallAnalysis, pairs: dict[str, str]) -> Matches | None:
    if truth.interruptions is None:
        return None
    return match_interruptions(truth.interruptions, analysis.interruptions, pairs)


def _holds(truth: Truth, transcript: Transcript) -> Coverage | None:
    if truth.holds is None:
        return None
    return cover(truth.holds, [(h.start_ms, h.end_ms) for h in transcript.holds])


def _dead_air(truth: Truth, analysis: CallAnalysis) -> Coverage | None:
    if truth.dead_air is None:
        return None
    return cover(truth.dead_air, [(g.start_ms, g.end_ms) for g in analysis.dead_air])
