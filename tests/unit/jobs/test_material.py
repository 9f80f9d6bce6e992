"""What the steps of a run work on, when a step is done again."""

import pytest

from app.wiring import build_worker
from services import pipeline
from services.audio.recording import Recording
from services.domain.errors import StorageError
from services.jobs.material import RunMaterial
from services.storage.working_files import WorkingFile
from tests.unit.jobs.conftest import Installation, tone


def test_a_working_file_is_given_back_before_the_next_is_made(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = installation.take_in(tone(1.0)).call_id
    worker = build_worker(installation.settings, "local", stopping=lambda: False)
    material = RunMaterial(worker.engine._open_run.args[0], call_id, 1)  # type: ignore[attr-defined]
    used: list[WorkingFile] = []
    prepare = pipeline.prepare

    def breaks_off_once(source: object, pcm_file: WorkingFile, *more: object, **named: object):  # type: ignore[no-untyped-def]
        used.append(pcm_file)
        recording: Recording = prepare(source, pcm_file, *more, **named)  # type: ignore[arg-type]
        if len(used) == 1:
            raise StorageError
        return recording

    monkeypatch.setattr(pipeline, "prepare", breaks_off_once)
    with pytest.raises(StorageError):
        _ = material.recording
    assert material.recording.duration_ms == 1000
    assert [file.closed for file in used] == [True, False]
    material.close()
    assert used[1].closed
    worker.services.close()
