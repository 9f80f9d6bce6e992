"""Queues that are paused, calls that failed, jobs of earlier versions, limits of organisations."""

import time
from dataclasses import replace

import pytest

from services.domain.calls import CallDetails, CallState, Priority
from services.domain.errors import AccessDenied, DiskFull, InvalidRequest, NotFound
from services.domain.people import LOCAL_USER, Role
from services.jobs.queue import JobState
from services.jobs.versions import OlderJobs
from tests.unit.jobs.conftest import SCRIPTED, Installation, tone

VIEWER = replace(LOCAL_USER, role=Role.VIEWER)
STRANGER = replace(LOCAL_USER, org_id="another")


def fail(installation: Installation) -> str:
    """Have a call that failed for want of space."""
    call_id = installation.take_in().call_id
    services = installation.services
    services.queue.withdraw([f"{call_id}.1"])
    services.runs.fail(call_id, 1, DiskFull())
    return call_id


class TestPausing:
    def test_a_paused_queue_waits_until_it_goes_on(self, installation: Installation) -> None:
        jobs = installation.services.jobs
        jobs.pause(LOCAL_USER, "calls")
        call_id = installation.take_in().call_id
        with installation.working():
            time.sleep(1.0)
            assert installation.progress(call_id).state is CallState.WAITING
            (queue, *_) = jobs.queues(LOCAL_USER)
            assert (queue.name, queue.waiting, queue.running) == ("calls", 1, 0)
            assert queue.paused_ms is not None
            assert queue.oldest_at is not None
            jobs.resume(LOCAL_USER, "calls")
            assert installation.ended(call_id) is CallState.READY
        (queue, *_) = jobs.queues(LOCAL_USER)
        assert (queue.waiting, queue.running, queue.paused_ms) == (0, 0, None)

    def test_only_who_runs_the_installation_pauses_what_is_there(
        self, installation: Installation
    ) -> None:
        jobs = installation.services.jobs
        for act in (jobs.pause, jobs.resume):
            with pytest.raises(AccessDenied):
                act(VIEWER, "calls")
            with pytest.raises(InvalidRequest, match="calls"):
                act(LOCAL_USER, "nobody's")
        with pytest.raises(AccessDenied):
            jobs.workers(VIEWER)


class TestFailed:
    def test_retried_or_dismissed(self, installation: Installation) -> None:
        jobs = installation.services.jobs
        first, second = fail(installation), installation.take_in(tone(2)).call_id
        ((run,), count) = jobs.failed(LOCAL_USER)
        assert (run.call_id, run.reason, count) == (first, DiskFull().user_message, 1)
        assert run.retryable
        assert jobs.failed(STRANGER) == ([], 0)
        assert jobs.dismiss(STRANGER, [first]) == 0
        with pytest.raises(AccessDenied):
            jobs.dismiss(VIEWER, [first])
        retried = jobs.retry(LOCAL_USER, [first, second, "nobody"])
        assert retried.count == 1
        assert retried.refused["nobody"] == NotFound().user_message
        assert set(retried.refused) == {second, "nobody"}
        assert jobs.failed(LOCAL_USER) == ([], 0)
        installation.services.runs.fail(first, 2, DiskFull())
        assert jobs.dismiss(LOCAL_USER, [first, second]) == 1
        assert jobs.failed(LOCAL_USER) == ([], 0)
        assert installation.progress(first).state is CallState.FAILED


class TestOlderJobs:
    @pytest.fixture
    def older(self, installation: Installation) -> OlderJobs:
        services = installation.services
        return OlderJobs(services.calls, services.runs, services.queue, services.workers)

    def test_a_run_gets_a_job_of_this_version(
        self, installation: Installation, older: OlderJobs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waits, cancelled = installation.take_in(), installation.take_in(tone(2))
        services = installation.services
        services.runs.request_cancel(LOCAL_USER.org_id, cancelled.call_id, 1)
        assert older.adopt() == 0
        for module in ("queue", "engine"):
            monkeypatch.setattr(f"services.jobs.{module}.JOBS_VERSION", "2")
        assert older.adopt() == 2
        assert older.adopt() == 0
        jobs = [f"{waits.call_id}.1", f"{waits.call_id}.1.1"]
        assert list(services.queue.states(jobs).values()) == [JobState.OVER, JobState.WAITING]
        assert installation.progress(cancelled.call_id).state is CallState.CANCELLED
        with installation.working():
            assert installation.ended(waits.call_id) is CallState.READY

    def test_jobs_without_an_organisation_get_one_where_that_is_asked(
        self, installation: Installation
    ) -> None:
        call_id = installation.take_in().call_id
        services = installation.services
        with services.calls.transaction() as connection:
            connection.exec_driver_sql("UPDATE workflow_status SET queue_partition_key = NULL")
        installation.settings = installation.settings.model_copy(update={"org_at_once": 1})
        with installation.working():
            assert installation.ended(call_id) is CallState.READY
        assert services.runs.get(LOCAL_USER.org_id, call_id, 1).moves == 1


class TestOrder:
    def test_live_calls_come_before_single_ones_and_those_before_many(
        self, installation: Installation
    ) -> None:
        services, taken = installation.services, {}
        for n, priority in enumerate((Priority.BULK, Priority.SINGLE, Priority.LIVE)):
            with services.intake.begin(LOCAL_USER, "call.wav") as incoming:
                incoming.write(tone(1, 300 + n))
                call = incoming.commit(SCRIPTED, CallDetails(), priority=priority)
            taken[priority] = call.call_id
        ahead = services.runs.progress(LOCAL_USER.org_id, list(taken.values()))
        assert {p: ahead[c].waiting_ahead for p, c in taken.items()} == {
            Priority.LIVE: 0,
            Priority.SINGLE: 1,
            Priority.BULK: 2,
        }
        with installation.working():
            for call_id in taken.values():
                assert installation.ended(call_id) is CallState.READY
        ended = {p: services.runs.get("local", c, 1).finished_at for p, c in taken.items()}
        assert sorted(taken, key=lambda p: ended[p]) == sorted(Priority)  # type: ignore[arg-type, return-value]
