"""The product with its recordings in a bucket: taken in, processed, heard, deleted."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from emulators.s3 import S3Server
from services.domain.calls import CallState
from services.domain.people import LOCAL_USER
from tests.faults.machine import Machine
from tests.faults.sounds import tone

pytestmark = pytest.mark.slow

BUCKET = "recordings"


@pytest.fixture
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def machine(
    s3: S3Server, tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    """A machine without a disk for recordings."""
    for name, value in s3.environment(BUCKET, "of/partyline").items():
        monkeypatch.setenv(name, value)
    made = Machine(folder=tmp_path, models=models)
    yield made
    made.close()


def test_a_call_lives_in_a_bucket(machine: Machine, s3: S3Server) -> None:
    server = machine.start_server(workers=False)
    machine.start_worker(supervised=False)
    s3.fail(403)
    refused = server.upload(machine, tone(3))
    assert refused.status_code == 503, refused.text
    s3.heal()
    answer = server.upload(machine, tone(3))
    assert answer.status_code == 201, answer.text
    call_id = answer.json()["call_id"]
    assert machine.ended(call_id) is CallState.READY, machine.log()
    folder = f"of/partyline/calls/{call_id}"
    assert s3.keys(BUCKET) == [f"{folder}/original", f"{folder}/playback"]
    heard = httpx.get(
        f"{server.address}/-/audio/{call_id}",
        params=machine.listening(call_id),
        headers={"Range": "bytes=100-299"},
    )
    assert (heard.status_code, len(heard.content)) == (206, 200)
    assert not (machine.folder / "audio").exists()
    machine.services.desk.delete(LOCAL_USER, call_id)
    assert s3.keys(BUCKET) == []
    assert s3.uploads() == []
    log = (machine.folder / "log").read_text()
    for secret in (s3.credentials.secret, s3.credentials.key_id, BUCKET):
        assert secret not in log
