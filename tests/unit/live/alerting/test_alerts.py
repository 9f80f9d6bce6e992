"""Alerts of live calls: signed, tried again where that helps, never in anybody's way."""

import hashlib
import hmac
import json
import socket
import threading
import time
from datetime import UTC, datetime
from email import message_from_string

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.errors import AlertRefused, AlertUnreachable
from services.domain.live_calls import LiveSource, LiveState, RunningCall
from services.domain.live_warnings import Alert, WarningKind
from services.live.alerting.alerts import MOST_ATTEMPTS, MOST_WAITING, LiveAlerts
from services.live.alerting.mail import Mail, MailAccess, addresses_in
from services.live.alerting.webhook import Webhook
from tests.threads import no_thread_left
from tests.unit.live.receivers import eventually, mail_taken, posts_taken

ALERT = Alert(
    call_id="c1",
    warning_id="negative-83000-s2",
    kind="negative",
    at_ms=91_000,
    rule=None,
    link="https://calls.example.com/supervisor?live=c1",
)
NOW = datetime(2026, 11, 27, tzinfo=UTC)
NAME = "Jane Miller 555 0134.wav"
CALL = RunningCall(
    id="c1", org_id="local", owner="local", name=NAME, source=LiveSource.BROWSER,
    state=LiveState.RECORDING, options=ProcessingOptions(), channels=1, began_at=NOW,
    heartbeat_at=NOW, process="p",
)  # fmt: skip
NEGATIVE = {
    "type": "warning", "id": "negative-83000-s2", "kind": "negative", "at_ms": 91_000,
    "start_ms": 83_000, "end_ms": 90_000, "speaker": "s2",
}  # fmt: skip
RULE = {
    "type": "warning", "id": "rule-cancel", "kind": "rule", "at_ms": 5_000, "alert": True,
    "rule": {"id": "cancel", "name": "Cancellation risk"},
}  # fmt: skip


class Kept:
    """A channel that keeps what it is given; raises what the test has put there first."""

    name = "kept"

    def __init__(self, *errors):
        self.errors, self.alerts, self.tries = list(errors), [], 0
        self.go_on = threading.Event()
        self.go_on.set()

    def send(self, alert):
        self.go_on.wait(10)
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        self.alerts.append(alert)


@pytest.fixture
def alerting():
    made = []

    def make(*channels, **more):
        alerts = LiveAlerts(
            channels, link=lambda call: f"https://x/supervisor?live={call}", first_pause_s=0.01,
            **more,
        )  # fmt: skip
        made.append(alerts)
        return alerts

    yield make
    for alerts in made:
        alerts.close()


class TestWhatIsAnAlert:
    def test_a_warning_of_a_chosen_kind_once(self, alerting):
        kept = Kept()
        alerts = alerting(kept)
        for event in (NEGATIVE, NEGATIVE, RULE, {**NEGATIVE, "id": "negative-99000-s2"}):
            alerts.told(CALL, event)
        eventually(lambda: len(kept.alerts) == 3)
        first, rule, _ = kept.alerts
        assert (first.kind, first.at_ms, first.rule) == ("negative", 91_000, None)
        assert first.link == "https://x/supervisor?live=c1"
        assert rule.rule == "Cancellation risk"

    def test_nothing_else(self, alerting):
        kept = Kept()
        alerts = alerting(kept)
        for event in (
            {**NEGATIVE, "type": "final", "text": "hello"},
            {**NEGATIVE, "kind": "silence"},
            {**RULE, "alert": False},
            {"type": "warning"},
            {},
        ):
            alerts.told(CALL, event)
        alerts.told(CALL, {**NEGATIVE, "taken_back": True})
        alerts.told(CALL, RULE)
        eventually(lambda: kept.alerts)
        assert [alert.kind for alert in kept.alerts] == ["rule"]

    def test_kinds_can_be_chosen(self, alerting):
        kept = Kept()
        alerts = alerting(kept, kinds=[WarningKind.SILENCE])
        alerts.told(CALL, NEGATIVE)
        alerts.told(CALL, {**NEGATIVE, "kind": "silence"})
        eventually(lambda: kept.alerts)
        assert [alert.kind for alert in kept.alerts] == ["silence"]

    def test_malformed_events_raise_nothing(self, alerting):
        alerts = alerting(Kept())
        for event in ({**NEGATIVE, "at_ms": "soon"}, {**RULE, "rule": "no"}, {**RULE, "id": []}):
            alerts.told(CALL, event)


