"""A voiceprint must show up nowhere: not in exports, pages, logs or plain in the database."""

import base64
import logging
from dataclasses import replace

import numpy as np
import pytest

from components.call_review.payload import review_payload
from services import telemetry
from services.domain.people import LOCAL_USER
from services.domain.speech import SpeakerRole
from services.exports import ExportFormat
from services.review.service import ReviewService
from tests import builders
from tests.authorities import authority_over
from tests.pages.stand_ins import UntouchedLines
from tests.unit.voices.test_desk import Installation, learnt

LEARNT = learnt(11)
PACKED = LEARNT.voiceprint.packed
VALUES = np.frombuffer(PACKED, "<f4")


def traces(content: bytes) -> list[str]:
    """Return in which forms values of the voiceprint stand in a content."""
    encoded = base64.b64encode(PACKED).decode()
    raw = [PACKED[at : at + 8] for at in range(0, len(PACKED), 8)]
    coded = [encoded[at : at + 12].encode() for at in range(0, len(encoded) - 12, 12)]
    digits = [f"{abs(value):.5f}".encode() for value in VALUES if abs(value) > 0.001]
    forms = {"raw": raw, "base64": coded, "hexadecimal": [p.hex().encode() for p in raw]}
    found = [name for name, parts in forms.items() if any(part in content for part in parts)]
    # One number of five digits can be there by chance; several can't.
    return found + (["digits"] if sum(d in content for d in digits) > 2 else [])


def test_the_canary_is_seen_where_it_is():
    assert traces(PACKED) == ["raw"]
    assert traces(base64.b64encode(PACKED)) == ["base64"]
    assert traces(str([round(float(v), 5) for v in VALUES]).encode()) == ["digits"]


@pytest.fixture
def log():
    """Everything that is logged, also what no handler would take."""
    said: list[str] = []

    class Keeps(logging.Handler):
        def emit(self, record):
            said.append(f"{record.getMessage()} {getattr(record, 'fields', '')}")

    handler, logger = Keeps(), logging.getLogger("partyline")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield said
    logger.removeHandler(handler)
    logger.setLevel(before)


def test_a_voiceprint_shows_up_nowhere(tmp_path, log):
    installation = Installation(tmp_path)
    installation.learns.outcome = LEARNT
    spoken = builders.transcript()
    call_id = installation.add_call(spoken)
    desk = installation.desk
    taught = desk.listen_to_speaker(LOCAL_USER, installation.shown(call_id))
    voice = desk.remember(LOCAL_USER, "Nora Price", SpeakerRole.AGENT, taught)
    review = ReviewService(
        installation.calls,
        installation.transcripts,
        UntouchedLines(),
        installation.voices,
        authority=authority_over(installation.calls),
    )
    shown = review.set_voice(LOCAL_USER, installation.shown(call_id), voice.id)
    desk.rename(LOCAL_USER, voice.id, "Nora Miller")
    telemetry.event("test.shown", voice=voice.id)

    for fmt in ExportFormat:
        content = review.export(LOCAL_USER, call_id, fmt).content
        assert b"Nora Miller" in content
        assert traces(content) == []
    told = [
        review_payload(shown),
        shown,
        desk.voices(LOCAL_USER),
        installation.voices.enrolled("local"),
    ]
    assert traces(repr(told).encode()) == []
    assert traces("\n".join(log).encode()) == []
    assert not any("Nora" in line for line in log)

    installation.engine.dispose()
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert any(b"Nora Miller" in p.read_bytes() for p in files)
    assert [p.name for p in files if traces(p.read_bytes())] == []


def test_a_deleted_voice_leaves_neither_name_nor_seal(tmp_path):
    installation = Installation(tmp_path)
    desk = installation.desk
    voice = desk.remember(LOCAL_USER, "Nora Quartermaine", SpeakerRole.AGENT, LEARNT)
    with installation.engine.connect() as connection:
        query = "SELECT voiceprint FROM known_voices"
        sealed = connection.exec_driver_sql(query).scalar_one()
    desk.delete(LOCAL_USER, voice.id)
    with installation.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    installation.engine.dispose()
    left = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert b"Quartermaine" not in left
    assert sealed[:24] not in left


def test_a_learnt_voice_hides_its_print():
    assert traces(repr(replace(LEARNT)).encode()) == []
