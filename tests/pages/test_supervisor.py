"""The Supervisor page: running calls, what became of them, reading along, ending one."""

from dataclasses import replace

import pytest

from app import session
from components import live_view
from services.domain.calls import CallDetails
from services.domain.errors import AlertUnreachable, StorageError
from services.domain.live_calls import LiveGlance, LiveSource, LiveState
from services.domain.people import Role, User
from services.domain.speech import SentimentLabel
from services.live.alerting.alerts import Delivery
from services.telephony.acs.orders import PhoneStanding
from services.telephony.acs.wire.wishes import PhoneWish
from tests.pages.conftest import as_read, press, texts
from tests.pages.phone_stand_ins import on_the_phone
from tests.pages.running_stand_ins import GLANCE, StagedAlerts, StagedLiveDesk, running

HOSTILE = "<b>x</b> [link](http://evil.test) **bold** :material/lock:"


@pytest.fixture
def desk(staged):
    staged.live, staged.alerts = StagedLiveDesk(), StagedAlerts()
    return staged.live


def labels(page):
    return [button.label for button in page.button]


class TestTheBoard:
    def test_says_that_no_call_runs_and_where_one_begins(self, desk, open_page):
        page = open_page("supervisor")
        assert "No call is being held" in texts(page)
        press(page, "Begin a live call")
        assert page.title[0].value == "Live call"

    def test_shows_what_a_call_needs(self, desk, open_page):
        desk.calls = [running(), running("c2", "Line 2", LiveGlance())]
        shown = as_read(open_page("supervisor"))
        for part in (
            "2 running calls · 1 with warnings",
            "Harbor line 1",
            "On air · 1:24 · Nora Fields, Customer",
            "Negative (−0.62)",
            "2 warnings: Customer turned negative",
            "Customer: and nobody called me back",
            "nobody has spoken yet",
            "browser's microphone",
        ):
            assert part in shown, part

    def test_a_file_played_as_live_is_called_as_its_call_will_be(self, desk, open_page):
        file = {"name": "a_AGENT_b.wav", "source": LiveSource.RECORDING}
        known = CallDetails(agent_name="Nora", customer_ref="C-7")
        desk.calls = [running(**file, details=known), running("c2", **file)]
        shown = as_read(open_page("supervisor"))
        assert "**Nora with C-7**" in shown
        assert "AGENT" in shown

    @pytest.mark.parametrize("score", [None, 0.0, -0.0, -0.004, 0.03])
    def test_a_score_that_says_nothing_is_not_shown(self, desk, open_page, score):
        neutral = replace(GLANCE, sentiment=SentimentLabel.NEUTRAL, score=score)
        desk.calls = [running(glance=neutral)]
        shown = as_read(open_page("supervisor"))
        assert "Neutral" in shown
        assert "Neutral (" not in shown

    @pytest.mark.parametrize(
        ("state", "words"),
        [
            (LiveState.PAUSED, "Paused"),
            (LiveState.AWAY, "No sound arrives"),
            (LiveState.FINISHING, "Finishing"),
            (LiveState.INTERRUPTED, "Broken off"),
        ],
    )
    def test_says_where_a_call_stands(self, desk, open_page, state, words):
        desk.calls = [running(state=state)]
        assert words in texts(open_page("supervisor"))

    def test_a_call_that_is_finishing_cannot_be_ended(self, desk, open_page):
        desk.calls = [running(state=LiveState.FINISHING)]
        assert not [label for label in labels(open_page("supervisor")) if "End call" in label]

    def test_texts_of_calls_are_shown_as_they_are(self, desk, open_page):
        glance = LiveGlance(speakers=(HOSTILE,), last_line=HOSTILE, last_speaker=HOSTILE)
        desk.calls = [running(name=HOSTILE, glance=glance)]
        page = open_page("supervisor")
        assert "[link](http://evil.test)" not in texts(page)
        assert "**bold**" not in texts(page)

    def test_trouble_is_one_sentence(self, desk, open_page):
        desk.refused = StorageError()
        page = open_page("supervisor")
        assert page.error[0].value == StorageError().user_message


