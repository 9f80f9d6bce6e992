"""The Compare tab: two transcripts of a call beside each other, in words and figures."""

from dataclasses import replace
from html import escape

import pytest

from components.comparing.figures import figure_rows
from components.comparing.words import AlikeRows, collapsed, counts_text, pages_of
from pages import _comparing
from services.analysis.comparing import compare
from services.domain.errors import NotFound
from services.domain.people import LOCAL_USER
from tests.pages.conftest import as_read, press
from tests.pages.samples import LINES, ORG, sample_transcript

HEARD = (
    ("s1", "Bluefern Mobile, this is <b>Diana</b>. How can I help you today?", 0.1),
    *LINES[1:4],
    ("s1", "I have taken the second charge off.", 0.2),
    LINES[5],
)


@pytest.fixture
def compared(staged, open_page):
    """Open the Compare tab of a call with two transcripts."""

    def open_it(lines=HEARD, **options):
        call = staged.add_ready(agent_name="Dana")
        staged.add_transcript(call, sample_transcript(lines), **options)
        page = open_page("call", open_call=call.id, **{f"call_tabs_{call.id}": "Compare"})
        return page, call

    return open_it


def html_of(page):
    return "\n".join(str(piece.value) for piece in page.get("html"))


def cards(page):
    return {m.label: m.value for m in page.metric}


def test_one_transcript_leads_to_a_second_one(staged, open_page, monkeypatch):
    """With nothing to compare, the page says so and asks who is to transcribe again."""
    call = staged.add_ready()
    page = open_page("call", open_call=call.id, **{f"call_tabs_{call.id}": "Compare"})
    assert "This call has one transcript" in as_read(page)
    assert not page.metric
    asked = []
    monkeypatch.setattr(_comparing, "ask_for_rerun", asked.append)
    press(page, "Transcribe with another provider…")
    assert asked == [call.id]


def test_the_review_is_what_a_call_opens_with(staged, open_page):
    """The tab is there, and nothing of it is computed before it is opened."""
    call = staged.add_ready()
    staged.add_transcript(call, sample_transcript(HEARD))
    page = open_page("call", open_call=call.id)
    assert [tab.label for tab in page.tabs] == ["Review", "Compare"]
    assert "Talk : listen" in cards(page)
    assert "Word error rate" not in cards(page)


def test_counts_come_before_the_rate_and_name_the_reference(compared):
    """What is shown is the reference; the other is what it is held against."""
    page, _ = compared()
    found = cards(page)
    assert (found["Changed"], found["Missing"], found["Added"]) == ("1", "2", "5")
    said = as_read(page)
    assert "of This machine (run 2), taken as the reference, This machine (run 1) has" in said
    assert "That makes 8 differences, a word error rate of" in said
    assert said.index("8 differences") < said.index("word error rate of")


def test_what_differs_is_marked_and_what_is_alike_is_folded(compared):
    """Marks are elements with a meaning, and words of calls never become any."""
    page, _ = compared()
    rows = html_of(page)
    assert "&lt;b&gt;Diana&lt;/b&gt;" in rows
    assert "<b>Diana" not in rows
    assert "<mark>Dana.</mark>" in rows
    assert "<ins>and the fee as well.</ins>" in rows
    assert "3 lines alike, 0:04 to 0:12" in rows
    page.segmented_control[0].set_value("Everything").run()
    assert "lines alike" not in html_of(page)
    assert "My bill is wrong again." in html_of(page)


def test_the_other_way_round(compared):
    """Either can be the reference; the same one twice is no comparison."""
    page, call = compared()
    reference, other = (
        page.selectbox(key=f"compare_{call.id}_{n}") for n in ("reference", "other")
    )
    first = other.value
    reference.set_value(first).run()
    assert "Choose two different transcripts." in as_read(page)
    second = next(o for o in staged_ids(page, call) if o != first)
    page.selectbox(key=f"compare_{call.id}_other").set_value(second).run()
    assert (cards(page)["Missing"], cards(page)["Added"]) == ("5", "2")


def staged_ids(page, call):
    from app import session

    known = session.services().comparing.transcripts(LOCAL_USER, call.id)
    return [one.version.id for one in known]


