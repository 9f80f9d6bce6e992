"""GET /metrics: what Prometheus is told, and that it is nothing of calls."""

import re

from starlette.testclient import TestClient

from app.wiring import Services
from services import telemetry
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.people import LOCAL_USER

LINE = re.compile(
    r"# (?:HELP|TYPE) [a-z_]+ .+"
    r'|[a-z_]+(?:\{[a-z_]+="[^"\\\n]*"(?:,[a-z_]+="[^"\\\n]*")*\})? [0-9.e+]+'
)


def measured(client: TestClient) -> dict[str, float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    told = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in told}


def test_what_waits_and_what_has_happened(client: TestClient, services: Services) -> None:
    waiting = 'partyline_runs{queue="calls",state="waiting"}'
    telemetry.warning("some.trouble")
    event = 'partyline_events_total{event="some.trouble",level="warning"}'
    before = measured(client)
    assert waiting not in before
    assert before["partyline_uploads_open"] == 0
    for n in range(3):
        with services.intake.begin(LOCAL_USER, "Nora Fields.wav") as incoming:
            incoming.write(b"%d" % n)
            incoming.commit(
                ProcessingOptions(provider="scripted"), CallDetails(agent_name="Nora Fields")
            )
    services.uploads.begin(
        LOCAL_USER, "Nora.wav", 10, ProcessingOptions(provider="scripted"), CallDetails()
    )
    telemetry.warning("some.trouble")
    after = measured(client)
    assert after[waiting] == 3
    assert after[waiting.replace("runs", "oldest_run_seconds")] >= 0
    assert after["partyline_uploads_open"] == 1
    assert after[event] == before[event] + 1
    assert "Nora" not in client.get("/metrics").text


def test_a_database_that_is_away_is_told_by_the_status(
    client: TestClient, services: Services
) -> None:
    with services.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE runs RENAME TO hidden")
    assert client.get("/metrics").status_code == 503
