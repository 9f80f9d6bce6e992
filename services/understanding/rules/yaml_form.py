"""Rules as YAML: reading what a person wrote, and writing rules so that they read back the same."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import yaml

from services.domain.errors import BadRule
from services.domain.rules import (
    AllOf,
    AnyOf,
    Condition,
    Interruptions,
    Not,
    Phrase,
    Place,
    Rule,
    RuleKind,
    SentimentLevel,
    SentimentOf,
    Silence,
    SilenceKind,
    TalkShare,
)
from services.domain.speech import SpeakerRole
from services.understanding.rules.given import Given, read_yaml
from services.understanding.rules.patterns import MAX_PATTERN_CHARS, parsed

MAX_RULES = 500
MAX_PHRASES = 400
MAX_DEPTH = 8
MAX_NAME_CHARS = 80
MAX_DESCRIPTION_CHARS = 1_000
MAX_COUNT = 1_000

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_ROLES = {"agent": SpeakerRole.AGENT, "customer": SpeakerRole.CUSTOMER}
_ANYBODY = {**_ROLES, "anybody": None}
_PLACE_KEYS = {
    "first": "first_ms",
    "last": "last_ms",
    "before_hold": "before_hold_ms",
    "after_hold": "after_hold_ms",
    "after_within": "after_ms",
}
_RULE_KEYS = ("id", "name", "description", "kind", "alert", "enabled", "language", "when")
_SAID_KEYS = (
    "said", "by", "unless", "unless_negated", "at_least", "differing", *_PLACE_KEYS, "after",
)  # fmt: skip
_LEAVES = ("said", "all", "any", "not", "silence", "sentiment", "interruptions", "talk_share")


def rules_from_yaml(text: str) -> tuple[Rule, ...]:
    """Read rules. Raises BadRule with the line and what is wrong there."""
    document = read_yaml(text).mapping(("rules",))
    if "rules" not in document:
        raise BadRule("The YAML starts with “rules:” and a list of rules under it.")
    rules: list[Rule] = []
    ids: set[str] = set()
    for given in document["rules"].many(MAX_RULES):
        rule = _rule(given)
        if rule.id in ids:
            given.refuse("another rule has this id.")
        ids.add(rule.id)
        rules.append(rule)
    return tuple(rules)


def checked_rule(rule: Rule) -> Rule:
    """Return a rule made elsewhere (in a form) as it reads from YAML. Raises BadRule."""
    return rules_from_yaml(rules_to_yaml([rule]))[0]


def read_condition(given: Given) -> Condition:
    """Read a condition that stands in a document of another kind. Raises BadRule."""
    return _condition(given, 1)


def plain_condition(condition: Condition) -> dict[str, Any]:
    """Return a condition as plain values, for a document of another kind."""
    return _plain(condition)


# --- reading ----------------------------------------------------------------------------------


def _rule(given: Given) -> Rule:
    keys = given.mapping(_RULE_KEYS)
    for needed in ("id", "name", "when"):
        if needed not in keys:
            given.refuse(f"this rule has no {needed}.")
    rule_id = keys["id"].text(64)
    if not _ID.fullmatch(rule_id):
        keys["id"].refuse("an id has small letters, digits and “_”, and starts with a letter.")
    language = keys["language"].text(8) if "language" in keys else None
    if language is not None and not _LANGUAGE.fullmatch(language):
        keys["language"].refuse("a language has two or three small letters, such as en.")
    kinds = {kind.value: kind for kind in RuleKind}
    return Rule(
        id=rule_id,
        name=keys["name"].text(MAX_NAME_CHARS),
        description=(
            keys["description"].text(MAX_DESCRIPTION_CHARS) if "description" in keys else ""
        ),
        kind=keys["kind"].one_of(kinds) if "kind" in keys else RuleKind.EVENT,
        alert=keys["alert"].flag() if "alert" in keys else False,
        enabled=keys["enabled"].flag() if "enabled" in keys else True,
        language=language,
        condition=_condition(keys["when"], 1),
    )


def _condition(given: Given, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        given.refuse(f"conditions go {MAX_DEPTH} deep at most.")
    keys = given.mapping((*_LEAVES, *_SAID_KEYS[1:]))
    named = [key for key in keys if key in _LEAVES]
    if len(named) != 1:
        given.refuse(f"a condition has exactly one of {', '.join(_LEAVES)}.")
    if named[0] == "said":
        return _phrase(given)
    keys = given.mapping((named[0],))
    inner = keys[named[0]]
    if named[0] == "not":
        return Not(condition=_condition(inner, depth + 1))
    if named[0] in ("all", "any"):
        conditions = tuple(_condition(one, depth + 1) for one in inner.many(MAX_PHRASES))
        return AllOf(conditions=conditions) if named[0] == "all" else AnyOf(conditions=conditions)
    return _FIGURES[named[0]](inner)


def _phrase(given: Given) -> Phrase:
    keys = given.mapping(_SAID_KEYS)
    phrase = Phrase(
        any_of=_patterns(keys["said"]),
        said_by=keys["by"].one_of(_ANYBODY) if "by" in keys else None,
        within=_place(keys),
        unless=_patterns(keys["unless"]) if "unless" in keys else (),
        unless_negated=keys["unless_negated"].flag() if "unless_negated" in keys else False,
        at_least=keys["at_least"].count(MAX_COUNT) if "at_least" in keys else 1,
        differing=keys["differing"].flag() if "differing" in keys else False,
    )
    if phrase.differing and phrase.at_least > len(phrase.any_of):
        keys["at_least"].refuse("there are fewer phrases than are to be said.")
    return phrase


def _place(keys: Mapping[str, Given]) -> Place:
    times = {name: keys[key].duration_ms() for key, name in _PLACE_KEYS.items() if key in keys}
    after = _patterns(keys["after"]) if "after" in keys else ()
    if "after_ms" in times and not after:
        keys["after_within"].refuse("“after_within” needs “after” beside it.")
    return Place(after=after, **times)


def _patterns(given: Given) -> tuple[str, ...]:
    found = []
    for one in given.many(MAX_PHRASES):
        text = one.text(MAX_PATTERN_CHARS)
        try:
            parsed(text)
        except BadRule as error:
            one.refuse(error.detail or "this phrase can't be read.")
        found.append(text)
    return tuple(found)


def _range(given: Given, keys: Mapping[str, Given], least: float, most: float) -> dict[str, float]:
    found = {key: keys[key].number(least, most) for key in ("at_least", "at_most") if key in keys}
    if not found:
        given.refuse("here belongs at_least or at_most.")
    if len(found) == 2 and found["at_least"] > found["at_most"]:
        given.refuse("at_least is larger than at_most.")
    return found


def _silence(given: Given) -> Silence:
    keys = given.mapping(("kind", "at_least", "count"))
    return Silence(
        kind=(
            keys["kind"].one_of({kind.value: kind for kind in SilenceKind})
            if "kind" in keys
            else SilenceKind.ANY
        ),
        at_least_ms=keys["at_least"].duration_ms() if "at_least" in keys else 0,
        count=keys["count"].count(MAX_COUNT) if "count" in keys else 1,
    )


def _sentiment(given: Given) -> SentimentLevel:
    keys = given.mapping(("of", "by", "at_least", "at_most"))
    of = (
        keys["of"].one_of({of.value: of for of in SentimentOf})
        if "of" in keys
        else SentimentOf.MEAN
    )
    most = 2 if of is SentimentOf.CHANGE else 1
    role = keys["by"].one_of(_ANYBODY) if "by" in keys else None
    return SentimentLevel(of=of, role=role, **_range(given, keys, -most, most))


def _interruptions(given: Given) -> Interruptions:
    keys = given.mapping(("by", "at_least"))
    return Interruptions(
        by=keys["by"].one_of(_ANYBODY) if "by" in keys else None,
        at_least=keys["at_least"].count(MAX_COUNT) if "at_least" in keys else 1,
    )


def _talk_share(given: Given) -> TalkShare:
    keys = given.mapping(("by", "at_least", "at_most"))
    if "by" not in keys:
        given.refuse("here belongs “by: agent” or “by: customer”.")
    return TalkShare(role=keys["by"].one_of(_ROLES), **_range(given, keys, 0, 1))


_FIGURES: Mapping[str, Callable[[Given], Condition]] = {
    "silence": _silence,
    "sentiment": _sentiment,
    "interruptions": _interruptions,
    "talk_share": _talk_share,
}


# --- writing ----------------------------------------------------------------------------------


def rules_to_yaml(rules: Iterable[Rule]) -> str:
    """Write rules as YAML that reads back as the same rules."""
    document = {"rules": [_plain_rule(rule) for rule in rules]}
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100))


def _plain_rule(rule: Rule) -> dict[str, Any]:
    written: dict[str, Any] = {"id": rule.id, "name": rule.name}
    if rule.description:
        written["description"] = rule.description
    written["kind"] = rule.kind.value
    if rule.alert:
        written["alert"] = True
    if not rule.enabled:
        written["enabled"] = False
    if rule.language:
        written["language"] = rule.language
    return {**written, "when": _plain(rule.condition)}


def _plain(condition: Condition) -> dict[str, Any]:
    if isinstance(condition, Not):
        return {"not": _plain(condition.condition)}
    if isinstance(condition, AllOf | AnyOf):
        key = "all" if isinstance(condition, AllOf) else "any"
        return {key: [_plain(one) for one in condition.conditions]}
    if isinstance(condition, Phrase):
        return _plain_phrase(condition)
    if isinstance(condition, Silence):
        given: dict[str, Any] = {"kind": condition.kind.value}
        if condition.at_least_ms:
            given["at_least"] = _time(condition.at_least_ms)
        return {"silence": {**given, **({"count": condition.count} if condition.count > 1 else {})}}
    if isinstance(condition, Interruptions):
        by = {"by": condition.by.value} if condition.by else {}
        return {"interruptions": {**by, "at_least": condition.at_least}}
    bounds = {
        key: value
        for key, value in (("at_least", condition.at_least), ("at_most", condition.at_most))
        if value is not None
    }
    if isinstance(condition, TalkShare):
        return {"talk_share": {"by": condition.role.value, **bounds}}
    by = {"by": condition.role.value} if condition.role else {}
    return {"sentiment": {"of": condition.of.value, **by, **bounds}}


def _plain_phrase(phrase: Phrase) -> dict[str, Any]:
    written: dict[str, Any] = {"said": list(phrase.any_of)}
    if phrase.said_by:
        written["by"] = phrase.said_by.value
    for key, name in _PLACE_KEYS.items():
        if (time_ms := getattr(phrase.within, name)) is not None:
            written[key] = _time(time_ms)
    if phrase.within.after:
        written["after"] = list(phrase.within.after)
    if phrase.unless:
        written["unless"] = list(phrase.unless)
    if phrase.unless_negated:
        written["unless_negated"] = True
    if phrase.at_least > 1:
        written["at_least"] = phrase.at_least
    if phrase.differing:
        written["differing"] = True
    return written


def _time(duration_ms: int) -> str:
    return f"{duration_ms} ms" if duration_ms % 1_000 else f"{duration_ms // 1_000} s"
