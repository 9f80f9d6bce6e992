"""Decides who is the agent and who the customer, from evidence, or says that it can't tell.

Evidence is additive, in log-odds: each speaker's wording, who asks whom for a name or number and
is told it, and the usual role of a voice that was recognised. Habits that only often hold (the
first voice of an inbound call, who asks more) are added, but never decide without these. The
channel is no evidence: recorders differ in which side they give the agent. Only a telephone service
that says who speaks on which is believed.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from services.analysis.role_evidence import (
    AGENT_CUES,
    COLLEAGUES,
    CUSTOMER_CUES,
    DESK,
    FAMILY,
    INTRODUCTION,
    weigh,
    without_reported_speech,
)
from services.analysis.role_exchanges import exchange_evidence
from services.analysis.wording import count_words, is_question
from services.domain.calls import CallDetails, Direction
from services.domain.speech import Speaker, SpeakerRole, Transcript, Utterance

CONFIDENT_FROM = 0.85
"""Below this probability the roles stay unknown."""
LEAST_WORDING = 1.0
"""Without this much difference in wording (log-odds) the roles stay unknown."""
LEAST_ALONE = 2.0
"""A role read from one speaker alone, without the other party beside it, needs this much."""
BEYOND_DOUBT = 8.0
"""A lead that holds although a speaker once sounds like a colleague or a relative of the other."""
TOLD = 1.0
"""The confidence of a role that was told by who connects the parties, and not guessed."""
_SHARPNESS = 0.6
_HABIT = 0.4
_DESK = 1.6
_DESK_WORDS = 10
_KNOWN_NAME = 3.0
# A voice that was recognised, however narrowly, decides where words don't.
_KNOWN_VOICE = 3.6
_OPENING_UTTERANCES = 2


def assign_roles(
    transcript: Transcript,
    details: CallDetails | None = None,
    voice_roles: Mapping[str, SpeakerRole] = MappingProxyType({}),
) -> Transcript:
    """Return the transcript with roles and their confidence (0..1) where evidence allows.

    Of two speakers one becomes agent and the other customer, or both stay unknown, as they do when
    both speak like agents, about a customer in the third person, or like relatives. Of more, the
    best evidenced is the agent, each other customer or unknown. Roles that a provider gave with a
    confidence stay, and of two speakers leave the other role to the other. ``voice_roles`` are the
    usual roles of known voices by their id.
    """
    if any(_is_given(s) for s in transcript.speakers):
        return _beside_given(transcript)
    known = details or CallDetails()
    exchanges = exchange_evidence(transcript.utterances)
    evidence = {
        s.id: _evidence(
            transcript, s, known, exchanges.get(s.id, 0.0) + _known_voice(s, voice_roles)
        )
        for s in transcript.speakers
    }
    if len(evidence) == 2:
        roles = _of_two(evidence, in_doubt=_is_no_service_call(transcript))
    else:
        roles = _of_any_number(evidence)
    return replace(
        transcript,
        speakers=tuple(
            replace(s, role=roles[s.id][0], role_confidence=roles[s.id][1])
            for s in transcript.speakers
        ),
    )


def told_roles(transcript: Transcript, by_channel: Sequence[SpeakerRole]) -> Transcript:
    """Return the transcript with the roles that were told of channels, where none was given."""
    return replace(
        transcript, speakers=tuple(with_told_role(s, by_channel) for s in transcript.speakers)
    )


def with_told_role(speaker: Speaker, by_channel: Sequence[SpeakerRole]) -> Speaker:
    """Return the speaker with the role that was told of their channel; a given one stays.

    Where there is one channel only, everybody is on it.
    """
    channel = 0 if speaker.channel is None and len(by_channel) == 1 else speaker.channel
    if _is_given(speaker) or channel is None or not 0 <= channel < len(by_channel):
        return speaker
    role = by_channel[channel]
    if role is SpeakerRole.UNKNOWN:
        return speaker
    return replace(speaker, role=role, role_confidence=TOLD)


_Decision = tuple[SpeakerRole, float | None]


@dataclass(frozen=True, kw_only=True)
class _Evidence:
    """Evidence that a speaker is the agent (positive) or the customer (negative), in log-odds."""

    wording: float
    habits: float

    @property
    def whole(self) -> float:
        return self.wording + self.habits


def _is_given(speaker: Speaker) -> bool:
    return speaker.role is not SpeakerRole.UNKNOWN and speaker.role_confidence is not None


def _beside_given(transcript: Transcript) -> Transcript:
    """Return the transcript with the role that is left for the other one of two speakers."""
    given = [s for s in transcript.speakers if _is_given(s)]
    if len(transcript.speakers) != 2 or len(given) != 1:
        return transcript
    [known] = given
    left = SpeakerRole.AGENT if known.role is SpeakerRole.CUSTOMER else SpeakerRole.CUSTOMER
    return replace(
        transcript,
        speakers=tuple(
            s if s is known else replace(s, role=left, role_confidence=known.role_confidence)
            for s in transcript.speakers
        ),
    )


def _of_two(evidence: Mapping[str, _Evidence], *, in_doubt: bool) -> dict[str, _Decision]:
    (first, a), (second, b) = evidence.items()
    lead = a.whole - b.whole
    confidence = _probability(abs(lead))
    agrees = (a.wording - b.wording) * lead > 0
    told = abs(a.wording - b.wording) >= LEAST_WORDING
    both_agents = min(a.wording, b.wording) >= LEAST_ALONE
    doubtful = (in_doubt or both_agents) and abs(lead) < BEYOND_DOUBT
    if doubtful or not (agrees and told and confidence >= CONFIDENT_FROM):
        return _neither(evidence)
    agent = first if lead > 0 else second
    return {
        speaker: (SpeakerRole.AGENT if speaker == agent else SpeakerRole.CUSTOMER, confidence)
        for speaker in evidence
    }


def _neither(evidence: Mapping[str, _Evidence]) -> dict[str, _Decision]:
    return dict.fromkeys(evidence, (SpeakerRole.UNKNOWN, None))


def _is_no_service_call(transcript: Transcript) -> bool:
    texts = [u.text.replace("’", "'") for u in transcript.utterances]
    return any(COLLEAGUES.search(text) or FAMILY.search(text) for text in texts)


def _of_any_number(evidence: Mapping[str, _Evidence]) -> dict[str, _Decision]:
    ranked = sorted(evidence, key=lambda speaker: -evidence[speaker].wording)
    best = evidence[ranked[0]].wording if ranked else 0.0
    ahead = evidence[ranked[1]].wording if len(ranked) > 1 else 0.0
    roles = _neither(evidence)
    is_agent = best >= LEAST_ALONE and best - ahead >= LEAST_WORDING
    if is_agent and _probability(best) >= CONFIDENT_FROM:
        roles[ranked[0]] = (SpeakerRole.AGENT, _probability(best))
    for speaker in ranked:
        wording = evidence[speaker].wording
        # Beside a sure agent, little is needed to be the one who is served.
        beside = best if roles[ranked[0]][0] is SpeakerRole.AGENT else 0.0
        confidence = _probability(beside - wording)
        if wording <= -LEAST_WORDING and confidence >= CONFIDENT_FROM:
            roles[speaker] = (SpeakerRole.CUSTOMER, confidence)
    return roles


def _probability(log_odds: float) -> float:
    # Cues of one speaker depend on each other, so their sum is flattened and never reaches 1.
    return min(0.99, 1 / (1 + math.exp(-_SHARPNESS * log_odds)))


def _evidence(
    transcript: Transcript, speaker: Speaker, details: CallDetails, beside_words: float
) -> _Evidence:
    said = [u for u in transcript.utterances if u.speaker == speaker.id and not u.is_backchannel]
    text = "\n".join(u.text for u in said)
    wording = weigh(without_reported_speech(text), AGENT_CUES) - weigh(text, CUSTOMER_CUES)
    wording += _introduces_like_an_agent(said, details) + _answers_like_a_desk(said)
    return _Evidence(
        wording=wording + beside_words, habits=_habits(transcript, speaker, said, details)
    )


def _known_voice(speaker: Speaker, voice_roles: Mapping[str, SpeakerRole]) -> float:
    """Weigh the usual role of a recognised voice by how surely it was recognised."""
    sign = {SpeakerRole.AGENT: 1.0, SpeakerRole.CUSTOMER: -1.0}
    role = voice_roles.get(speaker.voice_id or "", SpeakerRole.UNKNOWN)
    return sign.get(role, 0.0) * _KNOWN_VOICE * (speaker.voice_confidence or 0.0)


def _answers_like_a_desk(said: Sequence[Utterance]) -> float:
    """Weigh a department's name in the first words ("Claims, good morning")."""
    opening = said[0].text.strip() if said else ""
    return _DESK if count_words(opening) <= _DESK_WORDS and DESK.search(opening) else 0.0


def _introduces_like_an_agent(said: Sequence[Utterance], details: CallDetails) -> float:
    """Weigh a name given in the opening words, more when it is the agent's known name."""
    agent_names = {part.casefold() for part in (details.agent_name or "").split()}
    for utterance in said[:_OPENING_UTTERANCES]:
        names = {m["name"].casefold() for m in INTRODUCTION.finditer(utterance.text)}
        if names & agent_names:
            return _KNOWN_NAME
        if utterance is said[0] and names:
            return 0.4
    return 0.0


def _habits(
    transcript: Transcript, speaker: Speaker, said: Sequence[Utterance], details: CallDetails
) -> float:
    habits = 0.0
    opening = next((u.speaker for u in transcript.utterances if u.speaker is not None), None)
    if details.direction is not None and opening is not None:
        answers = details.direction is Direction.INBOUND
        habits += _HABIT if (opening == speaker.id) == answers else -_HABIT
    questions = sum(is_question(u.text) for u in said)
    asked = sum(is_question(u.text) for u in transcript.utterances if not u.is_backchannel)
    if asked >= 3:
        habits += _HABIT * (2 * questions / asked - 1)
    return habits
