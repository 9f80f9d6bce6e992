"""The people of an organisation."""

from collections.abc import Sequence
from zlib import crc32

import pandas as pd
import streamlit as st

from components._compat import clicked_row
from components.people.words import RIGHT_WORDS, ROLE_WORDS, reach_words
from components.wording import MISSING, plural
from services.domain.persons import Person

CHANGE_LABEL = "Change…"


def draw_people(people: Sequence[Person], *, zone: str | None) -> Person | None:
    """Draw the people; return the one whose button was pressed."""
    key = f"people_{crc32(','.join(p.id for p in people).encode()):08x}"
    column = st.column_config
    st.dataframe(
        people_frame(people, zone),
        key=f"{key}_table",
        hide_index=True,
        height="content",
        placeholder=MISSING,
        alt=f"Table of {plural(len(people), 'person', 'people')}",
        column_config={
            "change": column.ButtonColumn("", key=f"{key}_change", type="tertiary", width=85),
            "name": column.TextColumn("Name", width=180),
            "email": column.TextColumn("E-mail", width=200),
            "state": column.TextColumn("State", width=120),
            "role": column.TextColumn("Role", width=110),
            "beside": column.TextColumn("Rights beside", width=160),
            "calls": column.TextColumn("Calls", width=200),
            "given": column.TextColumn(
                "Given", width=120, help="By hand, or by the sign-in service with each sign-in"
            ),
            "seen": column.DatetimeColumn("Last here", format="D MMM YYYY, HH:mm", width=150),
        },
    )
    clicked = clicked_row(f"{key}_change")
    return people[clicked[0]] if clicked and clicked[0] < len(people) else None


def people_frame(people: Sequence[Person], zone: str | None) -> pd.DataFrame:
    """Return people as a frame with the table's columns."""
    rows = [
        {
            "change": CHANGE_LABEL,
            "name": person.name,
            "email": person.email or "",
            "state": _state(person),
            "role": ROLE_WORDS[person.role],
            "beside": ", ".join(RIGHT_WORDS[right] for right in sorted(person.beside)),
            "calls": reach_words(person.reach),
            "given": "By sign-in" if person.by_claims else "By hand",
            "seen": _moment(person, zone),
        }
        for person in people
    ]
    return pd.DataFrame(rows)


def _state(person: Person) -> str:
    if person.disabled_at is not None:
        return "■ Off"
    return "● On" if person.identity else "○ Not here yet"


def _moment(person: Person, zone: str | None) -> pd.Timestamp | None:
    if person.seen_at is None:
        return None
    seen = pd.Timestamp(person.seen_at)
    return seen.tz_convert(zone) if zone else seen