class TestDelivery:
    def test_is_tried_again_where_that_can_help(self, alerting):
        kept = Kept(AlertUnreachable(), AlertUnreachable())
        alerts = alerting(kept)
        alerts.told(CALL, NEGATIVE)
        eventually(lambda: kept.alerts)
        eventually(lambda: alerts.deliveries()[0].delivered == 1)
        assert alerts.deliveries()[0].problem is None

    def test_is_not_tried_again_where_it_cannot(self, alerting):
        kept = Kept(AlertRefused())
        alerts = alerting(kept)
        alerts.told(CALL, NEGATIVE)
        eventually(lambda: alerts.deliveries()[0].failed == 1)
        assert kept.tries == 1
        assert alerts.deliveries()[0].problem == AlertRefused().user_message

    def test_is_given_up_after_a_few_times(self, alerting):
        kept = Kept(*[AlertUnreachable() for _ in range(MOST_ATTEMPTS)])
        alerts = alerting(kept)
        alerts.told(CALL, NEGATIVE)
        eventually(lambda: alerts.deliveries()[0].failed == 1)
        assert kept.tries == MOST_ATTEMPTS

    def test_never_holds_anybody_up_and_drops_what_is_too_much(self, alerting):
        kept = Kept()
        kept.go_on.clear()
        alerts = alerting(kept)
        began = time.monotonic()
        for number in range(MOST_WAITING + 10):
            alerts.told(CALL, {**NEGATIVE, "id": f"negative-{number}"})
        assert time.monotonic() - began < 2
        eventually(lambda: alerts.deliveries()[0].failed >= 9)
        kept.go_on.set()
        eventually(lambda: len(kept.alerts) >= MOST_WAITING)

    def test_a_channel_that_breaks_is_no_end_of_the_others(self, alerting):
        broken, kept = Kept(RuntimeError("secret words")), Kept()
        alerts = alerting(broken, kept)
        alerts.told(CALL, NEGATIVE)
        alerts.told(CALL, RULE)
        eventually(lambda: len(kept.alerts) == 2 and len(broken.alerts) == 1)
        eventually(lambda: alerts.deliveries()[0].delivered == 1)
        assert alerts.deliveries()[0].failed == 1

    def test_closing_leaves_no_thread_though_it_waits_to_try_again(self):
        with no_thread_left():
            kept = Kept(*[AlertUnreachable() for _ in range(MOST_ATTEMPTS)])
            alerts = LiveAlerts([kept], link=str, first_pause_s=60)
            alerts.told(CALL, NEGATIVE)
            eventually(lambda: kept.tries == 1)
            began = time.monotonic()
            alerts.close()
        assert time.monotonic() - began < 5
        alerts.told(CALL, RULE)
        assert kept.tries == 1


