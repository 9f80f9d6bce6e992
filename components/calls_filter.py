"""Which calls are listed, and in which order."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from components._compat import day_range
from components.wording import SENTIMENT_WORDS, STATE_WORDS
from services.domain.calls import CallState
from services.domain.speech import SentimentLabel
from services.domain.together import AnalyticsFilter
from services.domain.topics import TOPIC_NAMES, topic_name
from services.storage.calls import CallFilter, CallSort

PAGE_SIZE = 25
SORT_WORDS = {
    CallSort.HELD: "Date",
    CallSort.ADDED: "Added",
    CallSort.NAME: "File name",
    CallSort.AGENT: "Agent",
    CallSort.DURATION: "Duration",
    CallSort.SENTIMENT: "Sentiment",
    CallSort.AGENT_SHARE: "Agent's talk share",
    CallSort.STATE: "State",
}
TOPICS_KEY = "calls_topics"
NEWEST_FIRST = {True: "Descending", False: "Ascending"}


def preset_categories(rule_ids: Sequence[str]) -> None:
    """Let the list of calls show only calls to which one of these rules applies."""
    st.session_state["calls_categories"] = list(rule_ids)


def list_only(
    wanted: AnalyticsFilter,
    *,
    topics: Sequence[str] = (),
    rule_ids: Sequence[str] = (),
    states: Sequence[CallState] = (),
) -> None:
    """Let the filter begin with exactly this when it is drawn next."""
    days = (wanted.first_day, wanted.last_day)
    st.session_state.update(
        {
            "calls_text": "",
            "calls_states": list(states),
            "calls_sentiments": [],
            "calls_reviewed": None,
            "calls_alerts": False,
            "calls_agents": list(wanted.agents),
            "calls_queues": list(wanted.queues),
            "calls_days": days if all(days) else (),
            "calls_categories": list(rule_ids),
            TOPICS_KEY: list(topics),
        }
    )


def draw_calls_filter(
    agents: Sequence[str], queues: Sequence[str], rules: Mapping[str, str]
) -> CallFilter:
    """Draw the filters; return them without a page, which depends on how many calls they find."""
    search, sort, order, more = st.columns([4, 2, 2, 1.4], vertical_alignment="bottom")
    text = search.text_input(
        "Search",
        placeholder="Agent, customer reference or file name",
        icon=":material/search:",
        key="calls_text",
        persist_state="session",
    )
    by = sort.selectbox(
        "Sort by",
        list(SORT_WORDS),
        format_func=lambda s: SORT_WORDS[s],
        key="calls_sort",
        persist_state="session",
    )
    descending = order.selectbox(
        "Order",
        list(NEWEST_FIRST),
        format_func=lambda d: NEWEST_FIRST[d],
        key="calls_order",
        persist_state="session",
    )
    with more.popover("Filters", icon=":material/tune:", width="stretch"):
        chosen = _draw_choices(agents, queues, rules)
    return CallFilter(
        text=text.strip() or None, sort=by, descending=bool(descending), limit=PAGE_SIZE, **chosen
    )


def describe_filter(wanted: CallFilter, rules: Mapping[str, str]) -> list[str]:
    """Return the filters that are set, in words."""
    parts = [STATE_WORDS[s] for s in wanted.states] + [*wanted.agents, *wanted.queues]
    parts += [SENTIMENT_WORDS[s] for s in wanted.sentiments]
    parts += [topic_name(t) for t in wanted.topics]
    parts += [rules.get(rule_id, rule_id) for rule_id in wanted.categories]
    if wanted.alerts:
        parts.append("unseen alerts")
    if wanted.first_day and wanted.last_day:
        parts.append(f"{wanted.first_day} to {wanted.last_day}")
    if wanted.reviewed is not None:
        parts.append("reviewed" if wanted.reviewed else "not reviewed")
    return parts


def _draw_choices(
    agents: Sequence[str], queues: Sequence[str], rules: Mapping[str, str]
) -> dict[str, Any]:
    states = st.pills(
        "State",
        list(CallState),
        selection_mode="multi",
        format_func=lambda s: STATE_WORDS[s],
        key="calls_states",
        persist_state="session",
    )
    sentiments = st.pills(
        "Customer's sentiment",
        list(SentimentLabel),
        selection_mode="multi",
        format_func=lambda s: SENTIMENT_WORDS[s],
        key="calls_sentiments",
        persist_state="session",
    )
    topics = st.multiselect(
        "About", sorted(TOPIC_NAMES, key=topic_name), format_func=topic_name,
        key=TOPICS_KEY, persist_state="session",
    )  # fmt: skip
    reviewed = st.segmented_control(
        "Review",
        [False, True],
        format_func=lambda r: "Reviewed" if r else "Not reviewed",
        key="calls_reviewed",
        persist_state="session",
    )
    agent = st.multiselect("Agent", agents, key="calls_agents", persist_state="session")
    queue = st.multiselect("Queue", queues, key="calls_queues", persist_state="session")
    categories = st.multiselect(
        "Category",
        list(rules),
        format_func=lambda rule_id: rules.get(rule_id, rule_id),
        key="calls_categories",
        persist_state="session",
    )
    alerts = st.toggle(
        "With an alert that nobody has reviewed", key="calls_alerts", persist_state="session"
    )
    first, last = day_range("Days", key="calls_days")
    return {
        "states": tuple(states),
        "sentiments": tuple(sentiments),
        "topics": tuple(topics),
        "reviewed": reviewed,
        "agents": tuple(agent),
        "queues": tuple(queue),
        "categories": tuple(categories),
        "alerts": alerts,
        "first_day": first,
        "last_day": last,
    }
