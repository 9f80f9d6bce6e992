"""Lines that were found, each with its call, who said it, and its words marked."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

import streamlit as st

from components.heading import draw_empty
from components.places import draw_place
from components.wording import (
    ROLE_WORDS,
    SENTIMENT_WORDS,
    clock,
    duration,
    moment,
    plain,
    plural,
)
from services.domain.searching import FoundCount, FoundLine
from services.domain.speech import SentimentLabel, SpeakerRole

HOW_TO = (
    "**Words** – a line must hold all of them: `refund delivery`\n\n"
    '**Phrases** – words in a row: `"speak to a manager"`\n\n'
    "**Not** – a line must not hold it: `refund -invoice`\n\n"
    "**Beginnings** – two letters or more: `cancel*` finds cancelled, cancellation\n\n"
    "Capitals, accents and punctuation make no difference: `zurich` finds Zürich. Words are looked "
    "for as they were said: `refund` doesn't find refunds, `refund*` does."
)
MOOD_COLOURS = {
    SentimentLabel.POSITIVE: ("green", ":material/sentiment_satisfied:"),
    SentimentLabel.NEUTRAL: ("gray", ":material/sentiment_neutral:"),
    SentimentLabel.NEGATIVE: ("red", ":material/sentiment_dissatisfied:"),
}
ROLE_ICONS = {
    SpeakerRole.AGENT: ":material/support_agent:",
    SpeakerRole.CUSTOMER: ":material/person:",
    SpeakerRole.UNKNOWN: ":material/help:",
}


def draw_how_to() -> None:
    """Draw what can be looked for, with examples."""
    with st.container(border=True, key="search_how_to"):
        st.markdown("What is searched: the transcripts of all calls, as they are shown now.")
        st.markdown(HOW_TO)


def draw_nothing_found(*, filtered: bool) -> None:
    """Draw what stands where no line was found, and what may help."""
    tips = ["fewer words", "a beginning such as `cancel*`", "another spelling"]
    tips += ["fewer filters"] if filtered else []
    draw_empty(
        f"No line was found. Try {', '.join(tips[:-1])} or {tips[-1]}.",
        icon=":material/search_off:",
    )


def draw_left_off(back_to: datetime, zone: str | None, *, found: bool) -> None:
    """Draw that looking took too long, and how far it came."""
    so_far = "Looked" if found else "No line so far: looked"
    st.info(
        f"{so_far} through the calls since {moment(back_to, zone)}; looking further takes longer. "
        "A filter or a rarer word makes it quicker.",
        icon=":material/hourglass_bottom:",
    )


def count_words(count: FoundCount) -> str:
    """Return how many lines there are, in words."""
    if count.exact:
        return plural(count.lines, "line")
    return f"More than {plural(max(0, count.lines), 'line')}"


def draw_found(lines: Sequence[FoundLine], zone: str | None, *, as_said: bool) -> FoundLine | None:
    """Draw lines, those of one call that follow each other together; return the one clicked.

    ``as_said``: those of one call stand in the order of the call, else as they are given.
    """
    clicked: FoundLine | None = None
    for number, (_, of_call) in enumerate(groupby(lines, key=lambda line: line.call_id)):
        with st.container(border=True, gap="small", key=f"found_call_{number}"):
            together = list(of_call)
            if as_said:
                together.sort(key=lambda line: line.position)
            st.markdown(_call_words(together[0], zone))
            for line in together:
                clicked = _draw_line(line) or clicked
    return clicked


def _draw_line(line: FoundLine) -> FoundLine | None:
    key = f"found_{line.call_id}_{line.position}"
    with st.container(gap=None):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            opening = f"Open the call at {clock(line.start_ms)}"
            pressed = draw_place(line.start_ms, key=key, explanation=opening)
            st.markdown(f":gray[{ROLE_ICONS[line.role]} {ROLE_WORDS[line.role]}]", width="content")
            if line.sentiment:
                colour, icon = MOOD_COLOURS[line.sentiment]
                mood = f":{colour}[{icon} {SENTIMENT_WORDS[line.sentiment]}]"
                st.markdown(mood, width="content")
        st.markdown("".join(_marked(line)))
    return line if pressed else None


def _call_words(line: FoundLine, zone: str | None) -> str:
    parties = [plain(name) for name in (line.agent_name, line.customer_ref) if name]
    title = " with ".join(parties) or plain(line.source_name)
    facts = [moment(line.held_at, zone), *([plain(line.queue)] if line.queue else [])]
    facts += [duration(line.duration_ms)] if line.duration_ms is not None else []
    return f"**{title}** · {' · '.join(facts)}"


def _marked(line: FoundLine) -> Iterator[str]:
    """Yield the line as Markdown: nothing in it works but the marks that are put here."""
    before = 0
    for start, end in line.marks:
        yield _spaced(line.text[before:start])
        yield f":yellow-background[**{plain(line.text[start:end])}**]"
        before = end
    yield _spaced(line.text[before:])


def _spaced(text: str) -> str:
    """Return text as it is, with the spaces at its ends, which ``plain`` takes away."""
    if not text.strip():
        return " " if text else ""
    before = " " if text[0].isspace() else ""
    after = " " if text[-1].isspace() else ""
    return f"{before}{plain(text)}{after}"
