"""The lines of a call as a language model gets them: numbered, by role, in pieces it can take."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.domain.speech import SpeakerRole, Transcript, Utterance

# What one line may take of a piece, so that a single endless line can't break the limit.
MOST_LINE_CHARS = 4_000
_SPOKEN = re.compile(r"[^\W_]")


@dataclass(frozen=True, kw_only=True)
class NumberedLine:
    """A line of a call under the number by which a model may cite it, from 1."""

    number: int
    utterance: Utterance
    role: str

    @property
    def written(self) -> str:
        """The line as it is sent: on one line, without marks that look like the prompt's own."""
        text = " ".join(self.utterance.text.split()).replace("<", "‹").replace(">", "›")
        return f"L{self.number} {self.role}: {text}"


def numbered_lines(transcript: Transcript) -> list[NumberedLine]:
    """Return the lines that hold words; speakers are named by role, never by their names."""
    strangers = {s.id: f"speaker {n}" for n, s in enumerate(transcript.speakers, start=1)}
    lines = []
    for number, utterance in enumerate(transcript.utterances, start=1):
        role = transcript.role_of(utterance.speaker)
        known = role is not SpeakerRole.UNKNOWN
        name = role.value if known else strangers.get(utterance.speaker or "", "somebody")
        if _SPOKEN.search(utterance.text):
            lines.append(NumberedLine(number=number, utterance=utterance, role=name))
    return lines


def written_lines(piece: Sequence[NumberedLine]) -> str:
    """Return lines as they are sent, one below the other; what is overlong is cut."""
    return "\n".join(line.written[:MOST_LINE_CHARS] for line in piece)


def pieces_of(lines: Sequence[NumberedLine], most_chars: int) -> Iterator[list[NumberedLine]]:
    """Yield the lines in runs of at most so many characters; a line is never cut apart."""
    piece: list[NumberedLine] = []
    length = 0
    for line in lines:
        more = min(len(line.written), MOST_LINE_CHARS) + 1
        if piece and length + more > most_chars:
            yield piece
            piece, length = [], 0
        piece.append(line)
        length += more
    if piece:
        yield piece
