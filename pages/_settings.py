"""What the Settings page does with a provider: shows it, and checks it when asked to."""

import streamlit as st

from app import session
from components.settings_view.providers import ProviderCard, draw_outcome, draw_provider
from components.wording import plain
from pages._runs import provider_choices
from services.domain.people import Right
from services.providers.checking import check_provider


def provider_cards() -> list[ProviderCard]:
    """Return all providers with what is set about them."""
    settings = session.services().settings
    cards = []
    for choice in provider_choices():
        name = choice.capabilities.name
        limits = settings.limits_of(name)
        cards.append(
            ProviderCard(
                choice=choice,
                is_usual=name == settings.provider,
                at_once=limits.at_once if limits else None,
                per_minute=limits.per_minute if limits else None,
            )
        )
    return cards


@st.fragment
def show_provider(card: ProviderCard) -> None:
    """Draw a provider; a check leaves the rest of the page as it is."""
    name, title = card.choice.capabilities.name, plain(card.choice.capabilities.title)
    with st.container(border=True, key=f"provider_{name}"):
        asked = draw_provider(card, may_check=session.current_user().may(Right.MANAGE_RULES))
        if asked:
            with st.spinner(f"Asking {title}…"):
                provider = session.services().providers.get(name)
                session.keep_check(name, check_provider(provider))
        draw_outcome(session.check_outcome(name))
