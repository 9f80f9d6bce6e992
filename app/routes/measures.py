"""GET /metrics: how much waits and what has happened, for Prometheus; it tells nothing of calls.

Events are those of this process since it was started; what waits is that of the installation.
"""

from collections.abc import Iterator, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.routes._guard import GetServices
from app.wiring import Services
from services import telemetry

PATH = "/metrics"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FRESH = {"Cache-Control": "no-store"}

Sample = tuple[Mapping[str, str], float]


def route(get_services: GetServices) -> Route:
    """Return the route."""

    async def measures(_request: Request) -> Response:
        try:
            lines = await run_in_threadpool(lambda: list(_measured(get_services())))
        except Exception as error:
            telemetry.fault("measures.fault", error)
            return PlainTextResponse("", status_code=503, headers=FRESH)
        return PlainTextResponse("".join(lines), media_type=MEDIA_TYPE, headers=FRESH)

    return Route(PATH, measures)


def _measured(services: Services) -> Iterator[str]:
    under_way = [
        ({"queue": count.queue, "state": count.state.value}, count)
        for count in services.run_counts.under_way()
    ]
    yield from _family(
        "partyline_runs",
        "gauge",
        "Runs that wait or are being worked on, of all processes.",
        [(labels, count.runs) for labels, count in under_way],
    )
    yield from _family(
        "partyline_oldest_run_seconds",
        "gauge",
        "For how long the oldest of them has been there.",
        [(labels, count.oldest_s) for labels, count in under_way],
    )
    yield from _family(
        "partyline_uploads_open",
        "gauge",
        "Uploads that have not become calls yet.",
        [({}, services.uploads.open_count())],
    )
    yield from _family(
        "partyline_worker_alive",
        "gauge",
        "Whether any worker has shown itself lately.",
        [({}, services.desk.worker_alive())],
    )
    yield from _family(
        "partyline_events_total",
        "counter",
        "What has happened in this process since it was started, as its log tells it.",
        [
            ({"event": action, "level": level}, times)
            for (level, action), times in sorted(telemetry.counts().items())
        ],
    )


def _family(name: str, kind: str, about: str, samples: list[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {about}\n# TYPE {name} {kind}\n"
    for labels, value in samples:
        told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{name}{{{told}}} {_number(value)}\n" if told else f"{name} {_number(value)}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return repr(round(float(value), 3)).removesuffix(".0")
