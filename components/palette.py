"""Colours of charts, one set for light and dark backgrounds.

Every colour keeps at least 3:1 contrast to white and to the dark background, the least that
graphics need, and the pairs that must be told apart (agent and customer, positive and negative)
differ in lightness for eyes that don't see their hue. Text never uses these: it takes
Streamlit's text colours, which change with the theme.
"""

from services.domain.speech import SentimentLabel, Speaker, SpeakerRole, Transcript

AGENT = "#3B82F6"
CUSTOMER = "#D4700C"
OTHERS = ("#9B6DE0", "#16926B", "#C2578E", "#7A8194")
OVERLAP = "#D1495B"
HOLD = "#8A8F98"
MARK = "#8A8F98"

POSITIVE = "#16926B"
NEUTRAL = "#8A8F98"
NEGATIVE = "#D1495B"

OF_SENTIMENT = {
    SentimentLabel.POSITIVE: POSITIVE,
    SentimentLabel.NEUTRAL: NEUTRAL,
    SentimentLabel.NEGATIVE: NEGATIVE,
}


def speaker_colours(transcript: Transcript) -> dict[str, str]:
    """Return a colour for each speaker id; the first agent and customer keep their role's."""
    free_of_role = {SpeakerRole.AGENT: AGENT, SpeakerRole.CUSTOMER: CUSTOMER}
    others = 0
    colours: dict[str, str] = {}
    for speaker in transcript.speakers:
        colour = free_of_role.pop(speaker.role, None)
        if colour is None:
            colour = OTHERS[others % len(OTHERS)]
            others += 1
        colours[speaker.id] = colour
    return colours


def role_first(transcript: Transcript) -> list[Speaker]:
    """Return the speakers in the order they are shown: agents, customers, then the rest."""
    rank = {SpeakerRole.AGENT: 0, SpeakerRole.CUSTOMER: 1, SpeakerRole.UNKNOWN: 2}
    return sorted(transcript.speakers, key=lambda s: rank[s.role])
