"""Rules looked for in all calls find exactly what they find in each call by itself."""

import pickle
import random
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.sweep_wiring import build_sweep_children
from services.domain.errors import InternalFault, RulesChanged
from services.domain.rules import (
    AllOf,
    AnyOf,
    Category,
    Condition,
    Interruptions,
    Not,
    Phrase,
    Place,
    Rule,
    SentimentLevel,
    SentimentOf,
    Silence,
    SilenceKind,
    TalkShare,
)
from services.domain.speech import Hold, HoldKind, SpeakerRole, Transcript
from services.jobs.rule_sweeps import SweepRunner
from services.reading_rules import read_by_book, rules_of
from services.storage.calls import CallStore
from services.storage.categories import CategoryStore
from services.storage.rules import RuleStore, StoredRule
from services.storage.sweeps import SweepState, SweepStore
from services.storage.swept_calls import SweptCalls
from services.storage.transcripts import TranscriptStore
from services.sweeping.children import SweepChildren
from services.sweeping.sweeper import Sweeper
from services.understanding.rules.evaluate import evaluate
from services.understanding.rules.facts import facts_of
from services.understanding.rules.yaml_form import checked_rule, rules_to_yaml
from tests.builders import transcript, utterance
from tests.contract.stores import ORG, OTHER, add, analysed

WORDS = (
    "I", "want", "to", "cancel", "my", "contract", "don't", "can't", "we'll", "forty", "eight",
    "dollars", "the", "café", "uh", "naïve", "please", "No.", "Not,", "cancelling?", "recorded",
    "line", "hold", "on", "manager", "résumé", "it's", "OK", "okay", "48", "zero", "oh", "seven",
)  # fmt: skip
PATTERNS = (
    "cancel", "cancel*", "(cancel|cancelling) ~3 contract", "do not", "can not ~2 cancel", "#2",
    "forty eight dollars", "we will", "café", "résumé", "(*) manager", "hold on -please", "it is",
    "na*", "okay", "contract (line)? (please|the)", "-not want to", "recorded line",
)  # fmt: skip
AGENT, CUSTOMER = SpeakerRole.AGENT, SpeakerRole.CUSTOMER


def random_call(chance: random.Random) -> Transcript:
    """A call of a few random lines, some by the same speaker in a row."""
    lines, at_ms = [], 0
    for number in range(chance.randrange(1, 9)):
        text = " ".join(chance.choices(WORDS, k=chance.randrange(1, 9)))
        speaker = chance.choice(("s1", "s2", "s2", "s1", None))
        made = utterance(number, speaker, at_ms, text, chance.choice(("", "+", "-")))
        lines.append(made)
        at_ms = made.end_ms + chance.choice((-200, 100, 900, 4_000, 8_000))
        at_ms = max(at_ms, made.start_ms + 50)
    made = transcript(*lines)
    holds = [
        Hold(start_ms=a.end_ms, end_ms=b.start_ms, kind=HoldKind.MUSIC)
        for a, b in pairwise(lines)
        if b.start_ms - a.end_ms > 5_000
    ]
    roles = chance.choice(((AGENT, CUSTOMER), (AGENT, SpeakerRole.UNKNOWN)))
    speakers = tuple(
        type(s)(id=s.id, label=s.label, role=role, role_confidence=0.9)
        for s, role in zip(made.speakers, roles, strict=True)
    )
    return Transcript(
        **{
            **vars(made),
            "holds": tuple(holds),
            "speakers": speakers,
            "language": chance.choice(("en", "de", None)),
        }
    )


def random_phrase(chance: random.Random) -> Phrase:
    """A phrase condition with some of all that it can say."""
    place = chance.choice(
        (
            Place(), Place(), Place(first_ms=3_000), Place(last_ms=4_000),
            Place(after_hold_ms=2_000), Place(before_hold_ms=2_000),
            Place(after=(chance.choice(PATTERNS),), after_ms=chance.choice((None, 5_000))),
        )
    )  # fmt: skip
    any_of = tuple(chance.sample(PATTERNS, k=chance.randrange(1, 4)))
    at_least = chance.choice((1, 1, 2))
    return Phrase(
        any_of=any_of,
        said_by=chance.choice((None, AGENT, CUSTOMER)),
        within=place,
        unless=tuple(chance.sample(PATTERNS, k=chance.choice((0, 0, 1)))),
        unless_negated=chance.random() < 0.3,
        at_least=at_least,
        differing=len(any_of) >= at_least and chance.random() < 0.2,
    )


