"""Rules: what to look for in calls, to how many they apply, and changing them."""

from datetime import UTC, datetime, timedelta

from app import session
from components.heading import draw_look_only, draw_page_title
from components.rules_list import draw_rules
from pages._rules import carry_out, draw_editor, draw_exchange, follow_sweep
from services.domain.people import Right

LATELY = timedelta(days=30)

user, book = session.current_user(), session.services().rule_book
may_change = user.may(Right.MANAGE_RULES)
draw_page_title(
    "Rules",
    "Rules look for words, silences, sentiment and more in every call, and say why they apply. "
    "A change is applied to new calls at once and to all stored calls in a moment.",
)
if not may_change:
    draw_look_only()
begun = session.begun_rule()
if begun is not None:
    draw_editor(begun, may_change=may_change)
else:
    draw_exchange(may_change=may_change)
    follow_sweep(may_change=may_change)
    since = (datetime.now(UTC) - LATELY).date()
    wish = draw_rules(
        book.kept(user), book.counts(user, since=since), book.counts(user), may_change=may_change
    )
    if wish is not None:
        carry_out(wish)