class TestEndedCalls:
    def test_move_to_calls_with_a_link(self, desk, staged, open_page):
        stored = staged.add_ready()
        desk.calls = [running(stored.id, "Harbor line 1"), running("gone", "Too short")]
        page = open_page("supervisor")
        desk.calls = []
        page.run()
        assert "**Harbor line 1** has ended and moved to Calls" in as_read(page)
        assert "Too short" not in as_read(page)
        page.button(key=f"moved_open_{stored.id}").click().run()
        assert page.session_state["open_call"] == stored.id


class TestEndingACall:
    def test_asks_first(self, desk, open_page):
        desk.calls = [running()]
        page = open_page("supervisor")
        page.button(key="running_stop_c1").click().run()
        assert not desk.stopped
        assert "End **Harbor line 1** now?" in texts(page)
        page.button(key="stop_yes").click().run()
        assert desk.stopped == ["c1"]

    def test_leaves_it_when_that_was_a_mistake(self, desk, open_page):
        desk.calls = [running()]
        page = open_page("supervisor")
        page.button(key="running_stop_c1").click().run()
        page.button(key="stop_no").click().run()
        assert not desk.stopped

    def test_is_not_offered_to_who_may_not(self, desk, open_page, monkeypatch):
        viewer = User(id="v", name="V", org_id="local", role=Role.VIEWER)
        monkeypatch.setattr(session, "current_user", lambda: viewer)
        desk.calls = [running()]
        page = open_page("supervisor")
        assert not [label for label in labels(page) if "End call" in label]
        assert [label for label in labels(page) if "Read along" in label]


class TestReadingAlong:
    @pytest.fixture
    def orders(self, monkeypatch):
        drawn = []
        monkeypatch.setattr(live_view, "_mount", lambda **given: drawn.append(given) or {})
        return drawn

    def test_opens_the_live_view_for_reading_only(self, desk, open_page, orders):
        desk.calls = [running()]
        page = open_page("supervisor")
        page.button(key="running_read_c1").click().run()
        assert page.query_params["live"] in ("c1", ["c1"])
        (order,) = [one["data"] for one in orders][-1:]
        assert order["call"] == "c1"
        assert "/-/live/events/c1?token=" in order["events_url"]
        assert (order["can_stop"], order["can_summarise"], order["languages"]) == (False, False, [])
        press(page, "All running calls")
        assert "live" not in page.query_params
        assert "1 running call" in texts(page)

    def test_ends_the_call_from_there(self, desk, open_page, orders):
        desk.calls = [running()]
        page = open_page("supervisor")
        page.query_params["live"] = "c1"
        page.run()
        page.button(key="followed_stop").click().run()
        page.button(key="stop_yes").click().run()
        assert desk.stopped == ["c1"]

    def test_a_call_that_has_landed_is_among_the_calls(self, desk, staged, open_page, orders):
        stored = staged.add_ready()
        page = open_page("supervisor")
        page.query_params["live"] = stored.id
        page.run()
        assert "has ended and moved to Calls" in texts(page)
        press(page, "Open call")
        assert page.session_state["open_call"] == stored.id

    def test_a_call_that_left_nothing_is_gone(self, desk, open_page, orders):
        page = open_page("supervisor")
        page.query_params["live"] = "nothing"
        page.run()
        assert "doesn't run any more" in texts(page)

    def test_a_call_of_another_process_says_so(self, desk, open_page, orders):
        desk.calls = [running(process="elsewhere")]
        page = open_page("supervisor")
        page.query_params["live"] = "c1"
        page.run()
        assert "Another process" in texts(page)
        assert not orders