def random_condition(chance: random.Random, depth: int = 0) -> Condition:
    """A tree of conditions."""
    if depth < 3 and chance.random() < 0.5:
        inner = tuple(random_condition(chance, depth + 1) for _ in range(chance.randrange(1, 4)))
        return chance.choice(
            (AllOf(conditions=inner), AnyOf(conditions=inner), Not(condition=inner[0]))
        )
    leaves: tuple[Callable[[], Condition], ...] = (
        lambda: random_phrase(chance),
        lambda: random_phrase(chance),
        lambda: Silence(kind=chance.choice(list(SilenceKind)), at_least_ms=2_000),
        lambda: Interruptions(by=chance.choice((None, AGENT)), at_least=1),
        lambda: TalkShare(role=chance.choice((AGENT, CUSTOMER)), at_least=0.5),
        lambda: SentimentLevel(
            of=chance.choice(list(SentimentOf)), role=chance.choice((None, CUSTOMER)), at_most=0.1
        ),
    )
    return chance.choice(leaves)()


def random_rule(chance: random.Random, number: int) -> Rule:
    """A rule of any kind."""
    rule = Rule(
        id=f"r{number}",
        name=f"Rule {number}",
        condition=random_condition(chance),
        language=chance.choice((None, None, "en")),
        alert=chance.random() < 0.5,
    )
    return checked_rule(rule)


def keep(engine: Engine, *rules: Rule) -> None:
    """Keep rules for the organisation."""
    kept = [StoredRule(id=rule.id, body=rules_to_yaml([rule])) for rule in rules]
    RuleStore(engine).save(ORG, kept)


def of_call(engine: Engine, call_id: str) -> dict[str, Category]:
    """The stored categories of a call, the shipped rules' left out."""
    found = CategoryStore(engine).of_call(ORG, call_id)
    return {c.rule_id: c for c in found if c.rule_id.startswith("r") and c.rule_id[1:].isdigit()}


@pytest.mark.parametrize(("seed", "shared_out"), [(0, False), (1, True), (2, True), (3, False)])
def test_all_at_once_equals_one_by_one(engine: Engine, seed: int, shared_out: bool) -> None:
    chance = random.Random(seed)
    transcripts = TranscriptStore(engine, read_by_book)
    spoken = {}
    for _ in range(40):
        call_id = add(CallStore(engine)).id
        spoken[call_id] = analysed(random_call(chance))
        transcripts.save(ORG, call_id, 1, spoken[call_id])
    rules = [random_rule(chance, number) for number in range(40)]
    keep(engine, *rules)
    calls = SweptCalls(engine)
    start = calls.start(ORG)
    children = build_sweep_children(engine) if shared_out else None
    sweeper = Sweeper(calls, children, shared_out_from=1, calls_at_once=9)
    done: list[int] = []
    swept = sweeper.sweep(ORG, start, rules, lambda by_now, total: not done.append(by_now))
    sweeper.store(ORG, start, swept)
    assert done == sorted(done)
    assert (len(done), done[-1], swept.complete) == (5, 40, True)

    applied = 0
    for call_id, shown in spoken.items():
        wanted = {
            c.rule_id: (c.alert, c.kind, c.evidence)
            for c in evaluate(rules, facts_of(shown.transcript, shown.analysis))
        }
        found = {
            c.rule_id: (c.alert, c.kind, c.evidence) for c in of_call(engine, call_id).values()
        }
        assert found == wanted
        applied += len(wanted)
    assert 0 < applied < len(spoken) * len(rules)


@pytest.mark.parametrize("shared_out", [False, True])
def test_a_sweep_is_stopped(engine: Engine, shared_out: bool) -> None:
    stored = Stored(engine)
    children = build_sweep_children(engine) if shared_out else None
    sweeper = Sweeper(stored.calls, children, shared_out_from=1, calls_at_once=1)
    swept = sweeper.sweep(ORG, stored.start, [stored.rule], lambda done, total: done < 2)
    assert not swept.complete
    assert swept.count("r1") == 2


