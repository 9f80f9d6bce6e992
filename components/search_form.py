"""What is looked for in the lines of calls: words, filters, order.

What is chosen here stands in the page's address, so that it can be kept as a bookmark. Words and
names of people don't: addresses are written into logs and histories, and what people look for in
calls can be personal data. They are kept for the session only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import streamlit as st

from components._compat import day_range
from components.languages import LANGUAGES
from components.wording import MINUTE_MS, ROLE_WORDS, SENTIMENT_WORDS
from services.domain.searching import LineFilter
from services.domain.speech import SentimentLabel, SpeakerRole

KEY = "search"
TEXT_KEY = f"{KEY}_text"


class FoundOrder(StrEnum):
    """In which order lines are shown."""

    NEWEST = "newest"
    BEST = "best"
    MEANING = "meaning"


class CallLength(StrEnum):
    """How long a call was, roughly."""

    SHORT = "short"
    MIDDLE = "middle"
    LONG = "long"
    VERY_LONG = "very_long"


ORDER_WORDS = {
    FoundOrder.NEWEST: "Newest first",
    FoundOrder.BEST: "Best match first",
    FoundOrder.MEANING: "Similar in meaning",
}
LENGTH_WORDS = {
    CallLength.SHORT: "Under 2 min",
    CallLength.MIDDLE: "2 to 10 min",
    CallLength.LONG: "10 to 30 min",
    CallLength.VERY_LONG: "30 min and more",
}
LENGTH_MINUTES: Mapping[CallLength, tuple[int | None, int | None]] = {
    CallLength.SHORT: (None, 2),
    CallLength.MIDDLE: (2, 10),
    CallLength.LONG: (10, 30),
    CallLength.VERY_LONG: (30, None),
}


@dataclass(frozen=True, kw_only=True)
class SearchOffers:
    """What can be filtered by; ``rules`` and ``providers`` are names by ids.

    ``orders`` are those there are in this installation.
    """

    orders: Sequence[FoundOrder]
    agents: Sequence[str]
    queues: Sequence[str]
    rules: Mapping[str, str]
    providers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person looks for. ``filters`` are those that are set, in words."""

    typed: str
    among: LineFilter
    order: FoundOrder
    filters: tuple[str, ...]


def draw_search_form(offers: SearchOffers) -> Wish:
    """Draw the words to look for and what to look among; return them."""
    words, order, more = st.columns([5, 2, 1.4], vertical_alignment="bottom")
    typed = words.text_input(
        "Words",
        placeholder='refund "speak to a manager" -invoice cancel*',
        icon=":material/search:",
        type="search",
        key=TEXT_KEY,
        persist_state="session",
    )
    by = order.selectbox(
        "Order",
        list(offers.orders),
        format_func=lambda o: ORDER_WORDS[o],
        key=f"{KEY}_order",
        bind="query-params",
    )
    with more.popover("Filters", icon=":material/tune:", width="stretch"):
        among, filters = _draw_filters(offers)
    return Wish(
        typed=(typed or "").strip(),
        among=among,
        order=by or FoundOrder.NEWEST,
        filters=tuple(filters),
    )


def _draw_filters(offers: SearchOffers) -> tuple[LineFilter, list[str]]:
    said_by = _pills("Said by", ROLE_WORDS, "said_by", several=False)
    sentiments = _pills("Sentiment of the line", SENTIMENT_WORDS, "sentiments")
    first, last = day_range("Days", key=f"{KEY}_filter_days")
    agents = _names("Agent", offers.agents, "agents")
    queues = _names("Queue", offers.queues, "queues")
    length = _pills("Length of the call", LENGTH_WORDS, "length", several=False)
    categories = _several("Category", offers.rules, "categories")
    languages = _several("Language", LANGUAGES, "languages")
    providers = _several("Recognised by", offers.providers, "providers")
    low, high = LENGTH_MINUTES[length] if length else (None, None)
    among = LineFilter(
        said_by=said_by,
        sentiments=tuple(sentiments),
        first_day=first,
        last_day=last,
        agents=tuple(agents),
        queues=tuple(queues),
        min_duration_ms=None if low is None else low * MINUTE_MS,
        max_duration_ms=None if high is None else high * MINUTE_MS,
        categories=tuple(categories),
        languages=tuple(languages),
        providers=tuple(providers),
    )
    words = [f"said by {ROLE_WORDS[said_by].lower()}"] if isinstance(said_by, SpeakerRole) else []
    words += [SENTIMENT_WORDS[s].lower() for s in sentiments if isinstance(s, SentimentLabel)]
    words += [f"{first} to {last}"] if first and last else []
    words += [*agents, *queues, *([LENGTH_WORDS[length].lower()] if length else [])]
    words += [offers.rules.get(c, c) for c in categories] + [LANGUAGES[x] for x in languages]
    return among, words + [offers.providers.get(p, p) for p in providers]


def _pills(label: str, words: Mapping[Any, str], name: str, *, several: bool = True) -> Any:
    return st.pills(
        label,
        list(words),
        selection_mode="multi" if several else "single",
        format_func=lambda value: words[value],
        key=f"{KEY}_filter_{name}",
        bind="query-params",
    )


def _several(label: str, words: Mapping[str, str], name: str) -> list[str]:
    return st.multiselect(
        label,
        list(words),
        format_func=lambda value: words.get(value, value),
        key=f"{KEY}_filter_{name}",
        placeholder="Any",
        bind="query-params",
    )


def _names(label: str, names: Sequence[str], name: str) -> list[str]:
    """Names can be those of people: they stay out of the address."""
    return st.multiselect(
        label,
        names,
        key=f"{KEY}_filter_{name}",
        placeholder="Any",
        persist_state="session",
    )
