"""Who one is: name, role, what that allows, and the ways out."""

from enum import StrEnum

import streamlit as st

from components.heading import draw_panel_title
from components.people.words import RIGHT_WORDS, ROLE_SENTENCES, ROLE_WORDS, reach_words
from components.wording import plain
from services.domain.people import User


class Leaving(StrEnum):
    """How somebody wants to leave."""

    HERE = "here"
    EVERYWHERE = "everywhere"


def draw_me(user: User, *, has_login: bool) -> Leaving | None:
    """Draw who somebody is and what they may do; return how they want to leave, if they do."""
    draw_panel_title(plain(user.name) if has_login else "This machine")
    if not has_login:
        st.markdown(
            "No sign-in is set up, so only this machine reaches Partyline, and whoever sits at it "
            "may do everything. How to set one up: *docs/sign-in.md*."
        )
        return None
    st.markdown(f"**{ROLE_WORDS[user.role]}.** {ROLE_SENTENCES[user.role]}")
    st.markdown(plain(reach_words(user.reach)))
    beside = [words for right, words in RIGHT_WORDS.items() if _is_beside(user, right)]
    if beside:
        st.markdown("Beside that: " + ", ".join(beside) + ".")
    with st.container(horizontal=True):
        here = st.button("Sign out", icon=":material/logout:", type="primary")
        everywhere = st.button(
            "Sign out everywhere",
            icon=":material/devices:",
            help="Ends all your sign-ins, on other machines and phones too, and voids the links "
            "that their pages hold.",
        )
    if everywhere:
        return Leaving.EVERYWHERE
    return Leaving.HERE if here else None


def _is_beside(user: User, right: object) -> bool:
    return user.rights is not None and right in user.rights and right not in user.role.rights
