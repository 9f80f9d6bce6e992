"""What this installation can use: providers, telephony, models, storage. Shown, not changed."""

import streamlit as st

from app import session
from components.heading import draw_page_title, draw_panel_title
from components.settings_view.installation import (
    draw_how_to_set,
    draw_installation,
    draw_language_model,
)
from components.settings_view.phone import draw_phone_services
from components.settings_view.providers import draw_order
from pages._settings import provider_cards, show_provider
from pages._settings_phone import has_public_url, phone_cards

services = session.services()
settings = services.settings
cards = provider_cards()
draw_page_title("Settings", "What this installation can use, as its operator has set it up.")
draw_how_to_set()

with st.container(border=True):
    draw_panel_title("Who is asked first")
    draw_order(
        settings.default_options,
        {card.choice.capabilities.name: card.choice for card in cards},
    )
for card in cards:
    show_provider(card)
with st.container(border=True):
    draw_phone_services(phone_cards(), has_public_url=has_public_url())
left, right = st.columns(2)
with left, st.container(border=True):
    draw_panel_title("Language model")
    model = settings.language_model or {}
    draw_language_model(model.get("base_url"), model.get("model"))
with right, st.container(border=True):
    draw_panel_title("This installation")
    draw_installation(
        services.readiness(),
        database=settings.database_url,
        storage=settings.storage_url,
        has_api=services.api_tokens.is_on,
    )
