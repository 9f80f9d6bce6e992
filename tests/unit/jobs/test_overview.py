"""Queues that are paused, calls that failed, jobs of earlier versions, limits of organisations."""

import time
from dataclasses import replace

import pytest

from services.domain.calls import CallDetails, CallState, Priority
from services.domain.errors import AccessDenied, DiskFull, InvalidRequest, NotFound
from services.domain.people import LOCAL_USER, Role
from services.jobs.overview import Retried
from services.jobs.queue import JobState
from services.jobs.switches import QueueSwitches
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

    def test_stays_paused_while_a_worker_starts(
        self, installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        services, seen = installation.services, []

        def follow(_: QueueSwitches) -> None:
            queue = services.queue._client.retrieve_queue("calls")
            seen.append(queue and queue.worker_concurrency)

        services.switches.set_up(at_once=2)
        services.jobs.pause(LOCAL_USER, "calls")
        with monkeypatch.context() as patched:
            patched.setattr(QueueSwitches, "follow", follow)
            services.switches.set_up(at_once=3)
        assert seen == [0]
        services.jobs.resume(LOCAL_USER, "calls")
        queue = services.queue._client.retrieve_queue("calls")
        assert queue is not None
        assert queue.worker_concurrency == 3

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

    def test_all_are_retried_however_many_are_shown(self, installation: Installation) -> None:
        services = installation.services
        failed = []
        for n in range(3):
            with services.intake.begin(LOCAL_USER, "call.wav") as incoming:
                incoming.write(tone(1, 300 + n))
                call = incoming.commit(SCRIPTED, CallDetails(), priority=Priority.BULK)
            services.queue.withdraw([f"{call.call_id}.1"])
            services.runs.fail(call.call_id, 1, DiskFull())
            failed.append(call.call_id)
        assert len(services.jobs.failed(LOCAL_USER, limit=1)[0]) == 1
        assert services.jobs.retry_all(STRANGER).count == 0
        assert services.jobs.retry_all(LOCAL_USER) == Retried(count=3, refused={})
        again = [services.runs.get(LOCAL_USER.org_id, call_id, 2) for call_id in failed]
        assert {run.priority for run in again} == {Priority.BULK}

    def test_what_is_finished_is_not_retried(self, installation: Installation) -> None:
        call_id = installation.take_in().call_id
        installation.services.runs.finish(call_id, 1, "t1")
        retried = installation.services.jobs.retry(LOCAL_USER, [call_id])
        assert (retried.count, set(retried.refused)) == (0, {call_id})
        assert "nothing to retry" in retried.refused[call_id]
        assert len(installation.services.runs.list_for_call(LOCAL_USER.org_id, call_id)) == 1


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
