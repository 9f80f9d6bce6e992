"""Reads the dialogues of the role tests, and counts how often roles come out right.

``dialogues/tuned.txt`` is the half that cues may be tuned on, ``dialogues/held_out.txt`` only
measures, and so does ``dialogues/afterwards.txt``, written later to mislead.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.analysis.roles import assign_roles
from services.domain.speech import Speaker, SpeakerRole, Transcript, Utterance

FOLDER = Path(__file__).with_name("dialogues")
SETS = ("tuned", "held_out", "afterwards")
_HEADER = re.compile(
    r"== (?P<name>\w+)(?: (?P<language>[a-z]{2}))?(?: (?P<leave>may|must) abstain)?"
)
_SIDES = {"A": "left", "C": "right", "?": "left", "??": "right"}
LINE_MS = 1_000


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """A short call in writing; ``agent`` is the side of the agent, None when nobody is sure."""

    name: str
    language: str
    leave: str | None
    agent: str | None
    lines: tuple[tuple[str, str], ...]


def read_dialogues(half: str) -> list[Dialogue]:
    """Read all dialogues of one half, in the order of the file."""
    text = (FOLDER / f"{half}.txt").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=== )", text, flags=re.MULTILINE)[1:]
    return [_dialogue(block.strip().splitlines()) for block in blocks]


def _dialogue(rows: Sequence[str]) -> Dialogue:
    header = _HEADER.fullmatch(rows[0])
    assert header, rows[0]
    lines = [row.split(": ", 1) for row in rows[1:]]
    return Dialogue(
        name=header["name"],
        language=header["language"] or "en",
        leave=header["leave"],
        agent=None if lines[0][0].startswith("?") else "left",
        lines=tuple((_SIDES[mark], text) for mark, text in lines),
    )


def bare(text: str) -> str:
    """Return a text as plain recognisers write it: lower case, no punctuation."""
    return re.sub(r"[^\w' -]", "", text.lower()).strip()


def as_transcript(
    lines: Iterable[tuple[str, str]], *, channels: Sequence[str] = ("left", "right")
) -> Transcript:
    """Return a two-channel call of these lines, ``channels`` naming who is on which."""
    rows = list(lines)
    return Transcript(
        id="t",
        provider="p",
        duration_ms=len(rows) * LINE_MS,
        speakers=tuple(Speaker(id=s, label=s, channel=n) for n, s in enumerate(channels)),
        utterances=tuple(
            Utterance(
                id=f"u{n}", speaker=s, start_ms=n * LINE_MS, end_ms=(n + 1) * LINE_MS, text=text
            )
            for n, (s, text) in enumerate(rows)
        ),
        spans=(),
    )


def verdict(dialogue: Dialogue, transcript: Transcript) -> str:
    """Say "right", "wrong" or "abstained" of the roles a transcript is given.

    A speaker with the wrong role makes it wrong. Where nobody is sure, any role is wrong.
    """
    roles = {s.id: s.role for s in assign_roles(transcript).speakers}
    given = {s: r for s, r in roles.items() if r is not SpeakerRole.UNKNOWN}
    if not given:
        return "abstained"
    if dialogue.agent is None:
        return "wrong"
    truth = {s: SpeakerRole.AGENT if s == dialogue.agent else SpeakerRole.CUSTOMER for s in given}
    return "right" if given == truth else "wrong"


def count(half: str, *, as_recognised: bool = False) -> Counter[str]:
    """Count the verdicts of one half of the dialogues."""
    return Counter(v for _, v in verdicts(half, as_recognised=as_recognised))


def verdicts(half: str, *, as_recognised: bool = False) -> list[tuple[Dialogue, str]]:
    """Return each dialogue of a half with its verdict."""
    form = bare if as_recognised else str
    return [
        (d, verdict(d, as_transcript((s, form(text)) for s, text in d.lines)))
        for d in read_dialogues(half)
    ]
