"""The inputs by which somebody is given a role, rights beside it, and calls."""

from collections.abc import Iterable, Sequence

import streamlit as st

from components.people.words import RIGHT_WORDS, ROLE_SENTENCES, ROLE_WORDS
from services.access.people import GivenAccess
from services.domain.people import EVERY_CALL, Reach, Right, Role

ALL, SOME = "All calls", "Some calls"
MOST_NAME_CHARS = 200


def draw_role(key: str, role: Role = Role.VIEWER, roles: Sequence[Role] = tuple(Role)) -> Role:
    """Draw the choice of a role."""
    return st.selectbox(
        "Role",
        roles,
        index=roles.index(role),
        format_func=lambda r: f"{ROLE_WORDS[r]} – {ROLE_SENTENCES[r]}",
        key=f"{key}_role",
    )


def draw_reach(key: str, reach: Reach = EVERY_CALL, queues: Iterable[str] = ()) -> Reach:
    """Draw the choice of calls; ``queues`` are those that there are."""
    which = st.radio(
        "Calls",
        [ALL, SOME],
        index=0 if reach.all_calls else 1,
        horizontal=True,
        key=f"{key}_which",
        help="Calls that somebody adds are theirs in any case.",
    )
    known = sorted({*queues, *reach.queues})
    chosen = st.multiselect(
        "Of these queues",
        known,
        default=sorted(reach.queues),
        accept_new_options=True,
        placeholder="Type the name of a queue",
        key=f"{key}_queues",
        help="Counts with “Some calls”.",
    )
    agent = st.text_input(
        "Held by this agent",
        reach.agent_name or "",
        max_chars=MOST_NAME_CHARS,
        key=f"{key}_agent",
        help="The name as calls have it. Counts with “Some calls”.",
    )
    if which == ALL:
        return EVERY_CALL
    return Reach(queues=frozenset(chosen), agent_name=agent.strip() or None)


def draw_access(key: str, access: GivenAccess, queues: Iterable[str] = ()) -> GivenAccess:
    """Draw all that somebody can be given, as it is now."""
    role = draw_role(key, access.role)
    beside = st.multiselect(
        "Rights beside the role",
        list(Right),
        default=sorted(access.beside),
        format_func=RIGHT_WORDS.__getitem__,
        placeholder="None",
        key=f"{key}_beside",
    )
    return GivenAccess(
        role=role, beside=frozenset(beside), reach=draw_reach(key, access.reach, queues)
    )
