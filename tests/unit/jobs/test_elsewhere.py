"""Runs at services elsewhere: their queues, who steps in, and what they keep."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from app.settings import Settings
from app.wiring import build_services
from services.domain.calls import CallState, ProcessingOptions, Run, SpeakerCount
from services.domain.errors import (
    InvalidRequest,
    PartylineError,
    ProviderBusy,
    ProviderRefusedKey,
    ProviderUnavailable,
    ProviderUnknown,
)
from services.domain.people import LOCAL_USER
from services.exports import ExportFormat
from services.jobs.copies import CopyDeleter
from services.jobs.liveness import WorkerPresence
from services.jobs.queue import JobQueue, JobState
from services.providers import base
from services.providers.capabilities import OptionKind, ProviderOption
from services.providers.registry import ProviderRegistry
from services.storage.database import open_engine
from tests.unit.jobs.conftest import WITHIN_S, HalvesLabeller, Installation, tone
from tests.unit.jobs.test_janitor import claim, janitor
from tests.variants import Service, variant

ORG = LOCAL_USER.org_id
AZURE = ProcessingOptions(provider="azure", redact=False)
AZURE_OR_HERE = replace(AZURE, fallback=("local",))
HERE = ProcessingOptions(provider="local", redact=False)
REDACTION = ProviderOption(
    name="redaction", title="", help="", kind=OptionKind.TOGGLE, default="no", redacts=True
)
FETCHED_LATER = ProviderOption(
    name="fetched", title="", help="", kind=OptionKind.TOGGLE, default="no", leaves_copy=True
)


class Elsewhere(Installation):
    """An installation that knows services elsewhere."""

    here: Service
    azure: Service
    assemblyai: Service

    def copies(self) -> CopyDeleter:
        return CopyDeleter(self.services.copies, self.services.providers)

    def process(self, options: ProcessingOptions, pitch_hz: float = 300.0) -> str:
        call_id = self.take_in(tone(pitch_hz=pitch_hz), options).call_id
        with self.working():
            self.ended(call_id)
        return call_id

    def runs(self, call_id: str) -> list[Run]:
        return self.services.runs.list_for_call(ORG, call_id)


@pytest.fixture
def at_once() -> int:
    return 2


@pytest.fixture
def installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labeller: HalvesLabeller, at_once: int
) -> Iterator[Elsewhere]:
    made = {
        name: variant(
            name,
            of=Service,
            keeps_copies=name == "assemblyai",
            options=(REDACTION, FETCHED_LATER) if name == "assemblyai" else (),
        )
        for name in ("local", "azure", "assemblyai")
    }
    registry = ProviderRegistry({name: lambda name=name: made[name] for name in made})
    monkeypatch.setattr(base, "FIRST_PAUSE_S", 0.0)
    monkeypatch.setattr("app.wiring.services.build_providers", lambda *_: registry)
    monkeypatch.setattr("app.wiring.worker.build_labeller", lambda _settings: labeller)
    settings = Settings(data_dir=tmp_path / "data", azure_at_once=at_once)
    built = Elsewhere(settings=settings, services=build_services(settings))
    built.here, built.azure, built.assemblyai = (  # type: ignore[assignment]
        made[name] for name in ("local", "azure", "assemblyai")
    )
    yield built
    built.services.close()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class TestFallback:
    def test_steps_in_and_the_call_says_so(self, installation: Elsewhere) -> None:
        installation.azure.fails = ProviderUnavailable
        call_id = installation.process(AZURE_OR_HERE)
        (run,) = installation.runs(call_id)
        assert (run.state, run.queue, run.moves) == (CallState.READY, "calls", 1)
        assert installation.azure.attempts == base.ATTEMPTS
        shown = installation.services.review.load(LOCAL_USER, call_id).transcript
        assert shown.provider == "local"
        said = "Azure Speech could not be reached; this machine transcribed the call instead."
        assert shown.stages["fallback"] == said
        made = installation.services.review.export(LOCAL_USER, call_id, ExportFormat.JSON)
        assert json.loads(made.content)["stages"]["fallback"] == said

    @pytest.mark.parametrize(("asked", "redacted"), [("yes", True), ("no", False)])
    def test_redacts_what_the_first_was_asked_to(
        self, installation: Elsewhere, asked: str, redacted: bool
    ) -> None:
        installation.assemblyai.fails = ProviderUnavailable
        call_id = installation.process(
            ProcessingOptions(
                provider="assemblyai",
                fallback=("azure",),
                redact=False,
                provider_options=(("redaction", asked),),
            )
        )
        shown = installation.services.review.load(LOCAL_USER, call_id).transcript
        assert (shown.provider, shown.redacted) == ("azure", redacted)

    def test_is_not_asked_after_a_refusal(self, installation: Elsewhere) -> None:
        installation.azure.fails = ProviderRefusedKey
        call_id = installation.process(AZURE_OR_HERE)
        progress = installation.progress(call_id)
        assert (progress.state, progress.retryable) == (CallState.FAILED, False)
        assert progress.error_message is not None
        assert progress.error_message.startswith("The speech service refused the key.")
        assert installation.azure.attempts == 1
        assert installation.here.attempts == 0

    def test_may_fail_too_and_a_retry_works(self, installation: Elsewhere) -> None:
        installation.azure.fails, installation.here.fails = ProviderUnavailable, ProviderBusy
        call_id = installation.process(AZURE_OR_HERE)
        progress = installation.progress(call_id)
        assert (progress.state, progress.retryable) == (CallState.FAILED, True)
        assert progress.error_message == (
            "The speech service is limiting requests; please retry later. "
            "Asked in turn: Azure Speech could not be reached, "
            "this machine was limiting requests."
        )
        installation.azure.fails = None
        run = installation.services.desk.retry(LOCAL_USER, call_id)
        assert run.queue == "calls-azure"
        with installation.working():
            assert installation.ended(call_id) is CallState.READY
        shown = installation.services.review.load(LOCAL_USER, call_id).transcript
        assert shown.provider == "azure"
        assert "fallback" not in shown.stages

    def test_goes_on_here_after_the_worker_was_stopped(self, installation: Elsewhere) -> None:
        installation.azure.fails = ProviderUnavailable
        installation.here.open.clear()
        call_id = installation.take_in(options=AZURE_OR_HERE).call_id
        with installation.working():
            until(lambda: installation.here.now == 1)
            installation.stopping.set()
        installation.stopping.clear()
        installation.here.open.set()
        installation.azure.fails = None
        with installation.working():
            assert installation.ended(call_id) is CallState.READY
        assert installation.azure.attempts == base.ATTEMPTS
        shown = installation.services.review.load(LOCAL_USER, call_id).transcript
        assert shown.stages["fallback"].startswith("Azure Speech could not be reached;")

    @pytest.mark.parametrize(
        ("options", "error"),
        [
            (replace(AZURE, fallback=("nobody",)), ProviderUnknown),
            (replace(AZURE, fallback=("azure",)), InvalidRequest),
            (replace(AZURE, provider_options=(("tone", "x"),)), InvalidRequest),
        ],
    )
    def test_that_can_not_be_is_refused_at_once(
        self, installation: Elsewhere, options: ProcessingOptions, error: type[PartylineError]
    ) -> None:
        with pytest.raises(error):
            installation.take_in(options=options)
        assert installation.services.calls.list(ORG) == []
        call_id = installation.process(AZURE)
        with pytest.raises(error):
            installation.services.desk.rerun(LOCAL_USER, call_id, options)


class TestQueues:
    def test_who_waits_for_a_service_keeps_nobody_else_waiting(
        self, installation: Elsewhere
    ) -> None:
        installation.azure.open.clear()
        there = [installation.take_in(tone(pitch_hz=300 + n), AZURE).call_id for n in range(4)]
        here = installation.take_in(tone(pitch_hz=500), HERE).call_id
        assert [installation.progress(c).waiting_ahead for c in there] == [0, 1, 2, 3]
        assert installation.progress(here).waiting_ahead == 0
        with installation.working():
            assert installation.ended(here) is CallState.READY
            until(lambda: installation.azure.now == 2)
            states = [installation.progress(c).state for c in there]
            assert states.count(CallState.WAITING) == 2
            installation.azure.open.set()
            assert [installation.ended(c) for c in there] == [CallState.READY] * 4
        assert installation.azure.most == 2

    def test_who_waits_for_this_machine_keeps_no_service_waiting(
        self, installation: Elsewhere
    ) -> None:
        installation.here.open.clear()
        here = [installation.take_in(tone(pitch_hz=300 + n), HERE).call_id for n in range(2)]
        there = installation.take_in(tone(pitch_hz=500), AZURE).call_id
        with installation.working():
            assert installation.ended(there) is CallState.READY
            installation.here.open.set()
            assert [installation.ended(c) for c in here] == [CallState.READY] * 2
        assert installation.here.most == 1

    def test_this_machine_recognises_one_at_a_time_whichever_queue_it_was_in(
        self, installation: Elsewhere
    ) -> None:
        installation.azure.fails = ProviderUnavailable
        installation.here.open.clear()
        calls = [installation.take_in(tone(pitch_hz=300), HERE).call_id]
        calls += [
            installation.take_in(tone(pitch_hz=400 + n), AZURE_OR_HERE).call_id for n in range(2)
        ]
        with installation.working():
            until(lambda: installation.azure.attempts == 2 * base.ATTEMPTS)
            until(lambda: installation.here.now == 1)
            cancelled = calls.pop()
            installation.services.desk.cancel(LOCAL_USER, cancelled)
            assert installation.ended(cancelled) is CallState.CANCELLED
            installation.here.open.set()
            assert [installation.ended(c) for c in calls] == [CallState.READY] * 2
        assert installation.here.most == 1

    def test_telling_speakers_apart_anew_waits_for_this_machine(
        self, installation: Elsewhere
    ) -> None:
        call_id = installation.process(AZURE)
        run = installation.services.desk.relabel(LOCAL_USER, call_id, SpeakerCount())
        assert run.queue == "calls"

    def test_a_dead_workers_job_goes_back_to_its_own_queue(self, installation: Elsewhere) -> None:
        job = claim(installation, "dead", AZURE)
        with WorkerPresence(installation.settings.workers_dir, "dead").hold():
            janitor(installation).look_after_jobs()
        assert installation.services.queue.running() == {job: "dead"}
        janitor(installation).look_after_jobs()
        assert installation.services.queue.states([job]) == {job: JobState.WAITING}
        assert queue_of(installation, job) == "calls-azure"
        with installation.working():
            assert installation.ended(job.removesuffix(".1")) is CallState.READY

    def test_jobs_that_waited_before_there_were_several_queues_still_run(
        self, installation: Elsewhere, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = JobQueue(open_engine(installation.settings.database_url))
        monkeypatch.setattr(installation.services.intake, "_queue", old)
        call_id = installation.take_in(options=AZURE).call_id
        old.close()
        assert queue_of(installation, f"{call_id}.1") == "calls"
        with installation.working():
            assert installation.ended(call_id) is CallState.READY

    def test_limits_follow_the_settings(self, installation: Elsewhere) -> None:
        installation.services.queue.set_up(at_once=3)
        with installation.services.engine.connect() as connection:
            rows = connection.execute(
                text("SELECT name, concurrency, worker_concurrency FROM queues ORDER BY name")
            ).all()
        assert [tuple(row) for row in rows] == [
            ("calls", None, 3),
            ("calls-assemblyai", 8, None),
            ("calls-azure", 2, None),
        ]


class TestCopies:
    KEPT = ProcessingOptions(provider="assemblyai", redact=False)

    def test_go_with_the_call(self, installation: Elsewhere) -> None:
        call_id = installation.process(self.KEPT)
        copies = installation.copies()
        assert copies.sweep() == 0
        installation.services.desk.delete(LOCAL_USER, call_id)
        assert copies.sweep() == 1
        assert installation.assemblyai.deleted == ["assemblyai-1"]
        assert copies.sweep() == 0

    @pytest.mark.parametrize("error", [ProviderRefusedKey, ProviderBusy])
    def test_are_tried_again_when_a_worker_starts(
        self, installation: Elsewhere, error: type[PartylineError]
    ) -> None:
        call_id = installation.process(self.KEPT)
        installation.services.desk.delete(LOCAL_USER, call_id)
        installation.assemblyai.deleting_fails = error
        copies = installation.copies()
        for _ in range(3):
            assert copies.sweep() == 0
        installation.assemblyai.deleting_fails = None
        assert copies.sweep() == 0
        assert installation.copies().sweep() == 1
        assert installation.assemblyai.deleted == ["assemblyai-1"]

    def test_of_words_that_were_taken_out_here_go_at_once(self, installation: Elsewhere) -> None:
        call_id = installation.process(replace(self.KEPT, redact=True))
        assert installation.services.review.load(LOCAL_USER, call_id).transcript.redacted
        assert installation.copies().sweep() == 1
        assert installation.assemblyai.deleted == ["assemblyai-1"]

    def test_hold_what_was_asked_for_to_be_fetched_later(self, installation: Elsewhere) -> None:
        asked = replace(self.KEPT, redact=True, provider_options=(("fetched", "yes"),))
        call_id = installation.process(asked)
        assert installation.copies().sweep() == 0
        installation.services.desk.delete(LOCAL_USER, call_id)
        assert installation.copies().sweep() == 1

    def test_of_failed_runs_go_at_once(self, installation: Elsewhere) -> None:
        installation.assemblyai.fails = ProviderUnavailable
        call_id = installation.process(self.KEPT)
        assert installation.progress(call_id).state is CallState.FAILED
        assert installation.copies().sweep() == base.ATTEMPTS
        assert installation.assemblyai.deleted == installation.assemblyai.copies

    def test_of_who_was_passed_over_go_at_once(self, installation: Elsewhere) -> None:
        installation.assemblyai.fails = ProviderUnavailable
        call_id = installation.process(replace(self.KEPT, fallback=("azure",)))
        assert installation.progress(call_id).state is CallState.READY
        assert installation.copies().sweep() == base.ATTEMPTS

    def test_of_cancelled_runs_go_at_once(self, installation: Elsewhere) -> None:
        installation.assemblyai.open.clear()
        call_id = installation.take_in(options=self.KEPT).call_id
        with installation.working():
            until(lambda: installation.assemblyai.now == 1)
            installation.services.desk.cancel(LOCAL_USER, call_id)
            assert installation.ended(call_id) is CallState.CANCELLED
        assert installation.copies().sweep() == 1

    def test_of_a_call_deleted_while_it_is_processed_go_too(self, installation: Elsewhere) -> None:
        installation.assemblyai.open.clear()
        call_id = installation.take_in(options=self.KEPT).call_id
        with installation.working():
            until(lambda: installation.assemblyai.now == 1)
            installation.services.desk.delete(LOCAL_USER, call_id)
            until(lambda: installation.assemblyai.now == 0)
        assert installation.copies().sweep() == 1

    def test_are_deleted_by_the_worker_itself(self, installation: Elsewhere) -> None:
        call_id = installation.process(self.KEPT)
        installation.services.desk.delete(LOCAL_USER, call_id)
        stop = threading.Event()
        tender = threading.Thread(target=installation.copies().keep_up, args=(stop,))
        tender.start()
        until(lambda: bool(installation.assemblyai.deleted))
        stop.set()
        tender.join(WITHIN_S)
        assert not tender.is_alive()


def queue_of(installation: Installation, job: str) -> str:
    with installation.services.engine.connect() as connection:
        query = text("SELECT queue_name FROM workflow_status WHERE workflow_uuid = :job")
        return str(connection.execute(query, {"job": job}).scalar_one())