def test_a_child_that_fails_is_told_of(engine: Engine) -> None:
    stored = Stored(engine)
    missing = SweepChildren(
        [sys.executable, "-c", "pass"], folder=Path.cwd(), environment={}, database_url="sqlite://"
    )
    with pytest.raises(InternalFault):
        Sweeper(stored.calls, missing, shared_out_from=1).sweep(
            ORG, stored.start, [stored.rule], lambda done, total: True
        )


def test_a_child_ends_with_its_input(tmp_path: Path) -> None:
    task = (f"sqlite:///{tmp_path / 'none.db'}", ORG, ())
    command = [sys.executable, "-m", "app.sweeping"]
    ended = subprocess.run(command, input=pickle.dumps(task), capture_output=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (0, b"")


class Stored:
    """Three calls in which somebody is upset, and a rule that nobody has looked for yet."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.transcripts = TranscriptStore(engine, read_by_book)
        self.ids = [self.call() for _ in range(3)]
        self.rule = checked_rule(Rule(id="r1", name="R", condition=Phrase(any_of=("upset",))))
        keep(engine, self.rule)
        self.calls = SweptCalls(engine)
        self.sweeper = Sweeper(self.calls)
        self.start = self.calls.start(ORG)

    def call(self) -> str:
        made = add(CallStore(self.engine)).id
        self.transcripts.save(ORG, made, 1, analysed())
        return made

    def sweep(self) -> None:
        swept = self.sweeper.sweep(ORG, self.start, [self.rule], lambda done, total: True)
        self.sweeper.store(ORG, self.start, swept)

    def having(self) -> set[str]:
        return {c for c in self.ids if "r1" in of_call(self.engine, c)}


def test_calls_written_or_deleted_meanwhile_keep_what_they_have(engine: Engine) -> None:
    stored = Stored(engine)
    swept = stored.sweeper.sweep(ORG, stored.start, [stored.rule], lambda done, total: True)
    gone, calm = stored.ids[:2]
    CallStore(engine).delete(ORG, gone)
    quiet = analysed(transcript(utterance(1, "s1", 0, "all is well")))
    stored.transcripts.save(ORG, calm, 1, quiet)
    stored.ids.append(stored.call())
    stored.sweeper.store(ORG, stored.start, swept)
    assert stored.having() == set(stored.ids[2:])


def test_nothing_is_written_by_rules_that_changed(engine: Engine) -> None:
    stored = Stored(engine)
    rules = RuleStore(engine)
    rules.remove(ORG, "r1", based_on=1)
    with pytest.raises(RulesChanged):
        stored.sweep()
    assert stored.having() == set()


def test_other_organisations_are_left_alone(engine: Engine) -> None:
    stored = Stored(engine)
    theirs = add(CallStore(engine), org_id=OTHER).id
    stored.transcripts.save(OTHER, theirs, 1, analysed())
    stored.sweep()
    assert stored.having() == set(stored.ids)
    assert "r1" not in {c.rule_id for c in CategoryStore(engine).of_call(OTHER, theirs)}


def test_a_runner_takes_up_what_was_asked_for(engine: Engine) -> None:
    stored = Stored(engine)
    sweeps = SweepStore(engine, debounce_s=0)
    runner = SweepRunner(sweeps, SweptCalls(engine))
    assert not runner.run_next()
    sweeps.request(ORG, ["r1"])
    assert runner.run_next()
    now = sweeps.get(ORG)
    assert now is not None
    assert (now.state, now.done, now.total) == (SweepState.DONE, 3, 3)
    assert stored.having() == set(stored.ids)


def test_trying_a_rule_out_writes_nothing(engine: Engine) -> None:
    stored = Stored(engine)
    looked_at, found = stored.sweeper.try_out(ORG, stored.rule, 2)
    assert looked_at == 2
    assert {call_id for call_id, _ in found} == set(stored.ids[1:])
    assert stored.having() == set()


def test_rules_of_a_book_are_the_shipped_ones_and_its_own(engine: Engine) -> None:
    stored = Stored(engine)
    rules = rules_of(stored.start.book)
    assert rules[-1] == stored.rule
    assert len({rule.id for rule in rules}) == len(rules) > 30
