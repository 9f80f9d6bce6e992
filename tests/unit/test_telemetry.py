"""Logs say what happened and nothing of what was said."""

import io
import json
import logging

import pytest

from services import telemetry


@pytest.fixture
def written(monkeypatch):
    log = logging.getLogger("partyline")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(telemetry._JsonLine())
    monkeypatch.setattr(log, "handlers", [handler])
    monkeypatch.setattr(log, "propagate", False)
    # a test that configures logging for another program may have switched ours off
    monkeypatch.setattr(log, "disabled", False)
    monkeypatch.setattr(log, "level", logging.INFO)
    log.manager._clear_cache()
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_its_fields(written):
    telemetry.event("call.stored", took_ms=12, provider="local")
    (line,) = written()
    assert (line["event"], line["took_ms"], line["provider"]) == ("call.stored", 12, "local")
    assert line["level"] == "INFO"
    assert line["at"].endswith("+00:00")


def test_a_fault_names_class_and_place_but_not_the_message(written):
    try:
        raise ValueError("card four one one one")
    except ValueError as error:
        telemetry.fault("job.fault", error, stage="analyse")
    (line,) = written()
    assert line["error"] == "ValueError"
    assert line["where"].startswith("test_a_fault_names_class_and_place")
    assert "four" not in json.dumps(line)