class TestPhoneCalls:
    @pytest.fixture
    def orders(self, monkeypatch):
        drawn = []
        monkeypatch.setattr(live_view, "_mount", lambda **given: drawn.append(given) or {})
        return drawn

    @pytest.fixture
    def phone(self, desk, staged):
        desk.calls = [running("c0"), on_the_phone()]
        wish = PhoneWish(locales=("en-US",))
        staged.phone.standings["c1"] = PhoneStanding(wish=wish, is_transcribed=True)
        return staged.phone

    def test_stand_beside_the_others_with_their_service_and_ids(self, phone, open_page):
        page = open_page("supervisor")
        assert "2 running calls" in as_read(page)
        assert [e.label for e in page.expander] == [
            "Azure Communication Services, called from here"
        ]
        assert [c.value for c in page.code] == ["connection-1", "correlation-1"]

    def test_before_the_first_word_it_says_where_it_comes_from(self, phone, desk, open_page):
        desk.calls = [on_the_phone(glance=LiveGlance())]
        said = as_read(open_page("supervisor"))
        assert "From a telephone (Azure Communication Services, called from here)." in said

    @pytest.mark.parametrize(
        ("state", "words"),
        [
            (LiveState.PAUSED, "Not transcribed at present"),
            (LiveState.AWAY, "Nothing arrives"),
            (LiveState.FINISHING, "Finishing"),
        ],
    )
    def test_says_where_it_stands(self, phone, desk, open_page, state, words):
        desk.calls = [on_the_phone(state=state)]
        assert words in texts(open_page("supervisor"))

    def test_until_somebody_picks_up_it_is_not_on_air(self, phone, desk, open_page):
        desk.calls = [on_the_phone(received_ms=0, glance=LiveGlance())]
        shown = texts(open_page("supervisor"))
        assert "Nothing heard yet" in shown
        assert "On air" not in shown

    def test_hanging_up_is_asked_about(self, phone, desk, open_page):
        page = open_page("supervisor")
        page.button(key="running_stop_c1").click().run()
        page.radio(key="hang_up_how").set_value("End it for everyone")
        page.button(key="hang_up_yes").click().run()
        assert phone.asked == [("hang up", "c1", True)]
        assert not desk.stopped

    def test_others_are_ended_as_ever(self, phone, desk, open_page):
        page = open_page("supervisor")
        page.button(key="running_stop_c0").click().run()
        page.button(key="stop_yes").click().run()
        assert (desk.stopped, phone.asked) == (["c0"], [])

    def test_are_told_what_to_do_by_who_reads_along(self, phone, desk, open_page, orders):
        page = open_page("supervisor")
        page.button(key="running_read_c1").click().run()
        assert not [b for b in page.button if b.key == "followed_stop"]
        page.selectbox(key="phone_c1_locale").set_value("de-DE").run()
        press(page, "Change language")
        press(page, "Service's summary so far")
        press(page, "Stop transcription")
        assert desk.spoken == [("c1", "de-DE")]
        assert phone.asked == [("summary", "c1"), ("stop", "c1")]
        press(page, "Hang up")
        page.button(key="hang_up_yes").click().run()
        assert phone.asked[-1] == ("hang up", "c1", False)

    def test_are_left_alone_by_who_may_only_read(self, phone, open_page, orders, monkeypatch):
        viewer = User(id="v", name="V", org_id="local", role=Role.VIEWER)
        monkeypatch.setattr(session, "current_user", lambda: viewer)
        page = open_page("supervisor")
        page.button(key="running_read_c1").click().run()
        assert not [b for b in page.button if b.label in {"Hang up", "Stop transcription"}]
        assert page.code


class TestAlerts:
    def test_says_that_nobody_is_alerted(self, desk, open_page):
        assert "Nobody is alerted elsewhere" in texts(open_page("supervisor"))

    def test_says_how_and_of_what(self, desk, staged, open_page):
        staged.alerts.ways = [Delivery(channel="webhook", delivered=2), Delivery(channel="e-mail")]
        shown = texts(open_page("supervisor"))
        assert "by webhook and e-mail (customer turned negative, a rule applies)" in shown
        assert "2 alerts sent" in shown

    def test_says_what_was_not_delivered(self, desk, staged, open_page):
        problem = AlertUnreachable("It answered with status 503.").user_message
        staged.alerts.ways = [Delivery(channel="webhook", failed=1, problem=problem)]
        (warning,) = open_page("supervisor").warning
        assert "by webhook was not delivered" in warning.value
        assert "status 503" in warning.value
