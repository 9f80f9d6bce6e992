"""Thin HTTP handlers beside the pages, one file per surface."""

from starlette.routing import BaseRoute

from app.api import build_api
from app.routes import (
    audio,
    health,
    live_events,
    live_sound,
    measures,
    phone_events,
    phone_streams,
    phone_words,
    review,
    uploads,
    webhooks,
)
from app.routes._guard import GetServices
from app.routes.review import ReviewPayload


def build_routes(get_services: GetServices, payload: ReviewPayload) -> list[BaseRoute]:
    """Return all routes; services are asked for with each request, never at import.

    ``payload`` turns a call under review into what its component shows.
    """
    return [
        uploads.route(get_services),
        audio.route(get_services),
        audio.original_route(get_services),
        review.route(get_services, payload),
        live_sound.route(get_services),
        live_events.route(get_services),
        webhooks.route(get_services),
        phone_words.route(get_services),
        *phone_events.routes(get_services),
        *phone_streams.routes(get_services),
        *health.routes(get_services),
        measures.route(get_services),
        build_api(get_services),
    ]
