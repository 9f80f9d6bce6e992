"""Asks how many people speak in recordings."""

from enum import StrEnum

import streamlit as st

from components._compat import Keep
from services.domain.calls import SpeakerCount

MOST_OFFERED = 10
USUAL = 2
USUAL_BOUNDS = (2, 4)


class _Known(StrEnum):
    NOTHING = "Find out"
    EXACTLY = "Exactly so many"
    BOUNDS = "Between two numbers"


def draw_speaker_count(*, key: str, now: SpeakerCount, keep: Keep = None) -> SpeakerCount:
    """Draw the choice with what is known ``now``; return what is chosen.

    At its ends the range is open: from 1 on there is no least number, at the last one no most.
    """
    ways = list(_Known)
    way = st.selectbox(
        "Speakers",
        ways,
        index=ways.index(_known(now)),
        key=f"{key}_speakers",
        persist_state=keep,
        help="How many people speak. On two-channel calls each channel is one party, and this is "
        "not needed.",
    )
    if way is _Known.EXACTLY:
        return SpeakerCount(exactly=_draw_number(f"{key}_speakers_exactly", now, keep))
    if way is _Known.BOUNDS:
        return _draw_bounds(f"{key}_speakers_bounds", now, keep)
    return SpeakerCount()


def _known(now: SpeakerCount) -> _Known:
    if now.exactly is not None:
        return _Known.EXACTLY
    return _Known.NOTHING if now.least is None and now.most is None else _Known.BOUNDS


def _draw_number(key: str, now: SpeakerCount, keep: Keep) -> int:
    chosen = st.select_slider(
        "Number of speakers",
        _offered(now),
        value=now.exactly or USUAL,
        key=key,
        persist_state=keep,
    )
    return int(chosen)


def _draw_bounds(key: str, now: SpeakerCount, keep: Keep) -> SpeakerCount:
    offered = _offered(now)
    last = offered[-1]
    usual = USUAL_BOUNDS if _known(now) is not _Known.BOUNDS else (1, last)
    least, most = st.select_slider(
        "Least and most speakers",
        offered,
        value=(now.least or usual[0], now.most or usual[1]),
        format_func=lambda n: f"{n} or more" if n == last else str(n),
        key=key,
        persist_state=keep,
    )
    return SpeakerCount(
        least=None if least == 1 else int(least), most=None if most == last else int(most)
    )


def _offered(now: SpeakerCount) -> list[int]:
    """Return the numbers to choose from; what was given elsewhere may lie beyond the usual."""
    given = (now.exactly, now.least, now.most)
    beyond = [n + 1 for n in given if n is not None]
    return list(range(1, max([MOST_OFFERED, *beyond]) + 1))
