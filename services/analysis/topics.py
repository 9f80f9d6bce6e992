"""What a call is about, from what its lines speak of, who says them and how early.

The reason for a call is told by the customer and told early. Each line counts for its topics by
the square of their probability, so that one clear line weighs more than several vague ones.
docs/topics.md says how the numbers were chosen.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from services.domain.speech import SpeakerRole, Transcript
from services.domain.topics import Topic

ROLE_WEIGHTS: Mapping[SpeakerRole, float] = {
    SpeakerRole.CUSTOMER: 1.0,
    SpeakerRole.UNKNOWN: 0.7,
    SpeakerRole.AGENT: 0.4,
}
HALVED_AFTER_LINES = 6
"""A party's seventh line counts half of its first, its thirteenth a third, and so on."""
DOUBT = 0.2
"""Weighed evidence that speaks for no topic at all; little evidence makes little confidence."""
LEAST_CONFIDENCE = 0.3
LEAST_BESIDE = 0.25
SHARE_OF_FIRST = 0.6
VAGUE: Mapping[str, float] = {"general_question": 0.5, "complaint_about_staff": 0.4}
"""Anybody asks and many complain: what these topics need at least."""
MOST_TOPICS = 3
MOST_LINES = 4
LEAST_OF_STRONGEST = 0.25
"""A line is shown as carrying a topic when it counts at least this share of the strongest one."""


@dataclass(slots=True)
class _Evidence:
    total: float = 0.0
    lines: list[tuple[float, str]] = field(default_factory=list)


def topics_of(transcript: Transcript) -> tuple[Topic, ...]:
    """Return at most three topics, surest first; none when the call doesn't tell clearly.

    A topic's confidence is its share of all weighed evidence and doubt. The first needs 0.3; one
    beside it 0.25 and six tenths of the first's.
    """
    found = _evidence(transcript)
    whole = DOUBT + sum(evidence.total for evidence in found.values())
    shares = ((evidence.total / whole, topic) for topic, evidence in found.items())
    sure = [(share, topic) for share, topic in shares if share >= VAGUE.get(topic, 0.0)]
    ranked = sorted(sure, key=lambda entry: (-entry[0], entry[1]))
    if not ranked or ranked[0][0] < LEAST_CONFIDENCE:
        return ()
    least = max(LEAST_BESIDE, SHARE_OF_FIRST * ranked[0][0])
    return tuple(
        Topic(id=topic, confidence=round(share, 4), utterances=_carriers(found[topic]))
        for at, (share, topic) in enumerate(ranked[:MOST_TOPICS])
        if at == 0 or share >= least
    )


def about_by_roles(transcript: Transcript) -> Transcript:
    """Return the transcript with its topics told anew, as after its roles have changed.

    One whose lines were never read for topics keeps those it has.
    """
    if not transcript.line_topics:
        return transcript
    return replace(transcript, topics=topics_of(transcript))


def _evidence(transcript: Transcript) -> dict[str, _Evidence]:
    likely = {line.utterance: line.probabilities for line in transcript.line_topics}
    spoken: dict[SpeakerRole, int] = defaultdict(int)
    found: dict[str, _Evidence] = defaultdict(_Evidence)
    for utterance in transcript.utterances:
        probabilities = likely.get(utterance.id)
        if probabilities is None:
            continue
        role = transcript.role_of(utterance.speaker)
        weight = ROLE_WEIGHTS[role] / (1 + spoken[role] / HALVED_AFTER_LINES)
        spoken[role] += 1
        for topic, probability in probabilities:
            counted = weight * probability**2
            found[topic].total += counted
            found[topic].lines.append((counted, utterance.id))
    return found


def _carriers(evidence: _Evidence) -> tuple[str, ...]:
    """Return the lines that counted most for a topic, strongest first."""
    ranked = sorted(evidence.lines, key=lambda line: -line[0])
    least = LEAST_OF_STRONGEST * ranked[0][0]
    return tuple(line for counted, line in ranked[:MOST_LINES] if counted >= least)
