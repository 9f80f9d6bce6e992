"""What the Search page finds, and going on from there."""

import streamlit as st

from app import session
from components._compat import time_zone
from components.search_form import FoundOrder, SearchOffers, Wish
from components.search_found import (
    count_words,
    draw_found,
    draw_how_to,
    draw_left_off,
    draw_nothing_found,
)
from components.wording import plain, plural
from services.domain.errors import PartylineError
from services.domain.searching import FoundLine, FoundPage

LINES_AT_ONCE = 50
BEST_LINES = 100


def offers() -> SearchOffers:
    """Return what can be filtered by."""
    user, services = session.current_user(), session.services()
    names = services.providers.names()
    by_meaning = [FoundOrder.MEANING] if services.meaning else []
    return SearchOffers(
        orders=[FoundOrder.NEWEST, FoundOrder.BEST, *by_meaning],
        agents=services.browsing.agents(user),
        queues=services.browsing.queues(user),
        rules={kept.rule.id: kept.rule.name for kept in services.rule_book.kept(user)},
        providers={name: services.providers.capabilities(name).title for name in names},
    )


def show_found(wish: Wish) -> None:
    """Draw the lines that are wished for, or what can be looked for."""
    if not wish.typed:
        if wish.filters:
            st.caption(_filter_words(wish))
        draw_how_to()
        return
    try:
        pages = _pages(wish)
    except PartylineError as error:
        st.error(error.user_message, icon=":material/search_off:")
        return
    lines = [line for page in pages for line in page.lines]
    looked_back_to = pages[-1].looked_back_to
    if not lines and looked_back_to is None:
        draw_nothing_found(filtered=bool(wish.filters))
        return
    clicked = None
    if lines:
        st.caption(_told(wish, pages))
        clicked = draw_found(lines, time_zone(), as_said=wish.order is FoundOrder.NEWEST)
    if looked_back_to is not None:
        draw_left_off(looked_back_to, time_zone(), found=bool(lines))
    if pages[-1].next_page:
        st.button(
            "Show more" if looked_back_to is None else "Look further",
            icon=":material/expand_more:",
            on_click=session.see_more,
            args=(wish,),
        )
    if clicked is not None:
        _follow(clicked)


def _pages(wish: Wish) -> list[FoundPage]:
    """Return what is shown: page after page, as many as were asked for."""
    user, search = session.current_user(), session.services().search
    meaning = session.services().meaning
    if wish.order is FoundOrder.MEANING and meaning is not None:
        return [meaning.similar(user, wish.typed, wish.among)]
    if wish.order is FoundOrder.BEST:
        return [search.ranked(user, wish.typed, wish.among, BEST_LINES)]
    pages = [search.page(user, wish.typed, wish.among, LINES_AT_ONCE)]
    while pages[-1].next_page and len(pages) < session.pages_seen(wish):
        after = pages[-1].next_page
        pages.append(search.page(user, wish.typed, wish.among, LINES_AT_ONCE, after))
    return pages


def _told(wish: Wish, pages: list[FoundPage]) -> str:
    """Return how many lines there are, and in which order they stand here."""
    user, search = session.current_user(), session.services().search
    if wish.order is FoundOrder.MEANING:
        among = plural(pages[0].compared or 0, "line")
        parts = ["Similar in meaning, most alike first", *map(plain, wish.filters)]
        return " · ".join([*parts, f"compared with the newest {among} of English, redacted calls"])
    parts = [count_words(search.count(user, wish.typed, wish.among)), *map(plain, wish.filters)]
    compared = pages[0].compared
    if compared is None:
        parts.append("newest calls first")
    else:
        parts.append(f"best match first, among the newest {plural(compared, 'line')}")
    return " · ".join(parts)


def _filter_words(wish: Wish) -> str:
    return " · ".join(["Filters", *map(plain, wish.filters)])


def _follow(line: FoundLine) -> None:
    """Open the call at the line."""
    session.set_open_call(line.call_id)
    session.request_seek(line.call_id, line.start_ms)
    st.switch_page("../pages/call.py", query_params={"call": line.call_id})
