"""``partyline export CALL --format audio``."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.cli import StoredFormat
from app.commands.stored import export_sound
from app.wiring import Services
from services.domain.errors import SoundNotReady
from services.exports import ExportFormat
from services.storage.audio_vault import Rendition
from tests.unit.app.test_playback import activate
from tests.unit.app.test_uploads import put


def test_a_redacted_call_gives_its_covered_sound_and_nothing_else(
    client: TestClient, services: Services, uploader: dict[str, str], tmp_path: Path
) -> None:
    call_id = put(client, uploader).json()["call_id"]
    transcript_id = activate(services, call_id, redacted=True)
    key, vault = services.calls.key("local", call_id), services.vault
    with vault.write(call_id, Rendition.PLAYBACK, key) as sink:
        sink.write(b"whole")
    with pytest.raises(SoundNotReady):
        export_sound(services.settings, call_id, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with vault.write(call_id, Rendition.REDACTED, key, transcript_id=transcript_id) as sink:
        sink.write(b"covered")
    assert export_sound(services.settings, call_id, tmp_path / "out") == 0
    (made,) = (tmp_path / "out").iterdir()
    assert (made.suffix, made.read_bytes()) == (".mp3", b"covered")


def test_every_export_can_be_asked_for_of_a_stored_call() -> None:
    assert {f.value for f in StoredFormat} == {f.value for f in ExportFormat} | {"audio"}