def test_words_given_to_another_speaker_are_counted(compared):
    """Speakers told apart anew: no word differs, and yet the transcripts do."""
    swapped = [*LINES[:2], ("s2", LINES[2][1], 0.0), *LINES[3:]]
    page, call = compared(swapped, relabel_of="t")
    assert (cards(page)["Another speaker"], cards(page)["Word error rate"]) == ("11", "0.0 %")
    assert "given to another speaker" in html_of(page)
    labels = page.selectbox(key=f"compare_{call.id}_reference").options
    assert "speakers told apart again, the one that is shown" in labels[1]


def test_figures_and_stages_stand_beside_each_other(staged, compared):
    """Each figure with its difference, in its unit; and who did what."""
    page, call = compared()
    tables = html_of(page)
    heads = '<th scope="col">This machine (run 2)</th><th scope="col">This machine (run 1)</th>'
    assert tables.count(heads) == 2
    assert '<th scope="row">Words</th><td>53</td><td>56</td><td>+3</td>' in tables
    assert '<th scope="row">Lines</th><td>6</td><td>6</td><td>none</td>' in tables
    assert '<th scope="row">Recognition</th><td>local whisper-base</td>' in tables
    both = staged.comparing.compare(LOCAL_USER, call.id, *staged_ids(page, call))
    titles = [title for title, *_ in figure_rows(both.reference, both.other)]
    assert all(f">{title}<" in tables for title in map(escape, titles))


def test_a_transcript_that_went_away_costs_a_sentence(staged, compared, monkeypatch):
    """Somebody else may have had the call processed again with redaction."""

    def gone(*_):
        raise NotFound

    monkeypatch.setattr(staged.comparing, "compare", gone)
    page, _ = compared()
    assert NotFound().user_message in as_read(page)


def test_corrections_count_for_what_is_shown(staged, compared):
    """The transcript that is shown is compared as people see it."""
    page, call = compared()
    active = staged.transcripts.active(ORG, call.id)
    staged.review.correct(LOCAL_USER, call.id, active.utterances[0].id, LINES[0][1])
    page.run()
    assert cards(page)["Changed"] == "0"
    assert "taken with the corrections made to it" in as_read(page)


def test_a_later_portion_is_chosen_by_its_time(compared, monkeypatch):
    """A long comparison shows its beginning, and any other place of it on demand."""
    monkeypatch.setattr("components.comparing.words.ROWS_AT_ONCE", 2)
    page, call = compared()
    portion = page.selectbox(key=f"compare_{call.id}_What differs_page")
    assert portion.options == ["0:00 (1 of 2)", "0:13 (2 of 2)"]
    assert "<mark>Dana.</mark>" in html_of(page)
    portion.set_value(1).run()
    assert "<mark>Dana.</mark>" not in html_of(page)
    assert "<ins>and the fee as well.</ins>" in html_of(page)


def test_long_calls_come_in_portions():
    """So many lines at once; lines that are alike are one."""
    lines = [("s1", f"this is line {n}", 0.0) for n in range(2_000)]
    other = [(s, f"{t} indeed" if n % 10 == 0 else t, x) for n, (s, t, x) in enumerate(lines)]
    rows = compare(sample_transcript(lines), sample_transcript(other)).rows
    shown = collapsed(rows, everything=False)
    assert len(shown) == 400
    assert [type(row) for row in shown[1::2]] == [AlikeRows] * 200
    assert len(pages_of(shown)) == 8
    assert sum(len(page) for page in pages_of(collapsed(rows, everything=True))) == 2_000


def test_without_a_word_there_is_no_rate():
    """0 of 0 is said in words."""
    nothing = compare(sample_transcript([]), sample_transcript())
    assert counts_text(nothing, "A", "B") == "A has no words, so there is no rate; B has 56."


def test_live_captions_are_one_of_the_versions(staged, open_page):
    """They are named as what they are, with who made them."""
    call = staged.add_ready(replace(sample_transcript(HEARD), provider="local live"))
    staged.add_transcript(call, sample_transcript())
    page = open_page("call", open_call=call.id, **{f"call_tabs_{call.id}": "Compare"})
    labels = page.selectbox(key=f"compare_{call.id}_other").options
    assert labels[0].startswith("Run 1: Live captions by This machine, ")
    assert labels[1].startswith("Run 2: This machine, ")
    assert "Live captions by This machine (run 1) has" in as_read(page)
