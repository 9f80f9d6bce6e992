"""The Jobs page: how queues and workers stand, and what is done about them and about failures."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from app import session
from services.domain.errors import AccessDenied, NotReady, StorageError
from services.domain.people import Role
from services.domain.working import SeenWorker, WorkerFacts, WorkerState
from services.jobs.overview import QueueView, Retried, WorkerView
from services.storage.run_overview import FailedRun
from tests.pages.conftest import as_read, press, texts

HOSTILE = "<b>x</b> [link](http://evil.test) **bold**"


def queue(name="calls", **facts):
    usual = {"waiting": 0, "running": 0, "oldest_at": None, "paused_ms": None}
    return QueueView(name=name, **(usual | facts))


def worker(worker_id="w1", state=WorkerState.IDLE, running=0):
    facts = WorkerFacts(
        id=worker_id,
        token="t",
        host="host-7",
        pid=42,
        version="1",
        queues=("calls",),
        jobs_at_once=2,
    )
    seen = SeenWorker(facts=facts, since_ms=180_000, silent_ms=1_400, draining=False)
    return WorkerView(worker=seen, state=state, running=running)


def failed(call_id="c1", name="one.wav", reason="The disk is full."):
    return FailedRun(
        call_id=call_id,
        run=1,
        name=name,
        provider="azure",
        reason=reason,
        error_code="DiskFull",
        retryable=True,
        failed_at=datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
    )


@dataclass
class StagedJobs:
    """Shows what the test puts in and notes what it is asked for."""

    shown_queues: list = field(default_factory=lambda: [queue()])
    shown_workers: list = field(default_factory=list)
    shown_failed: list = field(default_factory=list)
    count: int | None = None
    asked: list = field(default_factory=list)
    refused: dict = field(default_factory=dict)
    broken: bool = False

    def queues(self, user):
        if self.broken:
            raise StorageError
        return self.shown_queues

    def workers(self, user):
        if user.role is not Role.ADMIN:
            raise AccessDenied
        return self.shown_workers

    def failed(self, user, *, limit=50, offset=0):
        return self.shown_failed[:limit], self.count or len(self.shown_failed)

    def pause(self, user, name):
        self.asked.append(("pause", name))

    def resume(self, user, name):
        self.asked.append(("resume", name))

    def dismiss(self, user, call_ids):
        self.asked.append(("dismiss", call_ids))

    def retry_all(self, user):
        self.asked.append(("retry all",))
        return Retried(count=self.count or len(self.shown_failed), refused=self.refused)

    def retry(self, user, call_ids):
        self.asked.append(("retry", call_ids))
        refused = {c: self.refused[c] for c in call_ids if c in self.refused}
        return Retried(count=len(call_ids) - len(refused), refused=refused)


@pytest.fixture
def jobs(staged):
    staged.jobs = StagedJobs()
    return staged.jobs


def labels(page):
    return [button.label for button in page.button]


def test_says_that_nobody_works_and_nothing_failed(jobs, open_page):
    shown = texts(open_page("jobs"))
    assert "No worker runs" in shown
    assert "Nothing has failed" in shown


def test_shows_how_queues_and_workers_stand(jobs, open_page):
    since = datetime.now(UTC) - timedelta(hours=2, minutes=30, seconds=20)
    jobs.shown_queues = [
        queue(waiting=3, running=1, oldest_at=since),
        queue("calls-azure", paused_ms=60_000),
    ]
    jobs.shown_workers = [worker(), worker("w2", WorkerState.GONE, running=1)]
    shown = as_read(open_page("jobs"))
    for part in (
        "3 calls waiting · 1 in work",
        "The first has waited for 2 h 30 min",
        "Waiting for Azure Speech",
        "Paused for 1 min",
        "Waiting for calls",
        "1 call in work, at most 2 at once",
        "On host-7, process 42, for 3 min",
        "Last sign of life 1 s ago",
        "Gone; others take over",
    ):
        assert part in shown, part


def test_pauses_and_resumes(jobs, open_page):
    jobs.shown_queues = [queue(), queue("calls-azure", paused_ms=1)]
    press(press(open_page("jobs"), "Pause"), "Resume")
    assert jobs.asked == [("pause", "calls"), ("resume", "calls-azure")]


def test_retries_all_or_what_was_chosen_and_tells_what_was_refused(jobs, open_page):
    jobs.shown_failed = [failed(), failed("c2", HOSTILE, "Not audio.")]
    jobs.refused = {"c2": NotReady().user_message}
    page = open_page("jobs")
    shown = as_read(page)
    assert "2 calls failed" in shown
    assert "Failed on 2 Nov 2026, 09:30, processed by Azure Speech" in shown
    assert not [c.label for c in page.checkbox if "](http" in c.label]
    press(page, "Retry all")
    assert NotReady().user_message in page.toast[0].value
    page.checkbox[0].check().run()
    press(page, "Dismiss the 1 chosen")
    assert jobs.asked == [("retry all",), ("dismiss", ("c1",))]


def test_says_how_many_are_retried_that_are_not_shown(jobs, open_page):
    jobs.shown_failed, jobs.count = [failed(), failed("c2")], 70
    page = open_page("jobs")
    assert {"Retry all 70", "Dismiss the 2 shown"} <= set(labels(page))
    press(page, "Retry all 70")
    page.checkbox[0].check().run()
    press(page, "Retry the 1 chosen")
    assert jobs.asked == [("retry all",), ("retry", ("c1",))]


def test_who_may_only_read_sees_no_workers_and_no_switches(jobs, open_page, monkeypatch):
    jobs.shown_failed, jobs.shown_workers = [failed()], [worker()]
    viewer = replace(session.current_user(), role=Role.VIEWER)
    monkeypatch.setattr(session, "current_user", lambda: viewer)
    page = open_page("jobs")
    assert "host-7" not in texts(page)
    assert {"Pause", "Dismiss all"}.isdisjoint(labels(page))


def test_a_database_that_can_not_be_read_is_told(jobs, open_page):
    jobs.broken = True
    assert StorageError().user_message in texts(open_page("jobs"))
