"""Failures on the way: what the user reads, what is asked again, and that nothing is paid twice."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulators.assemblyai.http import AssemblyAIEmulator
from emulators.assemblyai.http_requests import Failure, Place
from services.domain.calls import ProcessingOptions, Stage
from services.domain.errors import (
    Cancelled,
    ProviderBusy,
    ProviderRefusedKey,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from services.domain.running import RunContext
from services.providers.assemblyai.recorded import Pace
from tests.threads import no_thread_left
from tests.unit.providers.assemblyai.sounds import HURRY, KEY, provider, recording

OPTIONS = ProcessingOptions(language="en")


def transcribe(emulator, context=None, recorded=None, **more):
    return provider(emulator, **more).transcribe(
        recorded or recording(6), OPTIONS, context or RunContext(), sleep=lambda _: None
    )


def counted(emulator):
    """Count requests but for looks, of which there are as many as it takes."""
    counts = emulator.counts()
    return {place.value: count for place, count in counts.items() if place is not Place.POLL}


def sockets_and_threads():
    return {t.ident for t in threading.enumerate()}


def test_one_of_each_request_is_enough():
    with AssemblyAIEmulator(key=KEY) as emulator:
        assert transcribe(emulator).utterances
        assert counted(emulator) == {"upload": 1, "create": 1}
        assert emulator.requests[0].size == 6 * 16_000 * 2 + 44


def test_many_calls_at_once_leave_nothing_behind():
    with AssemblyAIEmulator(processing_s=0.1) as emulator:
        made = provider(emulator)

        def one(_number):
            return made.transcribe(recording(3), OPTIONS, RunContext())

        with no_thread_left(), ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(one, range(16)))
        assert len({answer.id for answer in answers}) == 16
        assert all(answer.utterances for answer in answers)


@pytest.mark.parametrize("place", [Place.UPLOAD, Place.CREATE, Place.POLL])
@pytest.mark.parametrize("failure", [Failure.WRONG_KEY, Failure.FORBIDDEN])
def test_a_refused_key_ends_it_at_once(place, failure):
    with AssemblyAIEmulator(failures={place: [failure]}) as emulator:
        with pytest.raises(ProviderRefusedKey, match="refused the key"):
            transcribe(emulator)
        assert emulator.count(place) == 1


def test_a_wrong_key_costs_one_request():
    with AssemblyAIEmulator(key="another") as emulator:
        with pytest.raises(ProviderRefusedKey):
            transcribe(emulator)
        assert emulator.count() == 1


def test_a_rejected_request_is_not_made_again():
    with AssemblyAIEmulator(failures={Place.CREATE: [Failure.REJECTED]}) as emulator:
        with pytest.raises(ProviderRejected):
            transcribe(emulator)
        assert counted(emulator) == {"upload": 1, "create": 1}


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Failure.BUSY, ProviderBusy),
        (Failure.FAULT, ProviderUnavailable),
        (Failure.DROPPED, ProviderUnavailable),
        (Failure.GARBAGE, ProviderUnavailable),
        (Failure.SLOW, ProviderTimeout),
    ],
)
@pytest.mark.parametrize("place", [Place.UPLOAD, Place.CREATE, Place.POLL])
def test_what_may_pass_is_tried_three_times(place, failure, error):
    impatient = Pace(pauses_s=(0.01,), slice_s=0.01, timeout_s=0.3)
    with AssemblyAIEmulator(failures={place: [failure] * 20}) as emulator:
        with pytest.raises(error) as caught:
            transcribe(emulator, pace=impatient)
        assert caught.value.retryable
        assert str(caught.value) == error().user_message
        looks = 2 if place is Place.POLL else 1
        assert emulator.count(place) == 3 * looks
        assert emulator.count(Place.UPLOAD) == (3 if place is Place.UPLOAD else 1)
        if place is Place.POLL:
            assert emulator.count(Place.CREATE) == 1


@pytest.mark.parametrize("failure", [Failure.BUSY, Failure.FAULT, Failure.DROPPED])
@pytest.mark.parametrize("place", [Place.UPLOAD, Place.CREATE, Place.POLL])
def test_what_passes_leaves_a_whole_transcript(place, failure):
    with AssemblyAIEmulator(failures={place: [failure]}) as emulator:
        assert transcribe(emulator).utterances
        assert len(emulator.jobs) == 1


def test_one_look_that_fails_does_not_cost_an_attempt():
    with AssemblyAIEmulator(failures={Place.POLL: [Failure.DROPPED]}) as emulator:
        answer = provider(emulator)._transcribe_impl(recording(6), OPTIONS, RunContext())
        assert answer.utterances
        assert counted(emulator) == {"upload": 1, "create": 1}
        assert emulator.count(Place.POLL) >= 2


def test_a_service_that_is_busy_is_left_alone_as_long_as_it_asks():
    with AssemblyAIEmulator(failures={Place.CREATE: [Failure.BUSY]}, retry_after_s=0.4) as emulator:
        began = time.monotonic()
        transcribe(emulator)
        assert time.monotonic() - began >= 0.4


def test_what_was_begun_without_an_answer_is_found_again():
    with AssemblyAIEmulator(failures={Place.CREATE: [Failure.LATE_DROP]}) as emulator:
        noted = []
        assert transcribe(emulator, RunContext(note_copy=noted.append)).utterances
        assert counted(emulator) == {"upload": 1, "create": 1, "list": 1}
        *unanswered, found = noted
        assert [found] == list(emulator.jobs)
        (reference,) = set(unanswered)
        provider(emulator).delete_copy(reference)
        assert emulator.jobs[found].is_deleted


def test_the_services_own_fault_is_asked_again_with_the_same_upload():
    with AssemblyAIEmulator(job_errors=["Server error, developers have been alerted"]) as emulator:
        assert transcribe(emulator).utterances
        assert counted(emulator) == {"upload": 1, "create": 2}


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (
            "Transcoding failed. File does not appear to contain audio. File type is text.",
            "no sound",
        ),
        ("Audio duration is too short.", "too short"),
        ("The language 'xx' is not supported", "not supported"),
        (
            "detected language 'bg', confidence 0.2949, is below the requested confidence "
            "threshold value of '0.4'",
            "as surely as was asked for",
        ),
    ],
)
def test_what_can_never_work_is_not_asked_again(told, sentence):
    with AssemblyAIEmulator(job_errors=[told]) as emulator:
        with pytest.raises(ProviderRejected, match=sentence) as caught:
            transcribe(emulator)
        assert not caught.value.retryable
        assert "bg" not in str(caught.value)
        assert emulator.count(Place.CREATE) == 1


def test_an_unsure_language_fails_the_call():
    options = ProcessingOptions(provider_options=(("language_confidence", "0.9"),))
    with (
        AssemblyAIEmulator(language_confidence=0.4) as emulator,
        pytest.raises(ProviderRejected, match="language"),
    ):
        provider(emulator).transcribe(recording(6), options, RunContext())


def test_what_was_deleted_there_in_the_meantime_is_asked_for_again():
    with AssemblyAIEmulator() as emulator:
        kept = {"assemblyai.transcript": b"gone-with-the-wind", "assemblyai.upload": b"x"}
        assert transcribe(emulator, RunContext(checkpoints=kept)).utterances
        assert counted(emulator) == {"upload": 1, "create": 1}


def waiting(emulator, hours):
    """Return what a run remembers that has waited for so long."""
    (reference,) = emulator.jobs
    return {
        "assemblyai.transcript": reference.encode(),
        "assemblyai.since": str(time.time() - hours * 3600).encode(),
    }


def test_a_run_has_one_deadline_for_all_its_attempts():
    with AssemblyAIEmulator(processing_s=30) as emulator:
        emulator.create({"audio_url": f"{emulator.base_url}/upload/x"})
        kept = waiting(emulator, hours=1.1)
        since = kept["assemblyai.since"]
        with pytest.raises(ProviderTimeout):
            transcribe(emulator, RunContext(checkpoints=kept))
        assert emulator.count(Place.POLL) == 3
        assert emulator.count(Place.UPLOAD) == 0
        assert kept["assemblyai.since"] == since


def test_what_was_done_while_nobody_looked_is_fetched_however_late():
    with AssemblyAIEmulator() as emulator:
        kept = {}
        transcribe(emulator, RunContext(checkpoints=kept))
        kept["assemblyai.since"] = str(time.time() - 9 * 3600).encode()
        assert transcribe(emulator, RunContext(checkpoints=kept)).utterances
        assert emulator.count(Place.CREATE) == 1


def test_nothing_is_asked_for_when_the_run_has_no_time_left():
    with AssemblyAIEmulator() as emulator:
        kept = {"assemblyai.since": str(time.time() - 9 * 3600).encode()}
        with pytest.raises(ProviderTimeout):
            transcribe(emulator, RunContext(checkpoints=kept))
        assert emulator.count() == 0


def test_a_failed_look_does_not_start_the_clock_anew():
    kept = {}
    with AssemblyAIEmulator(failures={Place.POLL: [Failure.FAULT] * 2}) as emulator:
        context = RunContext(checkpoints=kept)
        with pytest.raises(ProviderUnavailable):
            provider(emulator)._transcribe_impl(recording(6), OPTIONS, context)
        since = kept["assemblyai.since"]
        assert transcribe(emulator, context).utterances
        assert kept["assemblyai.since"] == since


def test_a_service_that_comes_back_having_forgotten_everything():
    began = threading.Event()
    outcome = []
    with AssemblyAIEmulator(processing_s=30) as first:
        port = first.port

        def note(_reference):
            began.set()

        worker = threading.Thread(
            target=lambda: outcome.append(
                provider(first).transcribe(
                    recording(6), OPTIONS, RunContext(note_copy=note), sleep=time.sleep
                )
            )
        )
        worker.start()
        assert began.wait(20)
    with AssemblyAIEmulator(port=port) as second:
        worker.join(30)
        assert outcome[0].utterances
        assert second.count(Place.CREATE) == 1


def test_the_copy_is_noted_before_anything_is_waited_for():
    noted = []
    with AssemblyAIEmulator(failures={Place.POLL: [Failure.FAULT] * 20}) as emulator:
        with pytest.raises(ProviderUnavailable):
            transcribe(emulator, RunContext(note_copy=noted.append))
        assert noted == list(emulator.jobs)


def test_a_cancelled_wait_ends_soon_and_leaves_nothing_behind():
    with AssemblyAIEmulator(processing_s=30) as emulator:
        before = sockets_and_threads()
        asked = threading.Event()
        context = RunContext(is_cancelled=asked.is_set, note_copy=lambda _: asked.set())
        began = time.monotonic()
        with pytest.raises(Cancelled):
            transcribe(emulator, context)
        assert time.monotonic() - began < 10
        mine = {t for t in threading.enumerate() if "emulator" not in t.name}
        assert {t.ident for t in mine if "process_request" not in t.name} <= before


def test_an_upload_can_be_cancelled():
    sent = []

    def on_progress(stage, fraction):
        if stage is Stage.RECOGNISE and fraction > 0:
            sent.append(fraction)

    context = RunContext(on_progress=on_progress, is_cancelled=lambda: bool(sent))
    with AssemblyAIEmulator() as emulator:
        with pytest.raises(Cancelled):
            transcribe(emulator, context, recording(120))
        assert emulator.count(Place.CREATE) == 0
        assert max(sent) < 0.4


def test_a_run_that_was_killed_goes_on_with_what_it_had():
    class Killed(BaseException):
        pass

    def die(_reference):
        raise Killed

    kept = {}
    with AssemblyAIEmulator() as emulator:
        with pytest.raises(Killed):
            transcribe(emulator, RunContext(checkpoints=kept, note_copy=die))
        assert transcribe(emulator, RunContext(checkpoints=kept)).utterances
        assert emulator.count(Place.UPLOAD) == emulator.count(Place.CREATE) == 1


def test_the_key_is_nowhere_to_be_read(caplog):
    caplog.set_level("DEBUG")
    with AssemblyAIEmulator(key=KEY, failures={Place.POLL: [Failure.FAULT] * 2}) as emulator:
        made = provider(emulator)
        transcribe(emulator)
        assert KEY not in repr(made._access)
    told = caplog.text + "".join(str(vars(r)) for r in caplog.records if r.name == "partyline")
    assert KEY not in told
    assert "Nora" not in told


def test_it_hurries_in_tests_only():
    assert Pace().pauses_s[-1] >= 3.0 > HURRY.pauses_s[-1]
