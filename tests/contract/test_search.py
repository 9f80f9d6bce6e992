"""What the search index finds is what a plain look at the shown lines finds, on every database."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select

from services.domain.calls import AudioFacts, Call, CallDetails, ProcessingOptions
from services.domain.folding import folded_words
from services.domain.marking import Marks, marks_in
from services.domain.searching import (
    FoundCount,
    FoundLine,
    LineFilter,
    WordQuery,
    any_of,
    read_query,
)
from services.domain.speech import SentimentLabel, SpeakerRole, Transcript
from services.storage.calls import CallStore
from services.storage.database import writing
from services.storage.rule_tables import CALL_CATEGORIES
from services.storage.runs import RunStore
from services.storage.search import SearchIndex
from services.storage.search_asking import AskingGin
from services.storage.search_places import place_of_call
from services.storage.search_tables import FTS_TABLE, SHOWN_UTTERANCES
from services.storage.transcripts import TranscriptStore
from tests.builders import transcript, utterance
from tests.contract.stores import ORG, OTHER, add, analysed


class Shelf:
    """Calls with transcripts to search among."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.calls, self.runs = CallStore(engine), RunStore(engine)
        self.transcripts, self.index = TranscriptStore(engine), SearchIndex(engine)

    def add(self, *lines: str, **changes: object) -> tuple[Call, Transcript]:
        """Add a call in which agent and customer say these lines in turns."""
        made = add(self.calls, **changes)
        said = [
            utterance(n, "s1" if n % 2 else "s2", n * 5_000, line)
            for n, line in enumerate(lines, start=1)
        ]
        spoken = transcript(*said)
        self.transcripts.save(made.org_id, made.id, 1, analysed(spoken))
        return made, spoken

    def found(self, typed: str, **among: object) -> list[str]:
        """The texts that a typed query finds, newest first."""
        wanted = read_query(typed)
        return [f.text for f in self.index.newest(ORG, wanted, LineFilter(**among))]


@pytest.fixture
def shelf(engine: Engine) -> Shelf:
    """An empty shelf."""
    return Shelf(engine)


@pytest.mark.parametrize(
    ("typed", "finds"),
    [
        ("refund", ["I want a refund now"]),
        ("REFUND", ["I want a refund now"]),
        ("want refund", ["I want a refund now"]),
        ('"want a refund"', ["I want a refund now"]),
        ('"want refund"', []),
        ("refund never", []),
        ("ref*", ["We don't reference it", "I want a refund now"]),
        ("dont", ["We don't reference it"]),
        ("don’t", ["We don't reference it"]),
        ("zurich", ["Zürich is far"]),
        ("ZÜRICH", ["Zürich is far"]),
        ("", []),
        ("?! --", []),
        ('") OR x:y NEAR( *', []),
        ("' | ! & refund:*", ["I want a refund now"]),
        ("refund -now", []),
        ("is -zurich", []),
        ("we -refund", ["We don't reference it"]),
        ("we -dont", []),
        ("we -don -t", ["We don't reference it"]),
        ('want -"refund want"', ["I want a refund now"]),
        ('"want a ref"*', ["I want a refund now"]),
        ("zür*", ["Zürich is far"]),
        ("want-a", ["I want a refund now"]),
        ("-refund", []),
    ],
)
def test_typed_queries(shelf: Shelf, typed: str, finds: list[str]) -> None:
    shelf.add("I want a refund now", "Zürich is far", "We don't reference it")
    assert shelf.found(typed) == finds


def test_newest_lines_come_first(shelf: Shelf) -> None:
    for number in range(4):
        shelf.add(f"refund {number}", f"and a refund {number} too")
    texts = [f.text for f in shelf.index.newest(ORG, read_query("refund"), limit=3)]
    assert texts == ["and a refund 3 too", "refund 3", "and a refund 2 too"]


