"""The HTTP API for programs, under /api/v1; one small file a router."""

from app.api.application import API_PATH, build_api

__all__ = ["API_PATH", "build_api"]
