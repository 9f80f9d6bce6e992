"""Telephone services as they are set up: ready or not, and what they have to be told."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from components.heading import draw_panel_title
from components.phone_words import SERVICE_WORDS, listed
from components.wording import plain
from services.domain.phone import PhoneService

NO_PUBLIC_URL = (
    "Telephone services reach this server by the address in PARTYLINE_PUBLIC_URL, which is not set."
)


@dataclass(frozen=True, kw_only=True)
class PhoneAddress:
    """An address of this server, and where at the telephone service it is to be entered."""

    purpose: str
    url: str


@dataclass(frozen=True, kw_only=True)
class PhoneCard:
    """A telephone service: what it does for us, what it lacks, where it reaches us.

    ``missing`` are the names of settings without which nothing works, ``notes`` sentences.
    """

    service: PhoneService
    does: str
    missing: Sequence[str] = ()
    notes: Sequence[str] = ()
    addresses: Sequence[PhoneAddress] = ()

    @property
    def is_set_up(self) -> bool:
        """Whether calls can come from it."""
        return not self.missing


def draw_phone_services(cards: Sequence[PhoneCard], *, has_public_url: bool) -> None:
    """Draw all telephone services; nothing here is a secret."""
    draw_panel_title("Telephone services")
    if not has_public_url:
        st.caption(f":material/public_off: {plain(NO_PUBLIC_URL)}")
    for card in cards:
        with st.container(key=f"phone_service_{card.service.value}", gap="xsmall"):
            _draw_card(card)


def _draw_card(card: PhoneCard) -> None:
    title = plain(SERVICE_WORDS[card.service])
    if card.is_set_up:
        st.markdown(f":material/check_circle: **{title}** is set up. {plain(card.does)}")
    else:
        why = f"set {listed(card.missing)}."
        st.markdown(f":material/phone_disabled: **{title}** is not set up: {plain(why)}")
    for note in card.notes:
        st.caption(plain(note))
    for address in card.addresses:
        st.caption(plain(address.purpose))
        st.code(address.url, language=None, wrap_lines=True)