def test_what_is_found_tells_its_call_and_place(shelf: Shelf) -> None:
    held = datetime(2026, 6, 1, 12, tzinfo=UTC)
    details = CallDetails(agent_name="Ann", queue="Sales", customer_ref="C 7", started_at=held)
    made, _ = shelf.add("good morning", "my refund please", source_name="a.wav", details=details)
    assert shelf.index.newest(ORG, read_query("refund")) == [
        FoundLine(
            call_id=made.id,
            source_name="a.wav",
            agent_name="Ann",
            held_at=held,
            utterance_id="u2",
            position=1,
            role=SpeakerRole.CUSTOMER,
            start_ms=10_000,
            end_ms=11_150,
            text="my refund please",
            sentiment_score=0.0,
            sentiment=SentimentLabel.NEUTRAL,
            customer_ref="C 7",
            queue="Sales",
            duration_ms=22_000,
            marks=((3, 9),),
        )
    ]


def test_filters(shelf: Shelf) -> None:
    def day(number: int, agent: str, queue: str) -> CallDetails:
        started = datetime(2026, 6, number, 12, tzinfo=UTC)
        return CallDetails(agent_name=agent, queue=queue, started_at=started)

    first, _ = shelf.add("a refund", "refund one", details=day(1, "Ann", "Billing"))
    shelf.add("no refund", "refund two", details=day(2, "Bob", "Sales"))
    assert shelf.found("refund", said_by=SpeakerRole.AGENT) == ["no refund", "a refund"]
    assert shelf.found("refund", last_day=date(2026, 6, 1)) == ["refund one", "a refund"]
    assert shelf.found("refund", first_day=date(2026, 6, 2)) == ["refund two", "no refund"]
    assert shelf.found("refund", agents=("Bob",)) == ["refund two", "no refund"]
    assert shelf.found("refund", queues=("Billing",)) == ["refund one", "a refund"]
    assert shelf.found("refund", call_ids=(first.id,)) == ["refund one", "a refund"]


def test_filters_by_what_a_call_is_and_how_a_line_was_meant(shelf: Shelf) -> None:
    annoyed = utterance(1, "s2", 0, "refund annoyed", "-")
    pleased = utterance(2, "s2", 4_000, "refund pleased", "+")
    long_call = replace(transcript(annoyed, pleased), language="de-CH", provider="azure")
    made = add(shelf.calls, details=CallDetails(agent_name="Ann"))
    shelf.transcripts.save(ORG, made.id, 1, analysed(long_call))
    facts = AudioFacts(duration_ms=600_000, channels=1, sample_rate=8_000, codec="", container="")
    shelf.calls.set_audio(made.id, facts)
    category = {"call_id": made.id, "rule_id": "r1", "org_id": ORG, "day": made.held_at.date()}
    with shelf.engine.begin() as connection:
        more = {"kind": "rule", "alert": False, "evidence": "[]"}
        connection.execute(insert(CALL_CATEGORIES).values(**category, **more))
    shelf.add("a refund", "refund too")
    both, theirs = ["refund pleased", "refund annoyed"], ["refund too", "a refund"]
    assert shelf.found("refund", sentiments=(SentimentLabel.NEGATIVE,)) == ["refund annoyed"]
    moods = (SentimentLabel.NEGATIVE, SentimentLabel.POSITIVE)
    assert shelf.found("refund", sentiments=moods, agents=("Ann", "Bob")) == both
    assert shelf.found("refund", min_duration_ms=600_000) == both
    assert shelf.found("refund", max_duration_ms=600_000) == theirs
    assert shelf.found("refund", languages=("de",)) == both
    assert shelf.found("refund", languages=("d", "en")) == theirs
    assert shelf.found("refund", providers=("azure",)) == both
    assert shelf.found("refund", categories=("r1", "r2")) == both
    assert shelf.found("ref*", categories=("r1",), said_by=SpeakerRole.AGENT) == []


