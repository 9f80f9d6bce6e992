"""Looking for words in all calls, and going on from a line that was found."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.domain.errors import StorageError
from tests.builders import transcript, utterance
from tests.pages.conftest import as_read, press
from tests.pages.samples import ORG

HOSTILE = "[click](http://evil.example) <b>refund</b> :red[now] $x$"


@pytest.fixture
def shelf(staged):
    """Two calls: an agent and a customer talk about refunds."""
    first = transcript(
        utterance(1, "s1", 0, "Good morning, Harbor Energy"),
        utterance(2, "s2", 65_000, "I want a refund, really a REFUND", "-"),
    )
    second = transcript(
        utterance(1, "s1", 0, HOSTILE), utterance(2, "s2", 4_000, "wonderful, no refund", "+")
    )
    held = datetime(2026, 6, 1, 12, tzinfo=UTC)
    made = staged.add_ready(first, agent_name="Ann", customer_ref="C 7", started_at=held)
    staged.add_ready(second, agent_name="Bob", started_at=held.replace(day=2))
    return made


def search(page, typed):
    page.text_input[0].set_value(typed).run()
    assert not page.exception, page.exception
    return page


def test_without_calls_it_offers_some(open_page):
    assert any(b.label == "Load demo calls" for b in open_page("search").button)


def test_a_search_from_its_beginning_to_a_call(shelf, staged, open_page, monkeypatch):
    page = open_page("search")
    read = as_read(page)
    assert "What is searched" in read
    assert '"speak to a manager"' in read

    search(page, "refund")
    read = as_read(page)
    assert "3 lines · newest calls first" in read
    assert "**Ann with C 7** · 1 Jun 2026, 12:00" in read
    said = "I want a :yellow-background[**refund**], really a :yellow-background[**REFUND**]"
    assert said in read
    assert ":material/person: Customer" in read
    assert ":red[:material/sentiment_dissatisfied: Negative]" in read
    assert read.index("Bob") < read.index("Ann")

    monkeypatch.setattr("pages._search.LINES_AT_ONCE", 2)
    page.run()
    assert "Ann" not in as_read(page)
    press(page, "Show more")
    assert "Ann" in as_read(page)
    assert not any(b.label == "Show more" for b in page.button)

    press(page, "1:05")
    assert page.session_state["open_call"] == shelf.id
    assert page.session_state["seek"].ms == 65_000


def test_text_of_calls_does_nothing(shelf, open_page):
    page = search(open_page("search"), "refund")
    shown = next(m.value for m in page.markdown if "evil" in m.value)
    assert "\\[click\\]\\(" in shown
    assert "\\<b\\>:yellow-background[**refund**]\\<\\/b\\>" in shown
    assert "\\:red\\[now\\]" in shown
    assert not any(m.allow_html for m in page.markdown if "evil" in m.value)


def test_filters_and_order_change_what_is_shown_but_no_name_stands_in_the_address(shelf, open_page):
    page = search(open_page("search"), "refund")
    page.selectbox("search_order").set_value("best")
    page.run()
    read = as_read(page)
    assert "best match first, among the newest 3 lines" in read
    assert read.index("Ann") < read.index("Bob")
    page.pills("search_filter_sentiments").set_value(["negative"])
    page.multiselect("search_filter_agents").set_value(["Ann"])
    page.run()
    read = as_read(page)
    assert "1 line · negative · Ann · best match first" in read
    assert "Bob" not in read
    address = str(dict(page.query_params))
    assert "refund" not in address
    assert "Ann" not in address


def test_what_is_not_found_or_cannot_be_gets_a_sentence(shelf, staged, open_page, monkeypatch):
    page = search(open_page("search"), "quadrillion")
    assert "No line was found" in as_read(page)
    for typed in ("a*", "?!", "-refund", "x" * 600):
        search(page, typed)
        assert page.error[0].value.endswith(".")
        assert "Ann" not in as_read(page)

    staged.calls.delete(ORG, shelf.id)
    assert "Ann" not in as_read(search(page, "refund"))

    def fail(*_args, **_kwargs):
        raise StorageError

    monkeypatch.setattr(staged.search, "page", fail)
    search(page, "refunds")
    assert page.error[0].value == StorageError().user_message


def test_a_call_without_agent_and_reference_goes_by_its_name(staged, open_page):
    spoken = transcript(replace(utterance(1, None, 0, "just a word"), sentiment=None))
    staged.add_ready(spoken, source_name="odd-name.wav")
    read = as_read(search(open_page("search"), "word"))
    assert "**odd-name.wav**" in read
    assert "Role not known" in read


def test_looking_that_takes_too_long_says_how_far_it_came(shelf, staged, open_page, monkeypatch):
    old = datetime(2026, 5, 1, 12, tzinfo=UTC)
    staged.add_ready(transcript(utterance(1, "s1", 0, "an old refund")), started_at=old)
    monkeypatch.setattr("services.storage.search.LOOKING_S", 0.0)
    monkeypatch.setattr("services.storage.search_looking.FIRST_ASKED", 1)
    page = search(open_page("search"), "refund -wonderful -evil -really")
    (told,) = page.info
    assert told.value.startswith("No line so far: looked through the calls since 1 Jun 2026, 12:00")
    assert "an old" not in as_read(page)
    press(page, "Look further")
    assert "an old" in as_read(page)
    assert not page.info


def test_lines_similar_in_meaning_say_among_which_they_were_found(staged, open_page):
    spoken = transcript(utterance(1, "s1", 0, "give the money back"), redacted=True)
    staged.add_ready(spoken, agent_name="Ann")
    staged.vectors.make()
    page = search(open_page("search"), "refund")
    assert "No line was found" in as_read(page)
    page.selectbox("search_order").set_value("meaning")
    page.run()
    read = as_read(page)
    assert "Similar in meaning, most alike first" in read
    assert "compared with the newest 1 line of English, redacted calls" in read
    assert "give the money back" in read
