"""Reads dialogues with marked lines and scores a summary of them, by line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from services.domain.speech import Speaker, SpeakerRole, Summary, Transcript, Utterance

FOLDER = Path(__file__).parent / "summary_dialogues"
_LINE = re.compile(r"(?P<marks>(?:[RPDT] )*)(?P<who>[ac]): (?P<text>.+)")
VERDICTS = {"yes": True, "no": False, "unknown": None}


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """A short call and what is true about it; lines count from 0."""

    title: str
    resolved: bool | None
    lines: tuple[tuple[str, str], ...]
    marked: dict[str, set[str]] = field(default_factory=dict)

    @property
    def transcript(self) -> Transcript:
        """The call, 2 s a line."""
        return Transcript(
            id="t",
            provider="p",
            duration_ms=len(self.lines) * 2_000,
            speakers=(
                Speaker(id="a", label="A", role=SpeakerRole.AGENT),
                Speaker(id="c", label="C", role=SpeakerRole.CUSTOMER),
            ),
            utterances=tuple(
                Utterance(
                    id=f"u{n}", speaker=who, start_ms=n * 2_000, end_ms=n * 2_000 + 1_900, text=text
                )
                for n, (who, text) in enumerate(self.lines)
            ),
            spans=(),
            language="en",
        )


def read_dialogues(name: str) -> Iterator[Dialogue]:
    """Yield the dialogues of a file."""
    for block in (FOLDER / f"{name}.txt").read_text("utf-8").split("\n== ")[1:]:
        title, verdict, *lines = block.strip().split("\n")
        marked: dict[str, set[str]] = {mark: set() for mark in "RPDT"}
        spoken = []
        for number, line in enumerate(lines):
            match = _LINE.fullmatch(line)
            assert match, line
            spoken.append((match["who"], match["text"]))
            for mark in match["marks"].split():
                marked[mark].add(f"u{number}")
        yield Dialogue(
            title=title,
            resolved=VERDICTS[verdict.removeprefix("resolved: ")],
            lines=tuple(spoken),
            marked=marked,
        )


@dataclass
class Score:
    """Counts over several dialogues."""

    calls: int = 0
    reasons: int = 0
    right: int = 0
    wrong: int = 0
    open: int = 0
    overbold: int = 0
    found: dict[str, int] = field(default_factory=lambda: dict.fromkeys("PDT", 0))
    given: dict[str, int] = field(default_factory=lambda: dict.fromkeys("PDT", 0))
    true: dict[str, int] = field(default_factory=lambda: dict.fromkeys("PDT", 0))
    notes: list[str] = field(default_factory=list)

    def add(self, dialogue: Dialogue, summary: Summary) -> None:
        """Count one dialogue."""
        self.calls += 1
        wanted = dialogue.marked["R"]
        got = set(summary.reason.utterances) if summary.reason else set()
        self.reasons += bool(got & wanted) or got == wanted
        if not (got & wanted or got == wanted):
            self.notes.append(f"{dialogue.title}: reason {got} for {wanted}")
        self._add_verdict(dialogue, summary)
        tasks = [s for s in summary.action_items if s.who is SpeakerRole.CUSTOMER]
        said = {"P": summary.promises, "D": summary.actions, "T": tasks}
        for mark, statements in said.items():
            lines = {u for s in statements for u in s.utterances}
            self.found[mark] += len(lines & dialogue.marked[mark])
            self.given[mark] += len(lines)
            self.true[mark] += len(dialogue.marked[mark])
            if lines != dialogue.marked[mark]:
                missing, more = dialogue.marked[mark] - lines, lines - dialogue.marked[mark]
                self.notes.append(f"{dialogue.title}: {mark} missing {missing} more {more}")

    def _add_verdict(self, dialogue: Dialogue, summary: Summary) -> None:
        if summary.resolved is dialogue.resolved:
            self.right += 1
        elif summary.resolved is None:
            self.open += 1
        else:
            self.wrong += dialogue.resolved is not None
            self.overbold += dialogue.resolved is None
        if summary.resolved is not dialogue.resolved:
            self.notes.append(f"{dialogue.title}: {summary.resolved} for {dialogue.resolved}")

    def precision(self, mark: str) -> float:
        """Return which share of the lines given are true."""
        return self.found[mark] / self.given[mark] if self.given[mark] else 1.0

    def recall(self, mark: str) -> float:
        """Return which share of the true lines were given."""
        return self.found[mark] / self.true[mark] if self.true[mark] else 1.0

    def __str__(self) -> str:
        """All figures on one line."""
        marks = " ".join(f"{m} {self.precision(m):.2f}/{self.recall(m):.2f}" for m in "PDT")
        return (
            f"{self.calls} calls: reason {self.reasons}, resolved {self.right} right "
            f"{self.wrong} wrong {self.open} open {self.overbold} overbold, precision/recall {marks}"
        )
