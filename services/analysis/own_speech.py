"""Where a speaker is heard alone."""

from services.domain.intervals import Interval, difference
from services.domain.speech import Transcript


def own_spans(transcript: Transcript, speaker_id: str) -> list[Interval]:
    """Return where this speaker speaks, nobody else does and nothing plays; sorted, disjoint."""
    own = [(s.start_ms, s.end_ms) for s in transcript.spans if s.speaker == speaker_id]
    others = [(s.start_ms, s.end_ms) for s in transcript.spans if s.speaker != speaker_id]
    holds = [(h.start_ms, h.end_ms) for h in transcript.holds]
    return difference(own, [*others, *holds])
