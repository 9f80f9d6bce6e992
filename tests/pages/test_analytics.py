"""The Analytics page: figures with their n, filters, and tables that lead to calls."""

from datetime import UTC, date, datetime
from io import BytesIO

import pandas as pd

from components.downloads import csv_of, parquet_of
from components.group_view import Side
from components.team_view import group_rows, period_rows
from services.domain.people import LOCAL_USER
from services.domain.together import AnalyticsFilter, Period
from tests.pages.conftest import texts

THURSDAY = datetime(2026, 11, 12, tzinfo=UTC)


def test_empty_database_leads_on(staged, open_page):
    """Without calls there are no charts, but a way on."""
    assert "There are no calls yet" in texts(open_page("analytics"))


def test_cards_state_their_n(staged, open_page):
    """Every rate says how many calls stand behind it."""
    staged.add_ready(agent_name="Dana", created_at=THURSDAY)
    staged.add_ready(agent_name="Ben", created_at=THURSDAY.replace(day=13))
    page = open_page("analytics")
    notes = {m.label: m.delta for m in page.metric}
    assert "n = 2" in notes["Agent's talk share"]
    assert "pooled" in notes["Agent's talk share"]
    assert notes["Handle time"].startswith("SD ")
    assert notes["Resolved"] == "2 of n = 2"
    assert "2 calls on 2 days" in texts(page)
    assert "too few calls to compare" in texts(page)


def test_filters_reach_every_figure_and_the_list_of_calls(staged, open_page):
    """Agents, queues and days narrow all of it, and the calls behind it are listed alike."""
    staged.add_ready(agent_name="Dana", queue="Sales")
    staged.add_ready(agent_name="Ben", queue="Sales")
    page = open_page("analytics", calls_states=["failed"])
    page.multiselect(key="team_agents").set_value(["Dana"]).run()
    assert next(m.value for m in page.metric if m.label == "Calls") == "1"
    page.multiselect(key="team_queues").set_value(["Sales"]).run()
    assert next(m.value for m in page.metric if m.label == "Calls") == "1"
    page.button(key="team_list").click().run()
    assert page.title[0].value == "Calls"
    assert page.session_state["calls_agents"] == ["Dana"]
    assert page.session_state["calls_queues"] == ["Sales"]
    assert page.session_state["calls_states"] == []
    page.switch_page("../pages/analytics.py").run()
    page.date_input(key="team_days").set_value((date(2020, 1, 1), date(2020, 1, 2))).run()
    assert "No call fits these filters" in texts(page)


def test_weeks_and_queues(staged, open_page):
    """What is drawn over time and who is compared can be chosen."""
    staged.add_ready(agent_name="Dana", queue="Sales", created_at=THURSDAY)
    staged.add_ready(agent_name="Dana", queue="Help", created_at=THURSDAY.replace(day=13))
    page = open_page(
        "analytics", team_by_day=Period.WEEK, team_side=Side.QUEUES, team_course="handle"
    )
    assert "2 calls in 1 week; most in that of 9 Nov 2026" in texts(page)
    [table] = [d.value for d in page.dataframe if "Handle time" in d.value.columns]
    assert list(table["Name"]) == ["Help", "Sales"]


def test_files_are_safe_and_complete(staged):
    """In a CSV, a name that begins like a formula is defused; Parquet keeps it and all types."""
    staged.add_ready(agent_name="=1+1", created_at=THURSDAY)
    staged.add(created_at=THURSDAY.replace(day=14))
    wanted = AnalyticsFilter()
    agents = group_rows(staged.figures.by_agent(LOCAL_USER, wanted), "agent")
    assert csv_of(agents).decode("utf-8-sig").splitlines()[1].startswith("'=1+1,1,")
    table = pd.read_parquet(BytesIO(parquet_of(agents)))
    assert "=1+1" in list(table["agent"])
    assert table["handle_ms_n"].sum() == 1
    days = period_rows(staged.figures.per_period(LOCAL_USER, wanted))
    assert [day["customer_sentiment_n"] for day in days] == [1, 0]
    assert days[1]["customer_sentiment_mean"] is None
