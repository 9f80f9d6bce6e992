"""A batch of made-up calls as rows, by table: plain values that both databases take as they are."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import Table

from app.seeding.calls import History, Plot, call_of, plot_of, transcript_of
from app.seeding.figures import figures_alone
from app.seeding.scores import score_rows
from app.seeding.talk import AGENT, Line
from services.analysis.metrics import analyse
from services.domain.calls import Call, CallState, ProcessingOptions, Run
from services.domain.metrics import AnalysedTranscript
from services.domain.rules import CallFacts, Category, Evidence
from services.domain.speech import SpeakerRole, Transcript
from services.domain.topics import Topic
from services.storage.call_rows import call_to_row, run_to_row
from services.storage.derived import FORM
from services.storage.figures import CallFigures, day_of, figures_of
from services.storage.forms import pack_transcript
from services.storage.keys import WrappedKey
from services.storage.models import CALL_FIGURES, CALLS, RUNS, TRANSCRIPTS, UTTERANCES
from services.storage.rule_forms import (
    pack_evidence,
    pack_facts,
    pack_lines,
    pack_passages,
    pack_words,
)
from services.storage.rule_tables import CALL_CATEGORIES, RULE_FACTS
from services.storage.score_tables import CALL_ANSWERS, CALL_SCORES, CALL_SCORINGS
from services.storage.search_tables import SHOWN_UTTERANCES
from services.storage.shown import shown_rows
from services.storage.topics import CALL_TOPICS, topic_rows
from services.storage.utterances import utterance_rows
from services.understanding.rules.across import passages_to_keep, words_of
from services.understanding.rules.facts import facts_of
from services.understanding.rules.phrases import Speech
from services.understanding.rules.ready_made import ready_made_rules

# In the order in which they can be written: what others refer to comes first.
TABLES = (
    CALLS, RUNS, TRANSCRIPTS, UTTERANCES, SHOWN_UTTERANCES, CALL_FIGURES, CALL_TOPICS, RULE_FACTS,
    CALL_CATEGORIES, CALL_SCORES, CALL_ANSWERS, CALL_SCORINGS,
)  # fmt: skip
# Figures that nothing said stands behind can't be computed anew: they are of every later form.
FORM_OF_FIGURES_ALONE = 1_000_000
KEY_COLUMNS = ("key_id", "wrapped_key")
_NO_KEY = WrappedKey(key_id="", sealed=b"")


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of one table, each with its values in the order of ``columns``."""

    table: str
    columns: tuple[str, ...]
    values: Sequence[tuple[Any, ...]]


