"""Short written calls with the categories that are true of them.

A file holds calls: ``== name``, a line of category ids, lines ``A: …`` of the agent and ``C: …`` of
the customer, and ``HOLD 20`` for a hold of 20 s. Speech takes 400 ms a word.
"""

from dataclasses import dataclass
from pathlib import Path

from services.analysis.metrics import analyse
from services.domain.rules import CallFacts
from services.domain.speech import Hold, HoldKind, Span, Speaker, SpeakerRole, Transcript, Utterance
from services.understanding.rules.facts import facts_of

FOLDER = Path(__file__).parent / "dialogues"
SPEAKERS = {
    "A": Speaker(id="A", label="Agent", role=SpeakerRole.AGENT),
    "C": Speaker(id="C", label="Customer", role=SpeakerRole.CUSTOMER),
}


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """A written call and what is true of it."""

    name: str
    expected: frozenset[str]
    transcript: Transcript

    @property
    def facts(self) -> CallFacts:
        """What rules ask about it."""
        return facts_of(self.transcript, analyse(self.transcript))


def dialogues(file_name: str) -> list[Dialogue]:
    """Read the calls of a file."""
    text = (FOLDER / file_name).read_text("utf-8")
    return [_dialogue(part.strip().splitlines()) for part in text.split("== ")[1:]]


def _dialogue(lines: list[str]) -> Dialogue:
    said, holds, now_ms = [], [], 500
    for line in lines[2:]:
        if line.startswith("HOLD"):
            end_ms = now_ms + 1_000 * int(line.split()[1])
            holds.append(Hold(start_ms=now_ms, end_ms=end_ms, kind=HoldKind.MUSIC))
            now_ms = end_ms + 300
        elif line.strip():
            speaker, _, text = line.partition(": ")
            end_ms = now_ms + 400 * len(text.split())
            said.append(
                Utterance(
                    id=str(len(said)), speaker=speaker, start_ms=now_ms, end_ms=end_ms, text=text
                )
            )
            now_ms = end_ms + 400
    transcript = Transcript(
        id=lines[0],
        provider="written",
        duration_ms=now_ms,
        speakers=tuple(SPEAKERS.values()),
        utterances=tuple(said),
        spans=tuple(Span(speaker=u.speaker, start_ms=u.start_ms, end_ms=u.end_ms) for u in said),
        holds=tuple(holds),
        language="en",
    )
    return Dialogue(name=lines[0], expected=frozenset(lines[1].split()), transcript=transcript)
