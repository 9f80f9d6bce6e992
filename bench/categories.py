"""How well the ready-made rules find what truly happens in calls.

Truth files list under ``categories_expected`` what is true of a call ("topic:fraud",
"event:hold_used"); all other categories of that kind are false, except ``categories_ambiguous``.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.results import keep, table
from bench.scoring.counted import Counted, rate, total
from bench.scoring.truth import BadTruth, Truth
from bench.scoring.truth_files import read_json
from services.analysis.backchannels import mark_backchannels
from services.analysis.metrics import analyse
from services.domain.errors import PartylineError
from services.domain.rules import CallFacts, Rule, RuleKind
from services.domain.speech import Hold, HoldKind, Speaker, Transcript
from services.exports.call_reading import read_json as read_call_json
from services.understanding.rules.evaluate import evaluate
from services.understanding.rules.facts import facts_of
from services.understanding.rules.ready_made import ready_made_rules

SCORED = (RuleKind.TOPIC, RuleKind.EVENT)
NOT_IN_TRUTH = frozenset({"complaint", "profanity", "promise_made", "hold_etiquette"})


@dataclass(frozen=True, kw_only=True)
class Found(Counted):
    """How often a category was found rightly, found wrongly, or missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float | None:
        """Of what was found, the share that is true."""
        return rate(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        """Of what is true, the share that was found."""
        return rate(self.right, self.right + self.missed)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both."""
        return rate(2 * self.right, 2 * self.right + self.wrong + self.missed)


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A call with the ids that are true of it, and those that are not to be scored."""

    name: str
    facts: CallFacts
    expected: frozenset[str]
    ambiguous: frozenset[str]


def measure(folder: Path, transcripts: Path | None, json_file: Path | None) -> int:
    """Score the calls of a folder on their true words, and on transcripts of them if given."""
    truths = list(_labelled(folder))
    if not truths:
        print("There are no truth files with categories in this folder.")
        return 1
    rows = [*_rows("true words", truths)]
    if transcripts is not None:
        heard = [call for truth in truths for call in _recognised(truth, transcripts)]
        rows += _rows("as recognised", heard)
    print(table(rows))
    keep("categories", rows, json_file)
    return 0


def score(calls: Iterable[Labelled], rules: Sequence[Rule], ids: Iterable[str]) -> dict[str, Found]:
    """Return what was found of each category."""
    found_in = [(call, {c.rule_id for c in evaluate(rules, call.facts)}) for call in calls]
    return {
        rule_id: Found(
            files=sum(rule_id not in call.ambiguous for call, _ in found_in),
            right=sum(_counts(rule_id, call, found, True, True) for call, found in found_in),
            wrong=sum(_counts(rule_id, call, found, True, False) for call, found in found_in),
            missed=sum(_counts(rule_id, call, found, False, True) for call, found in found_in),
        )
        for rule_id in ids
    }


def _counts(rule_id: str, call: Labelled, found: set[str], said: bool, true: bool) -> bool:
    if rule_id in call.ambiguous:
        return False
    return (rule_id in found) is said and (rule_id in call.expected) is true


def _rows(words: str, calls: Sequence[Labelled]) -> list[dict[str, Any]]:
    rules = ready_made_rules()
    ids = [r.id for r in rules if r.kind in SCORED and r.id not in NOT_IN_TRUTH]
    by_id = score(calls, rules, ids)
    rows = [
        _row(words, rule_id, found)
        for rule_id, found in by_id.items()
        if found.right + found.wrong + found.missed
    ]
    if (pooled := total(by_id.values())) is not None:
        rows.append({**_row(words, "all together", pooled), "calls": len(calls)})
    return rows


def _row(words: str, category: str, found: Found) -> dict[str, Any]:
    return {
        "text": words,
        "category": category,
        "calls": found.files,
        "right": found.right,
        "wrong": found.wrong,
        "missed": found.missed,
        "precision": found.precision,
        "recall": found.recall,
        "F1": found.f1,
    }


def _labelled(folder: Path) -> Iterator[Labelled]:
    for file in sorted(folder.glob("*.json")):
        try:
            text = file.read_text("utf-8")
            written = json.loads(text)
            if "categories_expected" not in written:
                continue
            truth = read_json(text)
        except (BadTruth, OSError, ValueError, AttributeError):
            print(f"{file.name}: this truth file can't be understood.")
            continue
        transcript = mark_backchannels(_as_transcript(truth, written.get("duration_s")))
        yield Labelled(
            name=file.stem,
            facts=facts_of(transcript, analyse(transcript)),
            expected=frozenset(map(_bare, written["categories_expected"])),
            ambiguous=frozenset(map(_bare, written.get("categories_ambiguous") or ())),
        )


def _recognised(truth: Labelled, transcripts: Path) -> Iterator[Labelled]:
    for file in sorted(transcripts.glob(f"{truth.name}*.json")):
        try:
            heard = read_call_json(file.read_bytes()).transcript
        except PartylineError as error:
            print(f"{file.name}: {error.user_message}")
            continue
        yield Labelled(
            name=file.stem,
            facts=facts_of(heard, analyse(heard)),
            expected=truth.expected,
            ambiguous=truth.ambiguous,
        )


def _as_transcript(truth: Truth, duration_s: float | None) -> Transcript:
    utterances = truth.utterances or ()
    ends_ms = max((u.end_ms for u in utterances), default=0)
    return Transcript(
        id="truth",
        provider="truth",
        duration_ms=round(1_000 * duration_s) if duration_s else ends_ms,
        speakers=tuple(Speaker(id=s, label=s, role=role) for s, role in truth.roles.items()),
        utterances=utterances,
        spans=truth.spans or (),
        holds=tuple(
            Hold(start_ms=start, end_ms=end, kind=HoldKind.MUSIC)
            for start, end in truth.holds or ()
        ),
        language="en",
    )


def _bare(category: str) -> str:
    return category.partition(":")[2] or category
