"""Scorecards as YAML: reading what a person wrote, and writing them so that they read back."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import yaml

from services.domain.calls import Direction
from services.domain.errors import BadRule
from services.domain.rules import Condition
from services.domain.scorecards import (
    Answerer,
    AnswerValue,
    AppliesTo,
    ByCondition,
    ByModel,
    ByPerson,
    ByRule,
    Question,
    Scorecard,
    Test,
)
from services.understanding.rules.given import Given, read_yaml
from services.understanding.rules.yaml_form import plain_condition, read_condition

MAX_SCORECARDS = 50
MAX_QUESTIONS = 60
MAX_WEIGHT = 100
MAX_NAME_CHARS = 80
MAX_TEXT_CHARS = 300
MAX_PROMPT_CHARS = 1_000
MAX_DESCRIPTION_CHARS = 1_000

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_TESTS = ("rule", "no_rule", "when")
_CARD_KEYS = ("id", "name", "description", "enabled", "applies_to", "questions")
_QUESTION_KEYS = (
    "id", "text", "weight", "good", "critical", *_TESTS, "model", "reviewer",
    "not_applicable_when",
)  # fmt: skip
_GOOD = {"yes": AnswerValue.YES, "no": AnswerValue.NO}


def scorecards_from_yaml(text: str) -> tuple[Scorecard, ...]:
    """Read scorecards. Raises BadRule with the line and what is wrong there."""
    document = read_yaml(text).mapping(("scorecards",))
    if "scorecards" not in document:
        raise BadRule("The YAML starts with “scorecards:” and a list of scorecards under it.")
    cards: list[Scorecard] = []
    for given in document["scorecards"].many(MAX_SCORECARDS):
        card = _scorecard(given)
        if any(card.id == other.id for other in cards):
            given.refuse("another scorecard has this id.")
        cards.append(card)
    return tuple(cards)


@lru_cache(maxsize=256)
def scorecard_from_yaml(text: str) -> Scorecard:
    """Read a document of one scorecard. Raises BadRule."""
    return scorecards_from_yaml(text)[0]


def checked_scorecard(card: Scorecard) -> Scorecard:
    """Return a scorecard made elsewhere (in a form) as it reads from YAML. Raises BadRule."""
    return scorecards_from_yaml(scorecards_to_yaml([card]))[0]


def condition_from_yaml(text: str) -> Condition:
    """Read a condition that stands alone, as under ``when:``. Raises BadRule."""
    return read_condition(read_yaml(text))


def condition_to_yaml(condition: Condition) -> str:
    """Write a condition that stands alone."""
    plain = plain_condition(condition)
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100))


# --- reading ----------------------------------------------------------------------------------


def _scorecard(given: Given) -> Scorecard:
    keys = given.mapping(_CARD_KEYS)
    for needed in ("id", "name", "questions"):
        if needed not in keys:
            given.refuse(f"this scorecard has no {needed}.")
    questions: list[Question] = []
    for one in keys["questions"].many(MAX_QUESTIONS):
        question = _question(one)
        if any(question.id == other.id for other in questions):
            one.refuse("another question of this scorecard has this id.")
        questions.append(question)
    return Scorecard(
        id=_id(keys["id"]),
        name=keys["name"].text(MAX_NAME_CHARS),
        description=(
            keys["description"].text(MAX_DESCRIPTION_CHARS) if "description" in keys else ""
        ),
        enabled=keys["enabled"].flag() if "enabled" in keys else True,
        applies_to=_applies_to(keys["applies_to"]) if "applies_to" in keys else AppliesTo(),
        questions=tuple(questions),
    )


def _applies_to(given: Given) -> AppliesTo:
    keys = given.mapping(("queues", "direction", "languages"))
    languages = []
    for one in keys["languages"].many(20) if "languages" in keys else ():
        if not _LANGUAGE.fullmatch(language := one.text(8)):
            one.refuse("a language has two or three small letters, such as en.")
        languages.append(language)
    return AppliesTo(
        queues=tuple(q.text(200) for q in keys["queues"].many(100)) if "queues" in keys else (),
        direction=(
            keys["direction"].one_of({d.value: d for d in Direction})
            if "direction" in keys
            else None
        ),
        languages=tuple(languages),
    )


def _question(given: Given) -> Question:
    keys = given.mapping(_QUESTION_KEYS)
    for needed in ("id", "text"):
        if needed not in keys:
            given.refuse(f"this question has no {needed}.")
    return Question(
        id=_id(keys["id"]),
        text=keys["text"].text(MAX_TEXT_CHARS),
        weight=keys["weight"].count(MAX_WEIGHT) if "weight" in keys else 1,
        good=_good(keys["good"]) if "good" in keys else AnswerValue.YES,
        critical=keys["critical"].flag() if "critical" in keys else False,
        answerer=_answerer(given, keys),
        not_applicable_when=(
            _test(keys["not_applicable_when"], keys["not_applicable_when"].mapping(_TESTS))
            if "not_applicable_when" in keys
            else None
        ),
    )


def _good(given: Given) -> AnswerValue:
    # A bare yes or no is read as true or false by YAML.
    if isinstance(given.value, bool):
        return AnswerValue.YES if given.value else AnswerValue.NO
    return given.one_of(_GOOD)


def _answerer(given: Given, keys: Mapping[str, Given]) -> Answerer:
    named = [key for key in (*_TESTS, "model", "reviewer") if key in keys]
    if len(named) != 1:
        given.refuse("a question has exactly one of rule, no_rule, when, model, reviewer.")
    if named[0] == "model":
        return ByModel(prompt=keys["model"].text(MAX_PROMPT_CHARS))
    if named[0] == "reviewer":
        if not keys["reviewer"].flag():
            keys["reviewer"].refuse("here belongs true.")
        return ByPerson()
    return _test(given, {named[0]: keys[named[0]]})


def _test(given: Given, keys: Mapping[str, Given]) -> Test:
    if len(keys) != 1:
        given.refuse("here belongs exactly one of rule, no_rule, when.")
    ((key, value),) = keys.items()
    if key == "when":
        return ByCondition(condition=read_condition(value))
    return ByRule(rule_id=_id(value), applies=key == "rule")


def _id(given: Given) -> str:
    text = given.text(64)
    if not _ID.fullmatch(text):
        given.refuse("an id has small letters, digits and “_”, and starts with a letter.")
    return text


# --- writing ----------------------------------------------------------------------------------


def scorecards_to_yaml(cards: Iterable[Scorecard]) -> str:
    """Write scorecards as YAML that reads back as the same, except for their versions."""
    document = {"scorecards": [_plain_card(card) for card in cards]}
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100))


def _plain_card(card: Scorecard) -> dict[str, Any]:
    written: dict[str, Any] = {"id": card.id, "name": card.name}
    if card.description:
        written["description"] = card.description
    if not card.enabled:
        written["enabled"] = False
    if applies := _plain_applies(card.applies_to):
        written["applies_to"] = applies
    return {**written, "questions": [_plain_question(q) for q in card.questions]}


def _plain_applies(applies: AppliesTo) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if applies.queues:
        written["queues"] = list(applies.queues)
    if applies.direction:
        written["direction"] = applies.direction.value
    if applies.languages:
        written["languages"] = list(applies.languages)
    return written


def _plain_question(question: Question) -> dict[str, Any]:
    written: dict[str, Any] = {"id": question.id, "text": question.text, "weight": question.weight}
    if question.good is AnswerValue.NO:
        written["good"] = "no"
    if question.critical:
        written["critical"] = True
    match question.answerer:
        case ByModel(prompt=prompt):
            written["model"] = prompt
        case ByPerson():
            written["reviewer"] = True
        case test:
            written.update(_plain_test(test))
    if question.not_applicable_when is not None:
        written["not_applicable_when"] = _plain_test(question.not_applicable_when)
    return written


def _plain_test(test: Test) -> dict[str, Any]:
    if isinstance(test, ByCondition):
        return {"when": plain_condition(test.condition)}
    return {"rule" if test.applies else "no_rule": test.rule_id}
