"""No space left: uploads and runs end in one sentence, and go well once there is space again.

A limit on the size of files stands for the full disk: the writes fail the same way.
"""

import signal

import pytest

from services.domain.calls import CallState, Stage
from services.domain.people import LOCAL_USER
from tests.faults.machine import ORG, Machine, end
from tests.faults.sounds import tone

pytestmark = pytest.mark.slow

# More than the database needs, less than the recordings below.
SPACE_BYTES = 6_000_000
SENTENCE = "The disk is full; free some space and retry."


def test_a_full_disk(machine: Machine) -> None:
    server = machine.start_server(max_file_bytes=SPACE_BYTES)
    refused = server.upload(machine, tone(1500))
    assert refused.status_code == 507
    assert refused.json()["error"]["message"] == SENTENCE
    assert machine.services.calls.list(ORG) == []
    assert machine.leftovers() == []
    # This one fits as it comes (8 kHz) but not decoded (16 kHz).
    large = server.upload(machine, tone(200)).json()["call_id"]
    small = server.upload(machine, tone(2)).json()["call_id"]
    assert machine.ended(large) is CallState.FAILED
    assert machine.ended(small) is CallState.READY
    progress = machine.progress(large)
    assert progress.retryable
    assert progress.error_message == SENTENCE
    assert machine.leftovers() == []
    end(server.process, signal.SIGTERM)
    machine.start_worker()
    machine.services.desk.retry(LOCAL_USER, large)
    assert machine.reached(large, Stage.RECOGNISE).state is CallState.PROCESSING
