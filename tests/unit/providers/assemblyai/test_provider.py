"""Checking the key, and deleting what the service keeps."""

import pytest

from emulators.assemblyai.http import AssemblyAIEmulator
from emulators.assemblyai.http_requests import Failure, Place
from services.domain.calls import ProcessingOptions
from services.domain.errors import (
    InvalidRequest,
    ProviderNotConfigured,
    ProviderRefusedKey,
    ProviderUnavailable,
)
from services.domain.running import RunContext
from services.providers.assemblyai.access import AssemblyAIAccess
from services.providers.assemblyai.errors import failed_job, refusal
from services.providers.assemblyai.provider import AssemblyAIProvider
from tests.unit.providers.assemblyai.sounds import HURRY, KEY, provider, recording


def noted(emulator):
    references = []
    provider(emulator).transcribe(
        recording(2), ProcessingOptions(language="en"), RunContext(note_copy=references.append)
    )
    return references


def test_a_check_is_one_request_that_costs_nothing():
    with AssemblyAIEmulator(key=KEY) as emulator:
        provider(emulator).check()
        assert [(r.place, r.path) for r in emulator.requests] == [
            (Place.LIST, "/v2/transcript?limit=1")
        ]


def test_a_check_tells_what_a_call_would_meet():
    with AssemblyAIEmulator(key="another") as emulator:
        with pytest.raises(ProviderRefusedKey):
            provider(emulator).check()
        assert emulator.count() == 1
        address = provider(emulator)
    with pytest.raises(ProviderUnavailable):
        address.check()


def test_an_address_where_there_is_no_such_service_is_told_as_one():
    with AssemblyAIEmulator() as emulator:
        access = AssemblyAIAccess(key=KEY, base_url=f"{emulator.base_url}/elsewhere")
        made = AssemblyAIProvider(access, pace=HURRY)
        with pytest.raises(ProviderUnavailable):
            made.check()
        with pytest.raises(ProviderUnavailable):
            made.transcribe(recording(2), ProcessingOptions(), RunContext(), sleep=lambda _: None)


def test_without_a_key_nothing_is_asked():
    with AssemblyAIEmulator() as emulator:
        made = provider(emulator, key=None)
        assert made.readiness().missing == ("ASSEMBLYAI_API_KEY",)
        with pytest.raises(ProviderNotConfigured):
            made.check()
        with pytest.raises(ProviderNotConfigured):
            made.transcribe(recording(2), ProcessingOptions(), RunContext())
        assert emulator.count() == 0


def test_a_copy_is_deleted_with_its_sound():
    with AssemblyAIEmulator() as emulator:
        (reference,) = noted(emulator)
        job = emulator.jobs[reference]
        assert job.file.exists()
        provider(emulator).delete_copy(reference)
        assert job.is_deleted
        assert not job.file.exists()


def test_what_is_gone_already_counts_as_deleted():
    with AssemblyAIEmulator() as emulator:
        provider(emulator).delete_copy("0123-4567")
        emulator.fail(Place.DELETE, Failure.UNKNOWN)
        provider(emulator).delete_copy("0123-4567")
        assert emulator.count(Place.DELETE) == 2


def test_what_is_still_worked_on_is_deleted_later():
    with AssemblyAIEmulator(processing_s=30) as emulator:
        emulator.create({"audio_url": f"{emulator.base_url}/upload/x"})
        (reference,) = emulator.jobs
        with pytest.raises(ProviderUnavailable) as caught:
            provider(emulator).delete_copy(reference)
        assert caught.value.retryable


def test_a_refused_key_deletes_nothing():
    with AssemblyAIEmulator(key="another") as emulator, pytest.raises(ProviderRefusedKey):
        provider(emulator).delete_copy("0123")


@pytest.mark.parametrize("reference", ["", "../upload", "a/b", "a?b", "ä", "x" * 101])
def test_a_reference_can_be_nothing_but_one(reference):
    with AssemblyAIEmulator() as emulator:
        with pytest.raises(InvalidRequest):
            provider(emulator).delete_copy(reference)
        assert emulator.count() == 0


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (400, "ProviderRejected", False),
        (401, "ProviderRefusedKey", False),
        (402, "ProviderRejected", False),
        (403, "ProviderRefusedKey", False),
        (404, "CopyGone", False),
        (408, "ProviderTimeout", True),
        (413, "ProviderRejected", False),
        (422, "ProviderRejected", False),
        (429, "ProviderBusy", True),
        (500, "ProviderUnavailable", True),
        (503, "ProviderUnavailable", True),
        (504, "ProviderTimeout", True),
        (None, "ProviderUnavailable", True),
    ],
)
def test_statuses_are_errors_of_ours(status, code, retryable):
    error = refusal(status, "Nora Fields said sk-secret")
    assert (error.code, error.retryable) == (code, retryable)
    assert "Nora" not in str(error)


def test_what_it_fails_with_is_in_the_one_tree_of_errors():
    """Logs, rows and pages know the errors of the tree; a class of a provider's own is none."""
    words = ["no spoken audio", "Download error", "Transcoding failed", "anything"]
    raised = [refusal(status) for status in (*range(400, 600), None)]
    for error in [*raised, *map(failed_job, words)]:
        assert type(error).__module__ == "services.domain.errors"