def test_another_organisations_lines_are_not_found(shelf: Shelf) -> None:
    shelf.add("my secret refund", org_id=OTHER)
    assert shelf.found("refund") == []
    assert list(shelf.index.every(ORG, read_query("refund"))) == []
    assert shelf.index.best(ORG, read_query("refund")) == []


def test_a_phrase_may_begin_in_one_line_and_end_in_the_next(shelf: Shelf) -> None:
    made = add(shelf.calls)
    said = transcript(
        utterance(1, "s2", 0, "could I speak to a"),
        utterance(2, "s2", 4_000, "manager about this"),
        utterance(3, "s1", 8_000, "certainly"),
    )
    shelf.transcripts.save(ORG, made.id, 1, analysed(said))
    assert shelf.found('"speak to a manager"') == ["could I speak to a"]
    assert shelf.found('"about this certainly"') == []
    # Words that the line doesn't hold itself are found where they are, and only there.
    assert shelf.found("manager") == ["manager about this"]
    assert shelf.found("speak -manager") == ["could I speak to a"]
    (line,) = shelf.index.newest(ORG, read_query('"to a manager"'))
    assert [line.text[start:end] for start, end in line.marks] == ["to a"]


def test_the_best_lines_come_first(shelf: Shelf) -> None:
    shelf.add("refund refund cancel", "a refund for this long and winding sentence about nothing")
    shelf.add("nothing", "cancel it")
    ranked = shelf.index.best(ORG, any_of(["refund", "cancel"]))
    assert ranked[0].text == "refund refund cancel"
    assert len(ranked) == 3


def test_the_latest_lines_are_those_of_the_filter_without_hums(shelf: Shelf) -> None:
    made = add(shelf.calls)
    said = transcript(
        utterance(1, "s1", 0, "the first line"),
        replace(utterance(2, "s2", 2_000, "mhm"), is_backchannel=True),
        utterance(3, "s2", 4_000, "the last line"),
    )
    shelf.transcripts.save(ORG, made.id, 1, analysed(said))
    shelf.add("somebody else's", org_id=OTHER)
    assert [f.text for f in shelf.index.latest(ORG)] == ["the last line", "the first line"]
    assert [f.text for f in shelf.index.latest(ORG, limit=1)] == ["the last line"]
    by_agent = LineFilter(said_by=SpeakerRole.AGENT)
    assert [f.text for f in shelf.index.latest(ORG, by_agent)] == ["the first line"]


def test_pages_follow_each_other_whatever_comes_and_goes(shelf: Shelf) -> None:
    made = [shelf.add(f"refund {n}", f"refund again {n}")[0] for n in range(4)]
    wanted = read_query("refund")
    first = shelf.index.page(ORG, wanted, limit=3)
    shelf.add("newer refund", "refund too")
    shelf.calls.delete(ORG, made[1].id)
    assert first.next_page is not None
    second = shelf.index.page(ORG, wanted, limit=3, below=int(first.next_page, 16))
    assert [f.text for f in (*first.lines, *second.lines)] == [
        "refund again 3", "refund 3", "refund again 2", "refund 2", "refund again 0", "refund 0",
    ]  # fmt: skip
    assert second.next_page is None


