"""Transcripts that the service took on without anybody seeing its answer."""

import threading
import time

import pytest

from emulators.assemblyai.http import AssemblyAIEmulator
from emulators.assemblyai.http_requests import Failure, Place
from services.domain.calls import ProcessingOptions
from services.domain.errors import Cancelled, ProviderUnavailable
from services.domain.running import RunContext
from services.providers.assemblyai import service as asked
from services.providers.assemblyai import unanswered
from services.providers.assemblyai.unanswered import Unanswered
from tests.unit.providers.assemblyai.sounds import provider, recording

OPTIONS = ProcessingOptions(language="en")
TAKEN_IN_SILENCE = {Place.CREATE: [Failure.LATE_DROP], Place.LIST: [Failure.FAULT] * 2}


def leave(emulator, context):
    """Ask for a transcript of which the answer gets lost, while the list can't be had either."""
    with pytest.raises(ProviderUnavailable):
        provider(emulator).transcribe(recording(3), OPTIONS, context, sleep=lambda _: None)
    return list(emulator.jobs.values())


def delete(emulator, reference):
    """Delete a copy as installations do: again, while the service still works on it."""
    deadline = time.monotonic() + 30
    while True:
        try:
            provider(emulator).delete_copy(reference)
        except ProviderUnavailable:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


def test_what_nobody_saw_begin_is_noted_and_can_be_deleted():
    noted = []
    with AssemblyAIEmulator(failures=TAKEN_IN_SILENCE) as emulator:
        (job,) = leave(emulator, RunContext(note_copy=noted.append))
        (reference,) = set(noted)
        assert len(reference) <= 200
        assert "127.0.0.1" not in reference
        delete(emulator, reference)
        assert job.is_deleted
        assert not job.file.exists()


def test_a_run_that_is_cancelled_before_it_looks_has_noted_it():
    noted = []
    over = threading.Event()
    with AssemblyAIEmulator(failures={Place.CREATE: [Failure.LATE_DROP]}) as emulator:
        context = RunContext(note_copy=noted.append, is_cancelled=over.is_set)
        with pytest.raises(ProviderUnavailable):
            provider(emulator)._transcribe_impl(recording(3), OPTIONS, context)
        over.set()
        with pytest.raises(Cancelled):
            provider(emulator)._transcribe_impl(recording(3), OPTIONS, context)
        delete(emulator, noted[0])
        assert all(job.is_deleted for job in emulator.jobs.values())


def test_a_run_that_was_killed_while_it_asked_notes_it_before_it_looks():
    noted = []
    with AssemblyAIEmulator(failures={Place.LIST: [Failure.FAULT] * 3}) as emulator:
        kept = {"assemblyai.upload": b"http://x/upload/1", "assemblyai.asked": b"1700000000"}
        leave(emulator, RunContext(checkpoints=kept, note_copy=noted.append))
    assert set(noted) == {Unanswered.of("http://x/upload/1", 1_700_000_000).reference}


def test_what_may_still_come_is_not_given_up():
    now = int(time.time())
    with AssemblyAIEmulator() as emulator:
        with pytest.raises(ProviderUnavailable):
            provider(emulator).delete_copy(Unanswered.of("x", now).reference)
        settled = now - unanswered.SETTLED_AFTER_S - 1
        provider(emulator).delete_copy(Unanswered.of("x", settled).reference)
        assert emulator.count(Place.DELETE) == 0


def test_it_is_found_behind_any_number_of_newer_ones(monkeypatch):
    monkeypatch.setattr(asked, "MOST_LISTED", 3)
    url = "{}/upload/{}"
    with AssemblyAIEmulator() as emulator:
        for name in ["mine", *"abcdefg"]:
            emulator.create({"audio_url": url.format(emulator.base_url, name)})
        mine = Unanswered.of(url.format(emulator.base_url, "mine"), int(time.time()))
        deadline = time.monotonic() + 10
        while True:
            try:
                provider(emulator).delete_copy(mine.reference)
                break
            except ProviderUnavailable:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        assert [job.is_deleted for job in emulator.jobs.values()] == [True] + [False] * 7
        assert emulator.count(Place.LIST) >= 3


def test_what_is_older_than_the_request_is_not_looked_through(monkeypatch):
    monkeypatch.setattr(asked, "MOST_LISTED", 2)
    with AssemblyAIEmulator() as emulator:
        for name in "abcdefg":
            emulator.create({"audio_url": f"{emulator.base_url}/upload/{name}"})
        later = int(time.time()) + 3 * unanswered.SLACK_S
        with pytest.raises(ProviderUnavailable):
            provider(emulator).delete_copy(Unanswered.of("x", later).reference)
        assert emulator.count(Place.LIST) == 1


@pytest.mark.parametrize("reference", ["abc", "unanswered-", "unanswered-x-y", "unanswered-1-ff"])
def test_references_of_the_services_own_are_none(reference):
    assert Unanswered.read(reference) is None
