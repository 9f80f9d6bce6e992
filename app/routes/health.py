"""GET /healthz and /readyz: for supervisors and load balancers; they tell nothing about calls."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.routes._guard import GetServices
from services import telemetry

PATHS = ("/healthz", "/readyz")
FRESH = {"Cache-Control": "no-store"}


def routes(get_services: GetServices) -> list[Route]:
    """Return both routes."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers=FRESH)

    async def readyz(_request: Request) -> Response:
        try:
            services = get_services()
            checks = await run_in_threadpool(services.readiness)
            needed = {name for name in checks if services.is_needed(name)}
        except Exception as error:
            telemetry.fault("ready.fault", error)
            checks, needed = {"services": False}, {"services"}
        ready = all(well for name, well in checks.items() if name in needed)
        return JSONResponse(
            {"status": "ready" if ready else "not ready", "checks": checks},
            status_code=200 if ready else 503,
            headers=FRESH,
        )

    return [Route(path, answer) for path, answer in zip(PATHS, (healthz, readyz), strict=True)]