def test_words_that_must_not_occur_are_left_out_by_the_database(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else every line with a common phrase would be fetched, however few are left."""
    looked_at: list[str] = []

    def marks(text: str, *rest: Any) -> Marks | None:
        looked_at.append(text)
        return marks_in(text, *rest)

    monkeypatch.setattr("services.storage.search_ways.marks_in", marks)
    for n in range(6):
        shelf.add("Thank you.", "Thank YOU, don’t mention it!", f"thank everybody {n}")
    assert shelf.found('"thank you" -you') == []
    assert shelf.found("thank -you -everybody") == []
    assert shelf.found('thank -"thank you" -every*') == []
    assert shelf.found('mention -"dont mention"') == []
    assert looked_at == []


@pytest.mark.parametrize("typed", ["refund", "refund -paid", "ref* -paid"])
def test_an_answer_that_takes_too_long_says_how_far_was_looked(
    shelf: Shelf, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_READ", "FEW_READ", "FIRST_ASKED", "READ_FOR_BEGINNINGS", "GROWTH"):
        monkeypatch.setattr(f"services.storage.search_looking.{name}", 1)
    monkeypatch.setattr("services.storage.search.LOOKING_S", 0.0)
    for n in range(6):
        shelf.add(f"refund {n}", "refund paid")
    among = LineFilter(said_by=SpeakerRole.AGENT)
    page = shelf.index.page(ORG, read_query(typed), among)
    found, left_off = list(page.lines), 0
    while page.next_page is not None:
        left_off += page.looked_back_to is not None
        below = int(page.next_page, 16)
        page = shelf.index.page(ORG, read_query(typed), among, below=below)
        found += page.lines
    assert [f.text for f in found] == [f"refund {n}" for n in range(5, -1, -1)]
    assert left_off
    assert page.looked_back_to is None


def test_where_the_index_takes_too_long_calls_are_read_on(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shelf.engine.dialect.name == "sqlite":
        pytest.skip("its index is asked in steps")
    for name in ("FEW_READ", "READ_TO_GUESS"):
        monkeypatch.setattr(f"services.storage.search_looking.{name}", 1)
    monkeypatch.setattr("services.storage.search_looking._index_is_quicker", lambda *_: True)
    for n in range(6):
        shelf.add(f"refund {n}", "yes")

    def ask(way: AskingGin, _end: int) -> None:
        way.connection.exec_driver_sql("SET LOCAL statement_timeout = 1")
        way.connection.exec_driver_sql("SELECT pg_sleep(20)")

    monkeypatch.setattr(AskingGin, "_ask", ask)
    assert shelf.found("refund -again") == [f"refund {n}" for n in range(5, -1, -1)]


def test_counting_stops_at_a_thousand(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.add("refund one", "refund two", "nothing")
    assert shelf.index.count(ORG, read_query("refund")) == FoundCount(lines=2, exact=True)
    monkeypatch.setattr("services.storage.search.MOST_COUNTED", 1)
    assert shelf.index.count(ORG, read_query("refund")) == FoundCount(lines=1, exact=False)


def test_a_call_that_was_held_earlier_moves_back(shelf: Shelf) -> None:
    made, _ = shelf.add("refund one", "yes")
    shelf.add("refund two", "yes")
    moved = CallDetails(started_at=made.held_at - timedelta(days=400))
    before = shelf.found("refund")
    shelf.calls.update_details(ORG, made.id, moved)
    assert (before, shelf.found("refund")) == (["refund two", "refund one"],) * 2
    later = CallDetails(started_at=made.held_at + timedelta(days=1))
    shelf.calls.update_details(ORG, made.id, later)
    assert shelf.found("refund") == ["refund one", "refund two"]
    assert shelf.found("refund", first_day=later.started_at.date()) == ["refund one"]


def test_calls_of_one_moment_each_have_a_place(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.storage.search_places.PLACES_PER_SECOND", 4)
    held = datetime(2026, 6, 1, tzinfo=UTC)
    made = [add(shelf.calls, details=CallDetails(started_at=held)) for _ in range(12)]
    said = [transcript(utterance(1, "s1", 0, f"refund {n}")) for n in range(len(made))]

    def save(n: int) -> None:
        shelf.transcripts.save(ORG, made[n].id, 1, analysed(said[n]))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(save, range(len(made))))
    assert sorted(shelf.found("refund")) == sorted(f"refund {n}" for n in range(len(made)))


def test_a_place_is_found_in_few_statements_however_many_calls_a_moment_has(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.storage.search_places.PLACES_PER_SECOND", 4)
    held = CallDetails(started_at=datetime(2026, 6, 1, tzinfo=UTC))
    made = [add(shelf.calls, details=held) for _ in range(100)]
    asked = 0

    @event.listens_for(shelf.engine, "before_cursor_execute")
    def count(_c: object, _u: object, statement: str, *_: object) -> None:
        nonlocal asked
        asked += statement.startswith("SELECT calls.search_place \nFROM")

    with writing(shelf.engine) as connection:
        places = [place_of_call(connection, call.id) for call in made]
    assert places == list(range(places[0], places[0] + len(made)))
    assert asked < 3 * len(made)


def test_savers_side_by_side_take_different_places_without_waiting(shelf: Shelf) -> None:
    if shelf.engine.dialect.name == "sqlite":
        pytest.skip("one writes after the other there")
    held = CallDetails(started_at=datetime(2026, 6, 1, tzinfo=UTC))
    one, other = (add(shelf.calls, details=held) for _ in range(2))
    with writing(shelf.engine) as first, writing(shelf.engine) as second:
        second.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
        places = {place_of_call(first, one.id), place_of_call(second, other.id)}
    assert len(places) == 2


def test_every_line_is_found_however_many_there_are(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.storage.search.ROWS_AT_ONCE", 3)
    for number in range(4):
        shelf.add(f"refund {number}", f"refund again {number}")
    found = [f.text for f in shelf.index.every(ORG, read_query("refund"))]
    assert found == [f"refund {w}{n}" for n in range(4) for w in ("", "again ")]


VOCABULARY = ("refund", "cancel", "cancelled", "don't", "münze", "4", "a1", "it's", "x", "can")


class Library(Shelf):
    """Calls of random lines, all of which are known."""

    def __init__(self, engine: Engine, rng: random.Random) -> None:
        super().__init__(engine)
        self.lines: list[tuple[str, str, SpeakerRole]] = []
        for number in range(14):
            agent = rng.choice(["Ann", "Bob", "Cid"])
            held = datetime(2026, 6, 1 + number, tzinfo=UTC)
            said = [" ".join(rng.choices(VOCABULARY, k=rng.randrange(1, 6))) for _ in range(5)]
            self.add(*said, details=CallDetails(agent_name=agent, started_at=held))
            roles = (SpeakerRole.AGENT, SpeakerRole.CUSTOMER)
            self.lines += [(agent, line, roles[n % 2]) for n, line in enumerate(said)]

    def read(self, wanted: WordQuery, among: LineFilter) -> list[str]:
        """What a plain look at all lines finds, oldest first."""
        return [
            line
            for agent, line, role in self.lines
            if (not among.agents or agent in among.agents)
            and among.said_by in {None, role}
            and _holds(line, wanted)
        ]


def _random_query(rng: random.Random) -> WordQuery:
    def phrase() -> tuple[str, ...]:
        words = folded_words(" ".join(rng.choices(VOCABULARY, k=rng.randrange(1, 3))))
        return (*words[:-1], words[-1][:3] + "*") if rng.random() < 0.2 else tuple(words)

    groups = tuple(
        tuple(phrase() for _ in range(rng.randrange(1, 3))) for _ in range(rng.randrange(1, 3))
    )
    return WordQuery(groups=groups, without=(phrase(),) if rng.random() < 0.3 else ())


@pytest.mark.parametrize("quicker", [True, False])
def test_random_lines_are_found_as_by_reading_them_all(
    engine: Engine, quicker: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever way finds them first, step by small step, page by page."""
    rng = random.Random(7)
    library = Library(engine, rng)
    for name, value in {
        "FIRST_READ": 1,
        "FEW_READ": 1,
        "READ_TO_GUESS": 1,
        "SPARE_CALLS": 1,
        "FIRST_ASKED": 1,
        "GROWTH": 1 + quicker,
        "READ_FOR_BEGINNINGS": 2,
    }.items():
        monkeypatch.setattr(f"services.storage.search_looking.{name}", value)
    monkeypatch.setattr("services.storage.search_looking._index_is_quicker", lambda *_: quicker)
    finding = 0
    for _ in range(40):
        wanted = _random_query(rng)
        among = LineFilter(
            agents=rng.choice([(), (), ("Ann",), ("Bob", "Cid")]),
            said_by=rng.choice([None, None, SpeakerRole.AGENT]),
        )
        expected = library.read(wanted, among)
        finding += bool(expected)
        assert [f.text for f in library.index.every(ORG, wanted, among)] == expected
        found, below = [], None
        while True:
            page = library.index.page(ORG, wanted, among, limit=4, below=below)
            found += [f.text for f in page.lines]
            if page.next_page is None:
                break
            below = int(page.next_page, 16)
        assert found == expected[::-1]
    assert finding > 20


def _holds(line: str, wanted: WordQuery) -> bool:
    words = folded_words(line)

    def fits(word: str, sought: str) -> bool:
        return word.startswith(sought[:-1]) if sought.endswith("*") else word == sought

    def has(phrase: tuple[str, ...]) -> bool:
        places = range(len(words) - len(phrase) + 1)
        return any(all(map(fits, words[at:], phrase)) for at in places)

    return all(any(map(has, group)) for group in wanted.groups) and not any(
        map(has, wanted.without)
    )


# --- the index follows what is shown ---------------------------------------------------------


def test_a_correction_is_found_and_the_old_words_are_not(shelf: Shelf) -> None:
    made, spoken = shelf.add("the first line", "my refind please")
    lines = (spoken.utterances[0], replace(spoken.utterances[1], text="my refund please"))
    shown = analysed(replace(spoken, utterances=lines))
    before = _row_ids(shelf.engine)
    shelf.transcripts.save_figures(ORG, made.id, shown)
    assert (shelf.found("refund"), shelf.found("refind")) == (["my refund please"], [])
    assert _row_ids(shelf.engine) == before


def test_swapped_roles_are_found_swapped(shelf: Shelf) -> None:
    made, spoken = shelf.add("hello refund", "what refund")
    agent, customer = spoken.speakers
    swapped = (replace(agent, role=customer.role), replace(customer, role=agent.role))
    shelf.transcripts.save_figures(ORG, made.id, analysed(replace(spoken, speakers=swapped)))
    assert shelf.found("refund", said_by=SpeakerRole.AGENT) == ["what refund"]


def test_another_run_takes_the_place_of_the_first(shelf: Shelf) -> None:
    made, spoken = shelf.add("an old refund", "yes")
    shelf.runs.finish(made.id, 1, spoken.id)
    shelf.runs.start(ORG, made.id, ProcessingOptions())
    new = transcript(utterance(1, "s1", 0, "a new refund"))
    shelf.transcripts.save(ORG, made.id, 2, analysed(new))
    assert shelf.found("refund") == ["a new refund"]


def test_a_deleted_call_leaves_no_word(shelf: Shelf, database_url: str) -> None:
    made, _ = shelf.add("quadrillion refunds", "yes quadrillion")
    shelf.add("another refund", "yes")
    shelf.calls.delete(ORG, made.id)
    assert shelf.found("quadrillion") == []
    swept = shelf.index.remove_deleted_words()
    assert shelf.found("refund") == ["another refund"]
    if database_url.startswith("sqlite"):
        assert swept == 2
        assert shelf.index.remove_deleted_words() == 0
        with shelf.engine.connect() as connection:
            blocks = connection.exec_driver_sql(f"SELECT block FROM {FTS_TABLE}_data").scalars()
            assert not any(b"quadrillion" in block for block in blocks)


def test_older_forms_are_told(shelf: Shelf) -> None:
    made, _ = shelf.add("hello", "yes")
    assert shelf.transcripts.in_older_form(10) == []
    with shelf.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE call_figures SET form = 0")
    assert shelf.transcripts.in_older_form(10) == [(ORG, made.id)]


def _row_ids(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        query = select(SHOWN_UTTERANCES.c.row_id).order_by(SHOWN_UTTERANCES.c.row_id)
        return list(connection.execute(query).scalars())
