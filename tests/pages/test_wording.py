"""How values read: units, true minus, and text that stays text."""

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from components import wording
from components.languages import language_name
from tests.pages.samples import new_call


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (None, "–"),
        (0, "0 s"),
        (800, "0.8 s"),
        (42_400, "42 s"),
        (59_700, "1 min"),
        (185_000, "3 min 5 s"),
        (7_440_000, "2 h 4 min"),
    ],
)
def test_durations(ms, words):
    """Lengths carry their units and no more digits than help."""
    assert wording.duration(ms) == words


@pytest.mark.parametrize(
    ("ms", "words"),
    [(None, "–"), (0, "0:00"), (247_999, "4:07"), (3_753_000, "1:02:33")],
)
def test_clock(ms, words):
    """Positions read as on a player, cut and never rounded up."""
    assert wording.clock(ms) == words


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (None, ""),
        (3_000, "a few seconds left"),
        (42_000, "about 40 s left"),
        (100_000, "about 2 min left"),
        (5_400_000, "about 1 h 30 min left"),
    ],
)
def test_time_left(ms, words):
    """Forecasts don't pretend to be exact."""
    assert wording.time_left(ms) == words


def test_figures():
    """Missing is a dash, never zero; minus is a minus."""
    assert wording.percent(None) == "–"
    assert wording.percent(0.434, 1) == "43.4 %"
    assert wording.signed(-0.5) == "−0.50"
    assert wording.signed(-0.004) == wording.signed(0.004) == "0.00"
    assert wording.number(None, unit="s") == "–"
    assert wording.plural(1, "call") == "1 call"
    assert wording.plural(12_000, "call") == "12,000 calls"
    assert wording.size(999) == "999 B"
    assert wording.size(12_345_678) == "12.3 MB"
    assert language_name("de") == "German"
    assert language_name("tlh") == "tlh"


def test_moments_are_told_in_the_persons_zone():
    """The zone is the browser's."""
    at = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    assert wording.moment(at, "Europe/Berlin") == "6 Jan 2026, 00:30"


def test_titles():
    """A call is called by agent and customer, else by its file."""
    assert wording.call_title(new_call(source_name="x.wav")) == "x.wav"
    assert wording.call_title(new_call(customer_ref="C-1")) == "C-1"


def test_plain_text_survives_markdown():
    """Signs of Markdown, links, directives and HTML come out as they went in."""

    def page() -> None:
        import streamlit as st

        from components.wording import plain

        st.markdown(plain("# a *b* [c](http://x.test) :red[d] <i>e</i> $f$ | g | http://y.test"))

    shown = AppTest.from_function(page).run().markdown[0].value
    assert "\\<i\\>" in shown
    assert "\\[c\\]" in shown
    assert "http\u2060\\:\\/\\/" in shown
    assert wording.plain("a@b.test www.c.test").count("\u2060") == 2
