"""Does with one call all that can be done with a call, to see what that leaves where."""

import io
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import asdict

from app.commands.rules import analyse_rules
from app.commands.search import search_calls
from services.domain.people import LOCAL_USER
from services.domain.running import RunContext
from services.domain.scorecards import AnswerValue
from services.domain.searching import LineFilter
from tests.unit.jobs.canary import CARD, NAME, PHONE
from tests.unit.jobs.conftest import Installation

ORG = LOCAL_USER.org_id
SEARCHES = ("thank", "Holloway", '"four zero zero zero"', "Wexcombe", "QX7T29", "number", "name")
QUESTION = f"What did {NAME} say about the card {CARD}, and who can be reached on {PHONE}?"
# Written so that rules quote words around what was planted, and hold none of it themselves.
RULES = """
rules:
- id: says_name
  name: Says a name
  when: {said: ["name is margu* hollow*", "name is [person]"]}
- id: says_number
  name: Says a number
  when: {said: ["number is #4+", "number is [phone]"]}
"""
CARDS = """
scorecards:
- id: canaries
  name: Names and numbers
  questions:
  - {id: by_rule, text: Is a name said?, rule: says_name}
  - {id: by_phrase, text: Is a number said?, when: {said: ["number is #4+", "number is [phone]"]}}
  - {id: by_model, text: Is a card asked for?, model: Does the agent ask for a card number?}
"""


def use(installation: Installation, call_id: str) -> dict[str, str]:
    """Do everything with a call; return what of it is shown to people and programs."""
    services = installation.services
    services.rule_book.take_in(LOCAL_USER, RULES)
    printed = io.StringIO()
    with redirect_stdout(printed):
        analyse_rules(installation.settings, None, [])
    services.scorecards.read_yaml(LOCAL_USER, CARDS)
    services.rescorer.rescore()
    assert services.scorecards.ask_model(LOCAL_USER, call_id) == 1
    why = f"{NAME} says it herself, call {PHONE}, card {CARD}."
    services.scorecards.override(LOCAL_USER, call_id, "canaries", "by_rule", AnswerValue.NO, why)
    first = services.asking.about_call(LOCAL_USER, call_id, QUESTION)
    again = services.asking.about_call(LOCAL_USER, call_id, f"And {NAME}?", [first])
    among = services.asking.about_calls(LOCAL_USER, QUESTION, None, [again])
    assert first.answer.parts
    services.summaries.write_again(LOCAL_USER, call_id, RunContext())
    return {
        "rules command": printed.getvalue(),
        "exchanges": repr([first, again, among]),
        **looked_at(installation, call_id),
    }


def looked_at(installation: Installation, call_id: str) -> Mapping[str, str]:
    """Return what is shown of a call beside its transcript."""
    services = installation.services
    reviewed = services.review.load(LOCAL_USER, call_id)
    found = io.StringIO()
    with redirect_stdout(found):
        for typed in SEARCHES:
            search_calls(installation.settings, typed, LineFilter(), limit=50, as_json=True)
            search_calls(installation.settings, typed, LineFilter(), limit=50, as_json=False)
    rule = services.rule_book.get(LOCAL_USER, "says_name").rule
    topics = services.topics
    return {
        "search": found.getvalue(),
        "categories": repr(services.categories.of_call(ORG, call_id)),
        "trial of a rule": repr(services.rule_book.on_newest(LOCAL_USER, rule)),
        "scores": repr(services.scorecards.of_call(LOCAL_USER, reviewed)),
        "overrides": repr(services.scorecards.history(LOCAL_USER, call_id)),
        "topics": repr([topics.by_topic(ORG), topics.per_day(ORG), topics.reach(ORG)]),
        "subjects": repr([reviewed.transcript.topics, reviewed.transcript.entities]),
        "summary": repr(asdict(reviewed.transcript.summary)) if reviewed.transcript.summary else "",
    }
