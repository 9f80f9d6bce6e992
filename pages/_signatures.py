"""What the Voices page does with voice signatures."""

from collections.abc import Sequence

import streamlit as st

from app import session
from components._compat import time_zone
from components.heading import draw_part_title
from components.known_voices.signatures import SignatureWish, draw_signatures
from components.wording import plain
from services.domain.errors import PartylineError
from services.domain.voices import REMARKS, KnownVoice


def draw_azure_signatures(voices: Sequence[KnownVoice]) -> None:
    """Draw what can be done with signatures, where Azure is set up and voices are known."""
    desk = session.services().signatures
    if not (voices and desk.is_configured):
        return
    draw_part_title("Azure voice signatures")
    made = desk.made(session.current_user())
    wish = draw_signatures(voices, made, zone=time_zone())
    if wish is not None:
        _carry_out(wish)


def _carry_out(wish: SignatureWish) -> None:
    """Make or delete a signature; say why not when that can't be."""
    user, desk = session.current_user(), session.services().signatures
    try:
        if wish.recording is None:
            desk.delete(user, wish.voice.id)
            said = "The voice signature was deleted."
        else:
            with st.spinner("Listening to the voice, then asking Azure…"):
                sound = wish.recording
                remarks = desk.sign(user, wish.voice.id, sound.content, sound.name, wish.language)
            better = [REMARKS[remark] for remark in remarks]
            said = " ".join(["The voice signature was made and is kept.", *better])
    except PartylineError as error:
        st.error(plain(error.user_message), icon=":material/error:")
        return
    session.notify(said)
    st.rerun()
