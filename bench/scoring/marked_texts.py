"""Texts in which personal data is marked: ``You can call <PHONE:555-0126> again.``"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.domain.speech import PiiMention, PiiType, Utterance

HARMLESS = "harmless"
_MARK = re.compile(r"<(" + "|".join(PiiType) + r"):([^<>]+)>")
_AGENT, _CUSTOMER = "agent", "customer"
_CUSTOMER_SAYS = "C:"


@dataclass(frozen=True, kw_only=True)
class MarkedText:
    """A text, or a short dialogue, and the personal data of each of its utterances."""

    form: str
    language: str
    utterances: tuple[Utterance, ...]
    truth: tuple[tuple[PiiMention, ...], ...]


def read_marked(path: Path) -> list[MarkedText]:
    """Return the texts of a file in order.

    A line is ``form | text`` or, in another language than English, ``form, de | text``. In a
    dialogue ``//`` parts the utterances; what begins with ``C:`` the customer says. Lines that
    begin with ``#`` are comments. Raises ValueError for a line without a form.
    """
    lines = path.read_text("utf-8").splitlines()
    return [_marked(line) for line in lines if line.strip() and not line.startswith("#")]


def _marked(line: str) -> MarkedText:
    head, parted, text = line.partition(" | ")
    if not parted:
        raise ValueError(f"No form before the text: {head[:40]}")
    form, _, language = head.partition(", ")
    said = list(_said(text))
    return MarkedText(
        form=form.strip(),
        language=language.strip() or "en",
        utterances=tuple(utterance for utterance, _ in said),
        truth=tuple(mentions for _, mentions in said),
    )


def _said(text: str) -> Iterator[tuple[Utterance, tuple[PiiMention, ...]]]:
    for at, piece in enumerate(text.split("//")):
        spoken = piece.strip()
        customer = spoken.startswith(_CUSTOMER_SAYS)
        plain, mentions = _unmarked(spoken.removeprefix(_CUSTOMER_SAYS).strip())
        utterance = Utterance(
            id=f"u{at}",
            speaker=_CUSTOMER if customer else _AGENT,
            start_ms=at * 1_000,
            end_ms=at * 1_000 + 900,
            text=plain,
        )
        yield utterance, mentions


def _unmarked(text: str) -> tuple[str, tuple[PiiMention, ...]]:
    plain, at = "", 0
    mentions: list[PiiMention] = []
    for mark in _MARK.finditer(text):
        plain += text[at : mark.start()]
        start = len(plain)
        plain += mark[2]
        kind = PiiType(mark[1])
        mentions.append(PiiMention(type=kind, start_char=start, end_char=len(plain)))
        at = mark.end()
    return plain + text[at:], tuple(mentions)
