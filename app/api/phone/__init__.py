"""Phone calls of Azure Communication Services by HTTP, as the Live page has them."""

from fastapi import APIRouter

from app.api.phone import calls, ringing, transcription


def phone_router() -> APIRouter:
    """Return all that is under /phone."""
    router = APIRouter(prefix="/phone", tags=["phone"])
    for part in (ringing, calls, transcription):
        router.include_router(part.router)
    return router
