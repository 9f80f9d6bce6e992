"""What came of measuring the stored sound, until it is measured again."""

from typing import cast

import streamlit as st

from services.domain.usage import SoundSpace

_SOUND = "sound_space"


def sound_space() -> SoundSpace | None:
    """Return what the last measurement in this session came to."""
    return cast("SoundSpace | None", st.session_state.get(_SOUND))


def keep_sound_space(found: SoundSpace) -> None:
    """Keep what a measurement came to."""
    st.session_state[_SOUND] = found
