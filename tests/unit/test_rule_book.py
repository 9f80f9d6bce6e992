"""What people can do to their organisation's rules."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.wiring import rule_tools_on
from services.domain.errors import AccessDenied, BadRule, InvalidRequest, NotFound, RulesChanged
from services.domain.people import LOCAL_USER, Role
from services.domain.rules import Phrase, Rule
from services.reading_rules import rules_of
from services.rule_book import Origin, RuleBook
from services.storage.database import open_engine
from services.storage.rules import StoredBook, StoredRule
from services.storage.schema import migrate
from services.storage.sweeps import SweepStore
from services.understanding.rules.ready_made import ready_made_rules
from services.understanding.rules.yaml_form import rules_to_yaml
from tests.authorities import authority_on

OWN = Rule(id="parcel", name="Parcel", condition=Phrase(any_of=("blue parcel",)))


@pytest.fixture
def engine(tmp_path: Path):
    engine = open_engine(f"sqlite:///{tmp_path / 'rules.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def book(engine) -> RuleBook:
    return rule_tools_on(engine, authority_on(engine)).book


def test_it_begins_with_the_shipped_rules(book: RuleBook) -> None:
    assert book.rules("local") == ready_made_rules()
    assert {kept.origin for kept in book.kept(LOCAL_USER)} == {Origin.SHIPPED}


def test_an_own_rule_comes_last_and_can_be_deleted(book: RuleBook) -> None:
    kept = book.save(LOCAL_USER, OWN, based_on=0)
    assert (kept.origin, kept.version) == (Origin.OWN, 1)
    assert book.rules("local")[-1] == OWN
    book.remove(LOCAL_USER, "parcel", based_on=1)
    with pytest.raises(NotFound):
        book.get(LOCAL_USER, "parcel")


def test_a_changed_shipped_rule_keeps_its_place_and_can_be_restored(book: RuleBook) -> None:
    first = ready_made_rules()[0]
    kept = book.save(LOCAL_USER, replace(first, name="Other name"), based_on=0)
    assert kept.origin is Origin.CHANGED
    assert book.rules("local")[0].name == "Other name"
    book.remove(LOCAL_USER, first.id, based_on=1)
    assert book.rules("local") == ready_made_rules()


def test_a_shipped_rule_is_not_deleted(book: RuleBook) -> None:
    with pytest.raises(InvalidRequest):
        book.remove(LOCAL_USER, ready_made_rules()[0].id, based_on=0)


def test_the_same_rule_is_the_same_value_until_it_changes(book: RuleBook) -> None:
    before = book.rules("local")
    assert book.rules("local") is before
    book.save(LOCAL_USER, OWN, based_on=0)
    assert book.rules("local") is not before


def test_saving_asks_for_a_sweep_of_that_rule(book: RuleBook, engine) -> None:
    book.save(LOCAL_USER, OWN, based_on=0)
    sweep = SweepStore(engine).get("local")
    assert sweep is not None
    assert sweep.rule_ids == ("parcel",)


def test_what_is_exported_can_be_taken_in(book: RuleBook) -> None:
    book.save(LOCAL_USER, OWN, based_on=0)
    text = book.to_yaml(LOCAL_USER)
    assert book.take_in(LOCAL_USER, text) == 0
    assert book.take_in(LOCAL_USER, rules_to_yaml([replace(OWN, name="Renamed")])) == 1
    assert book.get(LOCAL_USER, "parcel").rule.name == "Renamed"
    assert book.to_yaml(LOCAL_USER, ["parcel"]).count("- id:") == 1


def test_one_bad_rule_keeps_all_out(book: RuleBook) -> None:
    text = rules_to_yaml([OWN]) + "- id: bad\n  name: Bad\n"
    with pytest.raises(BadRule) as refused:
        book.take_in(LOCAL_USER, text)
    assert "Line" in (refused.value.detail or "")
    assert book.rules("local") == ready_made_rules()


def test_a_change_of_an_older_version_is_refused(book: RuleBook) -> None:
    book.save(LOCAL_USER, OWN, based_on=0)
    with pytest.raises(RulesChanged):
        book.save(LOCAL_USER, replace(OWN, name="Lost"), based_on=0)


def test_viewers_change_nothing(book: RuleBook) -> None:
    viewer = replace(LOCAL_USER, role=Role.VIEWER)
    for act in (
        lambda: book.save(viewer, OWN, based_on=0),
        lambda: book.take_in(viewer, rules_to_yaml([OWN])),
        lambda: book.apply_to_all(viewer),
        lambda: book.cancel(viewer),
        lambda: book.remove(viewer, "parcel", based_on=1),
        lambda: book.switch(viewer, "greeting_standard", on=False),
    ):
        with pytest.raises(AccessDenied):
            act()


@pytest.mark.parametrize(
    ("name", "rule_id"),
    [
        ("Blue parcel!", "blue_parcel"), ("4 days", "rule_4_days"), ("日本", "rule"),
        ("Parcel", "parcel_2"),
    ],
)  # fmt: skip
def test_ids_are_made_of_names(book: RuleBook, name: str, rule_id: str) -> None:
    book.save(LOCAL_USER, OWN, based_on=0)
    assert book.free_id(LOCAL_USER, name) == rule_id


def test_a_kept_rule_that_cannot_be_read_any_more_stops_nothing() -> None:
    sound = StoredRule(id="parcel", body=rules_to_yaml([OWN]), version=1)
    first = ready_made_rules()[0]
    broken = tuple(
        StoredRule(id=rule_id, body="rules: [{name: of another time, since: 2031}]", version=1)
        for rule_id in ("gone", first.id)
    )
    assert rules_of(StoredBook(version=3, rules=(*broken, sound))) == (*ready_made_rules(), OWN)