@dataclass(kw_only=True)
class BatchMaker:
    """Makes batches; one for each process. ``made_with`` says by what calls count as scored.

    Keys of calls are not among what it makes: the key that seals them stays in its process.
    """

    history: History
    made_with: str
    moments_in_zone: bool
    _rows: dict[Table, list[Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def make(self, first: int, end: int) -> list[Rows]:
        """Return the rows of the calls from number ``first`` up to ``end``."""
        self._rows.clear()
        chance = random.Random(f"{self.history.seed}:{first}")
        for number in range(first, end):
            self._add_call(chance, number)
        return [self._plain(table) for table in TABLES if self._rows[table]]

    def _add_call(self, chance: random.Random, number: int) -> None:
        plot = plot_of(chance, self.history)
        call = call_of(chance, self.history, number, plot)
        run = Run(
            call_id=call.id,
            number=1,
            options=ProcessingOptions(provider="local"),
            state=call.state,
            transcript_id=call.active_transcript_id,
            error_code=call.error_code,
            error_message=call.error_message,
            created_at=call.created_at,
            finished_at=call.created_at,
        )
        row = call_to_row(call, _NO_KEY)
        self._rows[CALLS].append({name: row[name] for name in row if name not in KEY_COLUMNS})
        self._rows[RUNS].append(run_to_row(call.org_id, run))
        if call.state is CallState.FAILED:
            return
        if call.active_transcript_id:
            self._add_text(chance, call, plot)
        else:
            self._add_figures_alone(chance, call, plot)
        scored = {"call_id": call.id, "org_id": call.org_id, "made_with": self.made_with}
        self._rows[CALL_SCORINGS].append(scored)

    def _add_text(self, chance: random.Random, call: Call, plot: Plot) -> None:
        transcript, lines = transcript_of(chance, call, plot)
        shown = AnalysedTranscript(transcript=transcript, analysis=analyse(transcript))
        figures = figures_of(call, transcript, shown.analysis)
        speech = Speech(facts_of(transcript, shown.analysis))
        self._rows[TRANSCRIPTS].append(_transcript_row(call, transcript))
        self._rows[UTTERANCES] += utterance_rows(call.org_id, call.id, transcript)
        self._rows[SHOWN_UTTERANCES] += shown_rows(call.org_id, call.id, transcript)
        self._add_figures(call, figures, transcript.topics, FORM)
        found = {
            "facts": pack_facts(speech.facts),
            "words": pack_words(words_of(speech)),
            "passages": pack_passages(passages_to_keep(speech)),
            "lines": pack_lines(transcript.utterances),
        }
        self._add_rules(call, found, _categories(lines, transcript))
        scores, answers = score_rows(chance, call, plot)
        self._rows[CALL_SCORES] += scores
        self._rows[CALL_ANSWERS] += answers

    def _add_figures_alone(self, chance: random.Random, call: Call, plot: Plot) -> None:
        figures = figures_alone(chance, call, plot)
        topics = (Topic(id=plot.topic, confidence=0.8),) if plot.topic else ()
        self._add_figures(call, figures, topics, FORM_OF_FIGURES_ALONE)
        facts = CallFacts(
            utterances=(),
            roles={AGENT: SpeakerRole.AGENT},
            covered=(0, call.audio.duration_ms if call.audio else 0),
            language="en",
        )
        rules = [*sorted(plot.events), *([plot.topic] if plot.topic else [])]
        if plot.hold_ms:
            rules.append("hold_used")
        self._add_rules(
            call, {"facts": pack_facts(facts), **_nothing_said()}, [(r, None) for r in rules]
        )

    def _add_figures(
        self, call: Call, figures: CallFigures, topics: Iterable[Topic], form: int
    ) -> None:
        self._rows[CALL_FIGURES].append({**vars(figures), "org_id": call.org_id, "form": form})
        self._rows[CALL_TOPICS] += topic_rows(call.org_id, figures, topics)

    def _add_rules(
        self,
        call: Call,
        found: Mapping[str, Any],
        categories: Iterable[tuple[str, Evidence | None]],
    ) -> None:
        whose = {
            "call_id": call.id,
            "org_id": call.org_id,
            "day": day_of(call.held_at),
            "agent_name": call.details.agent_name,
            "queue": call.details.queue,
        }
        self._rows[RULE_FACTS].append({**whose, **found})
        rules = _rules()
        self._rows[CALL_CATEGORIES] += [
            {
                **whose,
                "rule_id": rule_id,
                "kind": rules[rule_id].kind,
                "alert": rules[rule_id].alert,
                "evidence": pack_evidence((evidence,) if evidence else ()),
            }
            for rule_id, evidence in dict(categories).items()
            if rule_id in rules
        ]

    def _plain(self, table: Table) -> Rows:
        rows = self._rows[table]
        columns = tuple(rows[0])
        return Rows(
            table=table.name,
            columns=columns,
            values=[tuple([self._value(row[name]) for name in columns]) for row in rows],
        )

    def _value(self, value: Any) -> Any:
        kind = type(value)
        if kind in _AS_THEY_ARE:
            return value
        if kind is date:
            return value.isoformat()
        if kind is datetime:
            moment = value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
            return f"{moment}+00:00" if self.moments_in_zone else moment
        return value.value if isinstance(value, Enum) else value


_AS_THEY_ARE = {str, int, float, bool, bytes, type(None)}


@cache
def _rules() -> Mapping[str, Category]:
    return {
        rule.id: Category(rule_id=rule.id, evidence=(), kind=rule.kind, alert=rule.alert)
        for rule in ready_made_rules()
    }


@cache
def _nothing_said() -> Mapping[str, Any]:
    return {"words": "", "passages": pack_passages(()), "lines": pack_lines(())}


def _transcript_row(call: Call, transcript: Transcript) -> dict[str, Any]:
    return {
        "id": transcript.id,
        "org_id": call.org_id,
        "call_id": call.id,
        "run": 1,
        "provider": transcript.provider,
        "language": transcript.language,
        "redacted": False,
        "created_at": call.created_at,
        "body": pack_transcript(transcript),
    }


def _categories(lines: Sequence[Line], transcript: Transcript) -> list[tuple[str, Evidence | None]]:
    return [
        (
            line.rule,
            Evidence(
                start_ms=said.start_ms,
                end_ms=said.end_ms,
                why="It is said in this line.",
                utterance=said.id,
                start_char=0,
                end_char=len(said.text),
            ),
        )
        for line, said in zip(lines, transcript.utterances, strict=True)
        if line.rule
    ]
