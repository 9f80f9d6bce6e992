"""``partyline bench summaries``: how good the summaries are, against what a listener noted.

Truth is the ``facts`` of a truth file: why the customer called (``issue`` or ``reason``), whether
it was ``resolved``, and what remained to be done (``action_items`` or ``promises``). The texts are
somebody else's words, so a statement counts as found when it shares enough words of content. The
calls are read from the truth's own lines, or from transcripts that ``partyline transcribe`` or
``partyline bench accuracy --keep-transcripts`` wrote.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.results import keep, table
from bench.scoring.truth_files import read_json
from services.analysis.backchannels import mark_backchannels
from services.analysis.roles import assign_roles
from services.domain.calls import CallDetails
from services.domain.errors import InvalidRequest
from services.domain.running import RunContext
from services.domain.speech import Speaker, Statement, Summary, Transcript
from services.understanding.redaction import Redactor
from services.understanding.sentiment import SentimentModel
from services.understanding.summariser import LocalSummariser, Summariser

DEMO = Path(__file__).resolve().parent.parent / "demo"
ENOUGH_SHARED = 0.15
LEAST_SHARED = 2
_STOP = frozenset(
    re.findall(
        r"\w+",
        "a an the and or but of to in on at for with by from is are was were be been has have had "
        "it its his her their your you we they he she this that as not no will customer agent one "
        "two because after before about",
    )
)


@dataclass(frozen=True, kw_only=True)
class Noted:
    """One call and what a listener noted about it."""

    name: str
    transcript: Transcript
    reason: str
    resolved: bool | None
    tasks: tuple[str, ...]


def content_words(text: str) -> frozenset[str]:
    """Return the words that carry content, by their first five letters."""
    words = re.findall(r"[a-z]+", re.sub(r"['’]\w+", "", text.casefold()))
    return frozenset(w[:5] for w in words if w not in _STOP and len(w) > 2)


def is_about(said: str, noted: str) -> bool:
    """Whether two texts share enough words of content to speak of the same."""
    one, other = content_words(said), content_words(noted)
    shared = len(one & other)
    return shared >= min(LEAST_SHARED, len(other)) and shared >= ENOUGH_SHARED * len(other)


def score(noted: Noted, summary: Summary) -> dict[str, Any]:
    """Return the counts of one call."""
    committed = (*summary.promises, *summary.action_items, *summary.next_steps)
    told = (*committed, *summary.actions)
    around = " ".join(u.text for u in _cited(noted.transcript, summary.reason))
    verdict = "open"
    if summary.resolved is not None:
        verdict = "right" if summary.resolved is noted.resolved else "wrong"
    return {
        "call": noted.name,
        "reason": is_about(around, noted.reason),
        "resolved": "right" if summary.resolved is noted.resolved else verdict,
        "tasks_found": sum(any(is_about(s.text, task) for s in told) for task in noted.tasks),
        "tasks_n": len(noted.tasks),
        "promises_fit": sum(
            any(is_about(task, s.text) or is_about(s.text, task) for task in noted.tasks)
            for s in summary.promises
        ),
        "promises_n": len(summary.promises),
        "dated_n": sum(s.due is not None for s in committed),
    }


def _cited(transcript: Transcript, statement: Statement | None) -> list[Any]:
    wanted = set(statement.utterances) if statement else set()
    return [u for u in transcript.utterances if u.id in wanted]


def total(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return all calls in one row."""
    verdicts = [row["resolved"] for row in rows]
    counted = ("tasks_found", "tasks_n", "promises_fit", "promises_n", "dated_n")
    return {
        "call": f"all {len(rows)}",
        "reason": f"{sum(row['reason'] for row in rows)}/{len(rows)}",
        "resolved": ", ".join(f"{verdicts.count(v)} {v}" for v in ("right", "wrong", "open")),
        **{name: sum(row[name] for row in rows) for name in counted},
    }


def read_noted(
    folders: Iterable[Path], transcripts: Path | None, sentiment: SentimentModel
) -> list[Noted]:
    """Return the calls of these folders that have facts. Raises BadTruth."""
    found = []
    for file in sorted(f for folder in folders for f in folder.glob("*.json")):
        text = file.read_text("utf-8")
        facts = json.loads(text).get("facts")
        if not facts:
            continue
        name = file.name.removesuffix(".json").removesuffix(".truth")
        transcript = _heard(name, transcripts) if transcripts else _as_spoken(text, name)
        if transcript is None:
            continue
        found.append(
            Noted(
                name=name[-28:],
                transcript=sentiment.mark(mark_backchannels(transcript)),
                reason=facts.get("issue") or facts.get("reason") or "",
                resolved=facts.get("resolved"),
                tasks=tuple(_tasks(facts)),
            )
        )
    return found


def _tasks(facts: Mapping[str, Any]) -> Iterable[str]:
    yield from facts.get("action_items", ())
    for promise in facts.get("promises", ()):
        yield " ".join(str(promise[key] or "") for key in ("what", "when"))


def _as_spoken(text: str, name: str) -> Transcript:
    truth = read_json(text)
    lines = truth.utterances or ()
    return Transcript(
        id=name,
        provider="truth",
        duration_ms=max((u.end_ms for u in lines), default=0),
        speakers=tuple(Speaker(id=s, label=s, role=role) for s, role in truth.roles.items()),
        utterances=lines,
        spans=truth.spans or (),
        language="en",
    )


def _heard(name: str, folder: Path) -> Transcript | None:
    from services.exports.call_reading import read_json as read_call

    file = next(iter(sorted(folder.glob(f"{name}*.json"))), None)
    return assign_roles(read_call(file.read_bytes()).transcript, CallDetails()) if file else None


def _summariser(*, with_model: bool) -> Summariser:
    if not with_model:
        return LocalSummariser()
    from app.settings import load_settings
    from app.wiring import build_models

    models = build_models(load_settings())
    return models.model_summariser()


def measure(
    folders: Sequence[Path], transcripts: Path | None, json_file: Path | None, *, with_model: bool
) -> int:
    """Score the summaries of all calls with facts and print a table.

    Raises InvalidRequest when there are none, LanguageModelNotConfigured.
    """
    folders = folders or [DEMO]
    if not all(folder.is_dir() for folder in folders):
        raise InvalidRequest("Give folders of truth files.")
    summariser = _summariser(with_model=with_model)
    noted = read_noted(folders, transcripts, SentimentModel())
    if not noted:
        raise InvalidRequest("There is no truth file with facts in them.")
    redactor = Redactor()
    rows = [
        score(one, summariser.summarise(redactor.redact(one.transcript), RunContext()))
        for one in noted
    ]
    rows.append(total(rows))
    print(table(rows))
    keep("summaries", rows, json_file)
    return 0
