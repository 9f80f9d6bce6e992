"""Tokens of the HTTP API: which there are, making one, and the secret that is shown once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zlib import crc32

import pandas as pd
import streamlit as st

from components._compat import clicked_row
from components.people.access_form import MOST_NAME_CHARS, draw_reach, draw_role
from components.people.words import ROLE_WORDS, reach_words
from components.wording import plain, plural
from services.access.token_desk import DEFAULT_DAYS, MOST_DAYS
from services.domain.api_tokens import ApiToken, NewToken
from services.domain.people import EVERY_CALL, Reach, Role

REVOKE_LABEL = "Revoke"


@dataclass(frozen=True, kw_only=True)
class TokenWish:
    """A token that is to be made."""

    name: str
    role: Role
    reach: Reach
    days: int


def draw_tokens(tokens: Sequence[ApiToken], *, key: str, zone: str | None) -> ApiToken | None:
    """Draw tokens that there are; return the one that is to be revoked."""
    name = f"{key}_{crc32(','.join(t.id for t in tokens).encode()):08x}"
    column = st.column_config
    when = "D MMM YYYY, HH:mm"
    st.dataframe(
        tokens_frame(tokens, zone),
        key=f"{name}_table",
        hide_index=True,
        height="content",
        alt=f"Table of {plural(len(tokens), 'token')}",
        column_config={
            "revoke": column.ButtonColumn("", key=f"{name}_revoke", type="tertiary", width=80),
            "name": column.TextColumn("For", width=180),
            "prefix": column.TextColumn("Begins with", width=130),
            "state": column.TextColumn("State", width=100),
            "role": column.TextColumn("Role", width=110),
            "calls": column.TextColumn("Calls", width=200),
            "expires": column.DatetimeColumn("Ends", format=when, width=150),
            "used": column.DatetimeColumn("Last used", format=when, width=150),
        },
    )
    clicked = clicked_row(f"{name}_revoke")
    return tokens[clicked[0]] if clicked and clicked[0] < len(tokens) else None


def tokens_frame(tokens: Sequence[ApiToken], zone: str | None) -> pd.DataFrame:
    """Return tokens as a frame with the table's columns."""
    now = datetime.now(UTC)
    rows = [
        {
            "revoke": REVOKE_LABEL,
            "name": token.name,
            "prefix": f"{token.prefix}…",
            "state": _state(token, now),
            "role": ROLE_WORDS[token.role],
            "calls": reach_words(token.reach),
            "expires": _moment(token.expires_at, zone),
            "used": _moment(token.used_at, zone),
        }
        for token in tokens
    ]
    return pd.DataFrame(rows)


def draw_token_form(
    key: str, roles: Sequence[Role], queues: Iterable[str] | None
) -> TokenWish | None:
    """Draw what a token is to be for; return that once it was asked for.

    Without ``queues`` it reaches what its person reaches.
    """
    with st.form(key, border=True, clear_on_submit=True):
        left, right = st.columns([3, 1])
        name = left.text_input(
            "What it is for",
            max_chars=MOST_NAME_CHARS,
            key=f"{key}_name",
            placeholder="Nightly export",
        )
        days = right.number_input(
            "Days it lasts", 1, MOST_DAYS, DEFAULT_DAYS, step=1, key=f"{key}_days"
        )
        role = draw_role(key, roles=roles)
        reach = EVERY_CALL if queues is None else draw_reach(key, queues=queues)
        if not st.form_submit_button("Make a token", type="primary"):
            return None
    return TokenWish(name=name, role=role, reach=reach, days=int(days))


def draw_secret(made: NewToken) -> bool:
    """Draw a token's secret, this once; return whether it was put away."""
    with st.container(border=True, key="new_token"):
        st.markdown(
            f"**The token for {plain(made.token.name)}.** Copy it now: it is shown this once, and "
            "nobody can look it up later."
        )
        st.code(made.secret, language=None, wrap_lines=True)
        return st.button("I have it", icon=":material/check:")


def _state(token: ApiToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "■ Revoked"
    return "■ Ended" if token.is_over(now) else "● Counts"


def _moment(moment: datetime | None, zone: str | None) -> pd.Timestamp | None:
    if moment is None:
        return None
    stamp = pd.Timestamp(moment)
    return stamp.tz_convert(zone) if zone else stamp
