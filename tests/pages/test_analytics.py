"""The Analytics page: figures with their n, filters, and tables that lead to calls."""

from datetime import UTC, date, datetime

from components.downloads import csv_of
from components.team_view import day_rows
from services.domain.together import AnalyticsFilter
from tests.pages.conftest import texts
from tests.pages.samples import ORG


def test_empty_database_leads_on(staged, open_page):
    """Without calls there are no charts, but a way on."""
    assert "There are no calls yet" in texts(open_page("analytics"))


def test_cards_state_their_n(staged, open_page):
    """Every rate says how many calls stand behind it."""
    staged.add_ready(agent_name="Dana")
    staged.add_ready(agent_name="Ben", created_at=datetime(2026, 11, 13, tzinfo=UTC))
    page = open_page("analytics")
    notes = {m.label: m.delta for m in page.metric}
    assert "n = 2" in notes["Agent's talk share"]
    assert "pooled" in notes["Agent's talk share"]
    assert "2 calls on 2 days" in texts(page)


def test_filter_by_agent(staged, open_page):
    """The filter reaches every figure; one that fits nothing says so."""
    staged.add_ready(agent_name="Dana")
    staged.add_ready(agent_name="Ben")
    page = open_page("analytics")
    page.multiselect(key="team_agents").set_value(["Dana"]).run()
    assert next(m.value for m in page.metric if m.label == "Calls") == "1"
    page.date_input(key="team_days").set_value((date(2020, 1, 1), date(2020, 1, 2))).run()
    assert "No call fits these filters" in texts(page)


def test_csv_is_safe_for_spreadsheets():
    """A name that begins like a formula is defused."""
    assert csv_of([{"Agent": "=1+1", "Calls": 3}]).decode("utf-8-sig").splitlines()[1] == "'=1+1,3"


def test_days_as_rows(staged):
    """Days without sentiment have none, not zero."""
    staged.add_ready()
    staged.add(created_at=datetime(2026, 11, 14, tzinfo=UTC))
    wanted = AnalyticsFilter()
    rows = day_rows(
        staged.analytics.calls_per_day(ORG, wanted), staged.analytics.sentiment_per_day(ORG, wanted)
    )
    assert [r["customer_sentiment_n"] for r in rows] == [1, 0]
    assert rows[1]["customer_sentiment_mean"] is None
