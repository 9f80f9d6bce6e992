"""Scorecards: what calls are scored by, changed, tried on a call, taken in and out as YAML."""

import streamlit as st

from app import session
from components.heading import draw_look_only, draw_page_title
from components.scores.cards import draw_cards, draw_import
from pages._scorecards import carry_out, edit, new_scorecard, show_rescoring, take_in
from services.domain.people import Right

user, service = session.current_user(), session.services().scorecards
may_change = user.may(Right.MANAGE_RULES)
draw_page_title(
    "Scorecards",
    "Questions that calls are scored by, answered by rules, the language model or a reviewer. "
    "The scores stand on each call, with the words they rest on, and in Analytics.",
)
if not may_change:
    draw_look_only()
show_rescoring()
draft = session.scorecard_draft()
if draft is not None:
    edit(draft)
else:
    if may_change and st.button("New scorecard", icon=":material/add:", type="primary"):
        new_scorecard()
    wanted = draw_cards(
        service.all(user), lambda card: service.write_yaml([card]), may_change=may_change
    )
    text = draw_import() if may_change else None
    if text is not None:
        take_in(text)
    if wanted is not None:
        carry_out(wanted)
