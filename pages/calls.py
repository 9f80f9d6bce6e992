"""Every call: find it, open it, process it again, delete it."""

from dataclasses import replace

import streamlit as st

from app import session
from components._compat import time_zone
from components.calls_filter import PAGE_SIZE, describe_filter, draw_calls_filter
from components.calls_table import alert_names, draw_calls_table
from components.heading import draw_no_match, draw_page_title
from components.wording import plain, plural
from pages._calls import carry_out, offer_first_calls, offered, refresh_while_running

user, services = session.current_user(), session.services()
draw_page_title("Calls", "Every call with its state and how it went.")

rules = {kept.rule.id: kept.rule.name for kept in services.rule_book.kept(user)}
wanted = draw_calls_filter(services.browsing.agents(user), services.browsing.queues(user), rules)
found = services.browsing.count(user, wanted)
filters = describe_filter(wanted, rules)
st.caption(" · ".join([plural(found, "call"), *map(plain, filters)]))

if found == 0 and not filters and not wanted.text:
    offer_first_calls()
elif found == 0:
    draw_no_match()
else:
    pages = -(-found // PAGE_SIZE)
    foot = st.container()
    with foot:
        table = st.container()
        page = st.pagination(pages, key=f"calls_page_{pages}") if pages > 1 else 1
    shown = replace(wanted, offset=(page - 1) * PAGE_SIZE)
    rows = services.browsing.list(user, shown)
    with table:
        ids = [row.call.id for row in rows]
        given = services.browsing.categories(user, ids)
        held = services.keeping.holds.held(user, ids)
        intent = draw_calls_table(
            rows,
            zone=time_zone(),
            alerts=alert_names(given, rules),
            held=held,
            may=offered(user),
        )
    refresh_while_running(rows)
    if intent is not None:
        carry_out(intent, rows)
