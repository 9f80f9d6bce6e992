"""Calls by HTTP: handed in, listed, read, heard, searched, processed again, deleted."""

from fastapi import APIRouter

from app.api.calls import adding, reading, runs, searching, uploads


def calls_router() -> APIRouter:
    """Return all that is about calls and their recordings."""
    router = APIRouter()
    for part in (adding, reading, runs, searching, uploads):
        router.include_router(part.router)
    return router
