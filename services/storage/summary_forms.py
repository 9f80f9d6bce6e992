"""Summaries as they lie in a transcript's row."""

from collections.abc import Mapping
from typing import Any

from services.domain.speech import SpeakerRole, Statement, Summary, SummaryOrigin

Json = Any


def _statement_form(statement: Statement | None) -> Json:
    return statement and [statement.text, list(statement.utterances), statement.who, statement.due]


def _statement(form: Json) -> Statement:
    text, utterances, who, due = (*form, None, None)[:4]
    return Statement(
        text=text, utterances=tuple(utterances), who=SpeakerRole(who) if who else None, due=due
    )


def summary_form(summary: Summary) -> Json:
    """Return a summary as JSON."""
    return {
        "reason": _statement_form(summary.reason),
        "outcome": _statement_form(summary.outcome),
        "resolved": summary.resolved,
        "evidence": list(summary.evidence),
        "origin": summary.origin and vars(summary.origin),
        **{name: [_statement_form(s) for s in getattr(summary, name)] for name in _STATEMENTS},
    }


_STATEMENTS = ("actions", "promises", "action_items", "next_steps")


def summary_from_form(form: Mapping[str, Json]) -> Summary:
    """Return the summary that ``summary_form`` wrote, or an earlier version did."""
    return Summary(
        reason=_statement(form["reason"]) if form["reason"] else None,
        outcome=_statement(form["outcome"]) if form["outcome"] else None,
        resolved=form["resolved"],
        evidence=tuple(form.get("evidence") or ()),
        origin=SummaryOrigin(**form["origin"]) if form.get("origin") else None,
        **{name: tuple(map(_statement, form[name])) for name in _STATEMENTS},
    )
