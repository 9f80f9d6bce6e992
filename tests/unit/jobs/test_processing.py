"""Runs from the queue to their end, in a worker in this process."""

import sqlite3
from dataclasses import replace

import pytest

from services.domain.calls import CallState, ProcessingOptions, Stage
from services.domain.errors import (
    GaveUp,
    NotFound,
    PartylineError,
    ProviderBusy,
    ProviderRefusedKey,
)
from services.domain.part import Part
from services.domain.people import LOCAL_USER
from services.jobs.processing import MAX_ATTEMPTS
from services.providers.base import SpeechProvider
from services.providers.scripted import ScriptedProvider
from services.storage.audio_vault import Rendition
from tests.unit.jobs.conftest import SCRIPTED, Installation, tone

ORG = LOCAL_USER.org_id


class FirstCallBreaks(ScriptedProvider):
    """Raises something for the first call it gets."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error: Exception | None = error

    def transcribe(self, *args: object, **options: object):  # type: ignore[no-untyped-def]
        error, self._error = self._error, None
        if error is not None:
            raise error
        return super().transcribe(*args, **options)  # type: ignore[arg-type]


class TestAGoodCall:
    def test_becomes_ready_with_everything(self, installation: Installation) -> None:
        call_id = installation.take_in().call_id
        with installation.working():
            assert installation.ended(call_id) is CallState.READY
        call = installation.services.calls.get(ORG, call_id)
        assert call.audio is not None
        assert call.audio.duration_ms == pytest.approx(25_000, abs=50)
        assert installation.services.vault.has(call_id, Rendition.PLAYBACK)
        (run,) = installation.services.runs.list_for_call(ORG, call_id)
        assert call.active_transcript_id == run.transcript_id
        assert set(run.stage_times_ms) == {s.value for s in Stage}
        progress = installation.progress(call_id)
        assert (progress.fraction, progress.left_ms) == (1.0, 0)
        shown = installation.services.review.load(LOCAL_USER, call_id)
        assert len(shown.transcript.utterances) == 7

    def test_leaves_only_ids_with_the_job_engine(self, installation: Installation) -> None:
        call_id = installation.take_in().call_id
        with installation.working():
            installation.ended(call_id)
        rows = job_engine_rows(installation)
        assert call_id in rows
        for word in ("call.wav", "morning", "bill", "Speaker", "agent"):
            assert word not in rows

    def test_is_processed_once_however_often_it_is_enqueued(
        self, installation: Installation
    ) -> None:
        call_id = installation.take_in().call_id
        services = installation.services
        run = services.runs.get(ORG, call_id, 1)
        for _ in range(3):
            with services.calls.transaction() as connection:
                services.queue.enqueue(connection, run)
        with installation.working():
            installation.ended(call_id)
        assert len(services.queue.states([run.workflow_id])) == 1
        assert services.runs.get(ORG, call_id, 1).attempts <= 1

    def test_ten_calls_end_in_the_order_they_came(self, installation: Installation) -> None:
        calls = [installation.take_in(tone(1.0, 200 + 20 * n)).call_id for n in range(10)]
        assert installation.progress(calls[-1]).waiting_ahead == 9
        with installation.working():
            assert {installation.ended(c) for c in calls} == {CallState.READY}
        services = installation.services
        ends = [services.runs.get(ORG, c, 1).finished_at for c in calls]
        assert ends == sorted(e for e in ends if e)


class TestFailures:
    @pytest.mark.parametrize(
        ("sound", "code"),
        [(b"just text, no sound " * 50, "NotAudio"), (tone(0.2), "TooShort")],
    )
    def test_bad_files_end_in_a_sentence_and_the_next_call_is_unaffected(
        self, installation: Installation, sound: bytes, code: str
    ) -> None:
        bad, good = installation.take_in(sound).call_id, installation.take_in().call_id
        with installation.working():
            assert installation.ended(bad) is CallState.FAILED
            assert installation.ended(good) is CallState.READY
        call = installation.services.calls.get(ORG, bad)
        assert call.error_code == code
        assert call.error_message
        assert not installation.services.vault.has(bad, Rendition.PLAYBACK)
        assert not installation.progress(bad).retryable

    @pytest.mark.parametrize("provider", [ScriptedProvider(fails_with=ProviderRefusedKey)])
    def test_a_providers_sentence_reaches_the_call(self, installation: Installation) -> None:
        call_id = installation.take_in().call_id
        with installation.working():
            assert installation.ended(call_id) is CallState.FAILED
        call = installation.services.calls.get(ORG, call_id)
        assert call.error_message == ProviderRefusedKey().user_message

    @pytest.mark.parametrize(
        "provider",
        [FirstCallBreaks(RuntimeError("what the customer said")), FirstCallBreaks(ProviderBusy())],
    )
    def test_faults_end_one_run_and_can_be_retried(self, installation: Installation) -> None:
        broken, good = installation.take_in().call_id, installation.take_in(tone(2.0)).call_id
        with installation.working():
            assert installation.ended(broken) is CallState.FAILED
            assert installation.ended(good) is CallState.READY
            progress = installation.progress(broken)
            assert progress.retryable
            assert "customer said" not in (progress.error_message or "")
            run = installation.services.desk.retry(LOCAL_USER, broken)
            assert run.number == 2
            assert installation.ended(broken) is CallState.READY
        assert "customer said" not in job_engine_rows(installation)

    def test_a_call_that_keeps_killing_its_worker_is_given_up(
        self, installation: Installation
    ) -> None:
        call_id = installation.take_in().call_id
        for _ in range(MAX_ATTEMPTS):
            installation.services.runs.count_attempt(call_id, 1)
        with installation.working():
            assert installation.ended(call_id) is CallState.FAILED
            call = installation.services.calls.get(ORG, call_id)
            assert call.error_code == "GaveUp"
            assert call.error_message == GaveUp().user_message
            installation.services.desk.retry(LOCAL_USER, call_id)
            assert installation.ended(call_id) is CallState.READY

    def test_an_unknown_provider_is_refused_before_there_is_a_call(
        self, installation: Installation
    ) -> None:
        with pytest.raises(PartylineError):
            installation.take_in(options=ProcessingOptions(provider="nobody"))
        assert not installation.services.calls.list(ORG)


class TestResuming:
    def test_a_stopping_worker_begins_nothing(self, installation: Installation) -> None:
        call_id = installation.take_in().call_id
        installation.stopping.set()
        with installation.working():
            pass
        assert installation.services.runs.get(ORG, call_id, 1).attempts == 0
        installation.stopping.clear()
        with installation.working():
            assert installation.ended(call_id) is CallState.READY

    def test_a_stopped_worker_leaves_the_run_for_the_next(
        self, installation: Installation, provider: ScriptedProvider
    ) -> None:
        counted: list[float] = []

        def stop_after_three(seconds: float) -> None:
            counted.append(seconds)
            if len(counted) == 3:
                installation.stopping.set()

        provider._sleep = stop_after_three
        call_id = installation.take_in(tone(60)).call_id
        with installation.working():
            installation.wait(call_id, lambda p: installation.stopping.is_set())
        assert installation.progress(call_id).state is CallState.PROCESSING
        assert installation.services.runs.get(ORG, call_id, 1).attempts == 0
        provider._sleep = counted.append
        installation.stopping.clear()
        with installation.working():
            assert installation.ended(call_id) is CallState.READY
        windows = 6 + 6
        assert len(counted) == windows


class TestCancelling:
    def test_a_waiting_run_ends_at_once(self, installation: Installation) -> None:
        call_id = installation.take_in().call_id
        installation.services.desk.cancel(LOCAL_USER, call_id)
        assert installation.progress(call_id).state is CallState.CANCELLED
        with installation.working():
            other = installation.take_in(tone(2.0)).call_id
            assert installation.ended(other) is CallState.READY
        assert installation.progress(call_id).state is CallState.CANCELLED

    @pytest.mark.parametrize("provider", [ScriptedProvider(pause_ms=100)])
    def test_a_running_one_ends_at_its_next_window(
        self, installation: Installation, provider: SpeechProvider
    ) -> None:
        call_id = installation.take_in(tone(300)).call_id
        with installation.working():
            installation.reached(call_id, Stage.RECOGNISE)
            installation.services.desk.cancel(LOCAL_USER, call_id)
            assert installation.ended(call_id) is CallState.CANCELLED
            with sqlite3.connect(database_file(installation)) as rows:
                (kept,) = rows.execute("SELECT count(*) FROM run_checkpoints").fetchone()
            rows.close()
            assert kept == 0
            with pytest.raises(NotFound):
                installation.services.desk.cancel(LOCAL_USER, "unknown")

    @pytest.mark.parametrize("provider", [ScriptedProvider(pause_ms=100)])
    def test_a_call_deleted_while_it_runs_is_gone(
        self, installation: Installation, provider: SpeechProvider
    ) -> None:
        doomed = installation.take_in(tone(300)).call_id
        with installation.working():
            installation.reached(doomed, Stage.RECOGNISE)
            installation.services.desk.delete(LOCAL_USER, doomed)
            other = installation.take_in(tone(2.0)).call_id
            assert installation.ended(other) is CallState.READY
        services = installation.services
        assert [row.call.id for row in services.calls.list(ORG)] == [other]
        assert {call_id for call_id, _ in services.vault.stored_calls()} == {other}
        assert doomed not in job_engine_rows(installation)


class TestWords:
    def test_the_organisations_words_reach_every_run_behind_its_own(
        self, installation: Installation, provider: SpeechProvider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[ProcessingOptions] = []
        transcribe = provider.transcribe

        def listen(recording, options, context):  # type: ignore[no-untyped-def]
            told.append(options)
            return transcribe(recording, options, context)

        monkeypatch.setattr(provider, "transcribe", listen)
        words = installation.services.vocabulary
        words.add(LOCAL_USER, ["CPAP", "AcmeTel"])
        words.spell(LOCAL_USER, [("bill", "invoice")])
        call_id = installation.take_in(
            options=replace(SCRIPTED, vocabulary=("Nora", "acmetel"), keep_fillers=False)
        ).call_id
        with installation.working():
            assert installation.ended(call_id) is CallState.READY
        assert [options.vocabulary for options in told] == [("Nora", "acmetel", "CPAP")]
        transcript = installation.services.review.load(LOCAL_USER, call_id).transcript
        assert "my last invoice is" in transcript.utterances[1].text
        assert transcript.stages["vocabulary"] == "3 words"
        assert transcript.stages["spelling"] == "1 pair"
        assert transcript.without_fillers
        assert "Nora" not in repr(transcript.stages)
        # The run remembers what was asked for, not what the organisation wanted that day.
        (run,) = installation.services.runs.list_for_call(ORG, call_id)
        assert run.options.vocabulary == ("Nora", "acmetel")

    def test_only_a_part_is_transcribed_and_all_of_it_can_be_played(
        self, installation: Installation
    ) -> None:
        options = replace(SCRIPTED, start_ms=10_500, end_ms=20_000)
        call_id = installation.take_in(options=options).call_id
        with installation.working():
            assert installation.ended(call_id) is CallState.READY
        shown = installation.services.review.load(LOCAL_USER, call_id)
        assert shown.transcript.part == Part(start_ms=10_500, end_ms=20_000)
        assert shown.transcript.utterances[0].start_ms == 10_500
        assert shown.transcript.utterances[-1].end_ms <= 20_000
        assert shown.analysis.metrics.duration_ms == 9_500
        assert shown.call.audio is not None
        assert shown.call.audio.duration_ms == shown.transcript.duration_ms == 25_000
        loudness = shown.transcript.loudness_dbfs["s1"]
        assert len(loudness) == 25
        assert loudness[5] is None
        assert loudness[11] is not None
        assert installation.services.vault.has(call_id, Rendition.PLAYBACK)

    def test_a_part_after_the_end_fails_in_a_sentence(self, installation: Installation) -> None:
        call_id = installation.take_in(options=replace(SCRIPTED, start_ms=60_000)).call_id
        with installation.working():
            assert installation.ended(call_id) is CallState.FAILED
        message = installation.progress(call_id).error_message
        assert message is not None
        assert "starts after the end of the recording" in message


def test_other_options_make_another_transcript(installation: Installation) -> None:
    call_id = installation.take_in().call_id
    with installation.working():
        installation.ended(call_id)
        german = ProcessingOptions(provider="scripted", language="de", redact=False)
        installation.services.desk.rerun(LOCAL_USER, call_id, german)
        with pytest.raises(PartylineError, match="already"):
            installation.services.desk.rerun(LOCAL_USER, call_id, SCRIPTED)
        installation.wait(call_id, lambda p: p.run == 2 and p.state is CallState.READY)
    runs = installation.services.runs.list_for_call(ORG, call_id)
    assert len({run.transcript_id for run in runs}) == 2
    shown = installation.services.review.load(LOCAL_USER, call_id)
    assert shown.transcript.language == "de"


def test_edits_are_carried_over_to_the_next_transcript(installation: Installation) -> None:
    review = installation.services.review
    call_id = installation.take_in().call_id
    with installation.working():
        installation.ended(call_id)
        review.rename(LOCAL_USER, call_id, "s1", "Nora")
        review.correct(LOCAL_USER, call_id, "u1", "Something else was said.")
        review.comment(LOCAL_USER, call_id, "u2", "Listen to this.")
        before = review.load(LOCAL_USER, call_id)
        installation.services.desk.rerun(LOCAL_USER, call_id, SCRIPTED)
        installation.wait(call_id, lambda p: p.run == 2 and p.state is CallState.READY)
    after = review.load(LOCAL_USER, call_id)
    assert after.transcript.id != before.transcript.id
    assert after.edits.transcript_id == after.transcript.id
    assert [s.label for s in after.transcript.speakers] == [
        s.label for s in before.transcript.speakers
    ]
    assert after.transcript.utterances[0].text == "Something else was said."
    assert [c.text for c in after.edits.comments] == ["Listen to this."]
    review.rename(LOCAL_USER, call_id, "s2", "Somebody")


def test_a_redacted_run_takes_personal_data_out_of_earlier_edits(
    installation: Installation,
) -> None:
    services = installation.services
    call_id = installation.take_in().call_id
    with installation.working():
        installation.ended(call_id)
        first, second = services.review.load(LOCAL_USER, call_id).transcript.utterances[:2]
        services.review.correct(LOCAL_USER, call_id, first.id, "And the security code?")
        services.review.correct(LOCAL_USER, call_id, second.id, "one two nine")
        services.review.comment(LOCAL_USER, call_id, second.id, "one two nine, I heard")
        redacted = ProcessingOptions(provider="scripted", redact=True)
        services.desk.rerun(LOCAL_USER, call_id, redacted)
        installation.wait(call_id, lambda p: p.run == 2 and p.state is CallState.READY)
    edits = services.transcripts.edits(ORG, call_id)
    assert [c.text for c in edits.corrections] == ["And the security code?", "[CVV]"]
    assert [c.text for c in edits.comments] == ["[CVV], I heard"]


def database_file(installation: Installation) -> str:
    return str(installation.settings.data_dir / "partyline.db")


def job_engine_rows(installation: Installation) -> str:
    """Return everything the job engine's tables hold."""
    tables = ("workflow_status", "operation_outputs", "workflow_events", "queues")
    connection = sqlite3.connect(database_file(installation))
    try:
        return "\n".join(
            str(row) for table in tables for row in connection.execute(f"SELECT * FROM {table}")
        )
    finally:
        connection.close()