class TestWebhook:
    def test_posts_a_signed_document_without_words_of_the_call(self):
        with posts_taken() as server:
            Webhook(server.url, "s3cret", clock=lambda: 1_795_752_000.9).send(ALERT)
        ((headers, body),) = server.posts
        stamp = headers["Partyline-Timestamp"]
        assert stamp == "1795752000"
        expected = hmac.new(b"s3cret", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        assert headers["Partyline-Signature"] == f"sha256={expected}"
        assert json.loads(body) == {
            "type": "partyline.alert",
            "id": "c1/negative-83000-s2",
            "call": "c1",
            "kind": "negative",
            "at_ms": 91_000,
            "rule": None,
            "link": ALERT.link,
        }

    def test_without_a_secret_nothing_is_signed(self):
        with posts_taken() as server:
            Webhook(server.url).send(ALERT)
        assert "Partyline-Signature" not in server.posts[0][0]

    def test_goes_through_the_proxy_that_is_set(self, monkeypatch):
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with posts_taken() as proxy:
            monkeypatch.setenv("http_proxy", proxy.url)
            # A name that nobody knows: the proxy is the one to look it up.
            Webhook("http://alerts.invalid/").send(ALERT)
        assert proxy.posts[0][0]["Host"] == "alerts.invalid"

    @pytest.mark.parametrize("status", [500, 503, 429, 408])
    def test_out_of_order_can_be_tried_again(self, status):
        with posts_taken(status) as server, pytest.raises(AlertUnreachable):
            Webhook(server.url).send(ALERT)

    @pytest.mark.parametrize("status", [302, 400, 401, 404, 410])
    def test_a_no_is_a_no_and_nothing_is_followed(self, status):
        with posts_taken(status) as server, pytest.raises(AlertRefused):
            Webhook(server.url).send(ALERT)
        assert len(server.posts) == 1

    def test_no_answer_in_time_can_be_tried_again(self):
        with posts_taken("hangs") as server, pytest.raises(AlertUnreachable):
            Webhook(server.url, within_s=0.3).send(ALERT)

    def test_nobody_there_can_be_tried_again(self):
        with pytest.raises(AlertUnreachable):
            Webhook(f"http://127.0.0.1:{_free_port()}/").send(ALERT)

    def test_from_a_warning_to_the_receiver_through_a_failure(self, alerting):
        with posts_taken(500, "hangs", 503) as server:
            server.let_go.set()
            alerts = alerting(Webhook(server.url, "s3cret", within_s=2))
            alerts.told(CALL, RULE)
            eventually(lambda: alerts.deliveries()[0].delivered == 1)
        assert NAME not in str(server.posts)
        assert {json.loads(body)["rule"] for _, body in server.posts} == {"Cancellation risk"}


def access(server, **more):
    return MailAccess(host="127.0.0.1", port=server.port, encrypted=False, **more)


class TestMail:
    def test_writes_what_happens_and_where_to_look(self):
        with mail_taken() as server:
            Mail(access(server), ["a@example.com", "b@example.com"], within_s=5).send(ALERT)
        (sent,) = server.messages
        message = message_from_string(sent)
        assert message["Subject"] == "Partyline alert: a customer turns negative"
        assert message["To"] == "a@example.com, b@example.com"
        assert message["From"] == "a@example.com"
        assert message["Message-ID"] == "<c1.negative-83000-s2@partyline.invalid>"
        text = message.get_payload()
        assert "Time in the call: 1:31" in text
        assert ALERT.link in text
        recipients = [one for one in server.heard if one.upper().startswith("RCPT")]
        assert len(recipients) == 2

    def test_logs_in_where_a_user_is_set(self):
        with mail_taken(offers=["AUTH PLAIN"]) as server:
            Mail(access(server, user="u", password="p"), ["a@example.com"], within_s=5).send(ALERT)
        assert any(line.startswith("AUTH PLAIN") for line in server.heard)

    @pytest.mark.parametrize(
        ("word", "reply", "error"),
        [
            ("RCPT", "451 later", AlertUnreachable),
            ("RCPT", "550 nobody", AlertRefused),
            ("MAIL", "421 closing", AlertUnreachable),
            ("DATA", "554 no", AlertRefused),
        ],
    )
    def test_a_reply_says_whether_to_try_again(self, word, reply, error):
        with mail_taken(**{word: [reply]}) as server, pytest.raises(error) as raised:
            Mail(access(server), ["a@example.com"], within_s=5).send(ALERT)
        assert "nobody" not in raised.value.user_message

    def test_a_refused_password_is_a_no(self):
        with (
            mail_taken(offers=["AUTH PLAIN"], AUTH=["535 no"]) as server,
            pytest.raises(AlertRefused),
        ):
            Mail(access(server, user="u", password="p"), ["a@example.com"], within_s=5).send(ALERT)
        assert not server.messages

    def test_nobody_there_can_be_tried_again(self):
        nowhere = MailAccess(host="127.0.0.1", port=_free_port(), encrypted=False)
        with pytest.raises(AlertUnreachable):
            Mail(nowhere, ["a@example.com"], within_s=2).send(ALERT)

    def test_a_server_that_says_nothing_can_be_tried_again(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            nowhere = MailAccess(host="127.0.0.1", port=port, encrypted=False)
            with pytest.raises(AlertUnreachable):
                Mail(nowhere, ["a@example.com"], within_s=0.3).send(ALERT)

    def test_off_this_machine_nothing_goes_unencrypted(self, monkeypatch):
        monkeypatch.setattr("services.live.alerting.mail.is_this_machine", lambda host: False)
        with mail_taken() as server, pytest.raises(AlertRefused):
            Mail(access(server), ["a@example.com"], within_s=5).send(ALERT)
        assert not server.messages
        assert not any(line.upper().startswith("MAIL") for line in server.heard)


class TestMailAddresses:
    def test_a_server_is_read_from_its_address(self):
        assert MailAccess.read("smtp://me%40x.org:p%3Aw@mail.example.com") == MailAccess(
            host="mail.example.com", port=587, encrypted=False, user="me@x.org", password="p:w"
        )
        assert MailAccess.read("smtps://mail.example.com").port == 465
        assert MailAccess.read("smtp://mail.example.com:2525").port == 2525
        assert "p:w" not in repr(MailAccess.read("smtp://u:p%3Aw@mail.example.com"))

    @pytest.mark.parametrize(
        "url", ["http://x", "smtp://", "mail.example.com", "smtp://x/y", "smtp://x?y=1"]
    )
    def test_anything_else_is_none(self, url):
        with pytest.raises(ValueError, match="not the address"):
            MailAccess.read(url)

    def test_people_are_listed(self):
        assert addresses_in("a@x.org, B <b@x.org>") == ("a@x.org", "b@x.org")
        assert addresses_in("") == ()

    @pytest.mark.parametrize("text", ["a@x.org\nBcc: c@x.org", "nobody", "a@@x"])
    def test_what_is_no_address_is_refused(self, text):
        with pytest.raises(ValueError, match="not a list"):
            addresses_in(text)


def _free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
