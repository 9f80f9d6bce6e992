"""The words of two transcripts beside each other; what differs is marked, and not by colour alone.

Each row is a list element with its time, the reference's words and the other transcript's. Words
are escaped: nothing that was said in a call is ever read as HTML.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from components.wording import MISSING, clock, percent, plain, plural
from services.domain.comparing import (
    ComparedRow,
    Comparison,
    Passage,
    Piece,
    WordDifferences,
    WordKind,
)
from services.domain.speech import Transcript

ROWS_AT_ONCE = 50
TAGS = {
    WordKind.SAME: "{}",
    WordKind.CHANGED: "<mark>{}</mark>",
    WordKind.MISSING: "<del>{}</del>",
    WordKind.ADDED: "<ins>{}</ins>",
}
EXPLANATION = (
    "Words are compared without capitals, accents and punctuation; a number in digits and one in "
    "words differ. Word error rate: changed, missing and added words for each word of the "
    "reference. The reference is only what the other is held against: it can be wrong, too."
)


@dataclass(frozen=True, kw_only=True)
class AlikeRows:
    """Rows in which nothing differs, from ``start_ms`` to ``end_ms``."""

    count: int
    start_ms: int
    end_ms: int


Shown = ComparedRow | AlikeRows


def draw_counts(comparison: Comparison, names: tuple[str, str]) -> None:
    """Draw how many words differ; counts come before the rate."""
    with st.container(key="compared_cards"):
        for label, value, note in _cards(comparison.counts):
            st.metric(label, value, delta=note, delta_color="off", delta_arrow="off", border=True)
    st.markdown(counts_text(comparison, *map(plain, names)), help=EXPLANATION)


def draw_notes(reference: Transcript, other: Transcript) -> None:
    """Say what makes the two differ by itself."""
    if reference.redacted != other.redacted:
        st.caption("One of them has personal data taken out: what stands for it counts as changed.")
    if reference.covered != other.covered:
        st.caption("They cover different parts of the call: what only one covers counts, too.")
    if reference.without_fillers != other.without_fillers:
        st.caption("One of them is without um, uh and their like: those count as differences.")


def counts_text(comparison: Comparison, reference: str, other: str) -> str:
    """Return in a sentence how many words differ."""
    counts = comparison.counts
    if not counts.words:
        return f"{reference} has no words, so there is no rate; {other} has {counts.heard}."
    order = " Each channel was compared by itself." if comparison.by_channel else ""
    return (
        f"Of {plural(counts.words, 'word')} of {reference}, taken as the reference, {other} has "
        f"{counts.same} the same, {counts.changed} changed and {counts.missing} missing, and "
        f"{counts.added} added. That makes {plural(counts.errors, 'difference')}, a word error "
        f"rate of {percent(counts.rate, 1)}.{order}"
    )


def collapsed(rows: Sequence[ComparedRow], *, everything: bool) -> list[Shown]:
    """Return the rows to show; those in a row in which nothing differs become one."""
    return list(rows) if everything else list(_collapsed(rows))


def pages_of(shown: Sequence[Shown]) -> list[Sequence[Shown]]:
    """Return the rows in portions that a page can take."""
    return [shown[at : at + ROWS_AT_ONCE] for at in range(0, len(shown), ROWS_AT_ONCE)]


def draw_rows(
    shown: Sequence[Shown], sides: tuple[Transcript, Transcript], names: tuple[str, str]
) -> None:
    """Draw rows; ``names`` are what the two transcripts are called, the reference first."""
    labels = [{s.id: s.label for s in side.speakers} for side in sides]
    body = "".join(
        _alike_html(row) if isinstance(row, AlikeRows) else _row_html(row, labels, names)
        for row in shown
    )
    heads = "".join(f"<span>{escape(name)}</span>" for name in names)
    # Each row names its sides too, for those who hear it and for phones.
    st.html(
        f'<div class="compared-heads" aria-hidden="true">{heads}</div>'
        f'<ol class="compared-rows">{body}</ol>'
    )


def draw_legend() -> None:
    """Say what the marks mean."""
    st.html(
        '<p class="compared-legend">'
        "<mark>changed</mark> reads differently in the two · "
        "<del>missing</del> stands in the reference only · "
        "<ins>added</ins> stands in the other only</p>"
    )


def _cards(counts: WordDifferences) -> list[tuple[str, str, str]]:
    words = plural(counts.words, "word")
    return [
        ("The same", f"{counts.same}", f"of {words}"),
        ("Changed", f"{counts.changed}", "in both, differently"),
        ("Missing", f"{counts.missing}", "in the reference only"),
        ("Added", f"{counts.added}", "in the other only"),
        ("Another speaker", f"{counts.other_speaker}", "words that are the same"),
        ("Word error rate", percent(counts.rate, 1), f"{counts.errors} of {words}"),
    ]


def _collapsed(rows: Sequence[ComparedRow]) -> Iterator[Shown]:
    waiting: list[ComparedRow] = []
    for row in rows:
        if row.alike:
            waiting.append(row)
            continue
        if waiting:
            yield _alike(waiting)
            waiting = []
        yield row
    if waiting:
        yield _alike(waiting)


def _alike(rows: Sequence[ComparedRow]) -> AlikeRows:
    end_ms = max(row.end_ms for row in rows)
    return AlikeRows(count=len(rows), start_ms=rows[0].start_ms, end_ms=end_ms)


def _alike_html(rows: AlikeRows) -> str:
    times = f"{clock(rows.start_ms)} to {clock(rows.end_ms)}"
    return f'<li class="compared-alike">{plural(rows.count, "line")} alike, {times}</li>'


def _row_html(row: ComparedRow, labels: Sequence[Mapping[str, str]], names: tuple[str, str]) -> str:
    moved = ""
    if row.other_speaker:
        moved = '<p class="compared-moved">The same words are given to another speaker.</p>'
    reference = [row.reference] if row.reference else []
    return (
        f"<li><time>{clock(row.start_ms)}</time>"
        f"{_side_html(reference, labels[0], names[0])}"
        f"{_side_html(row.other, labels[1], names[1])}{moved}</li>"
    )


def _side_html(passages: Sequence[Passage], labels: Mapping[str, str], name: str) -> str:
    said = "".join(
        f"<p><b>{escape(_speaker(passage, labels))}:</b> {_pieces_html(passage.pieces)}</p>"
        for passage in passages
    )
    nothing = f'<p class="compared-nothing">{MISSING} nothing here</p>'
    return f"<div><span>{escape(name)}</span>{said or nothing}</div>"


def _speaker(passage: Passage, labels: Mapping[str, str]) -> str:
    return labels.get(passage.speaker or "", "Nobody known")


def _pieces_html(pieces: Sequence[Piece]) -> str:
    return " ".join(TAGS[piece.kind].format(escape(piece.text)) for piece in pieces)
