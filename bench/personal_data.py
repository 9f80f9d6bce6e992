"""Scores the recognising of personal data in texts, beside Presidio alone.

``partyline bench personal-data`` takes the marked texts in ``bench/personal_data_texts``: single
texts as they come from anywhere, and short dialogues in which a question gives a number its
meaning. Recognisers were tuned on ``tuned.txt``; ``held_out.txt`` was written before and left
alone. A mention counts as found when all its letters and digits would be taken out and something
of its kind was found there; ``covered`` asks for the first only. Precision is the share of
findings that touch a mention. Speed is that of single texts, 64 at a time, with models loaded.
"""

import fnmatch
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.results import RESULTS, keep, table
from bench.scoring.marked_texts import HARMLESS, MarkedText, read_marked
from bench.scoring.mentions import MentionCounts, is_covered, touch
from services.domain.errors import InvalidRequest
from services.domain.speech import PiiMention, PiiType
from services.understanding.redaction import Redactor, with_placeholders

TEXTS = Path(__file__).parent / "personal_data_texts"
AT_ONCE = 64
SPEED_TEXTS = 1_000

Find = Callable[[MarkedText], list[tuple[PiiMention, ...]]]


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a person asked for: which files, the peer beside ours, and the mistakes printed."""

    only: str = "*"
    peer: bool = True
    show: bool = False


def measure(wishes: Wishes, json_file: Path | None) -> int:
    """Measure, print tables, and write the figures; the exit status.

    Without ``json_file`` they are kept beside this script, under today's date. Raises
    InvalidRequest when no file fits.
    """
    files = [f for f in sorted(TEXTS.glob("*.txt")) if fnmatch.fnmatch(f.name, wishes.only)]
    if not files:
        raise InvalidRequest("No file of marked texts has a name like that.")
    redactor = Redactor()
    peer = _peer() if wishes.peer else None
    rows: list[dict[str, Any]] = []
    for file in files:
        texts = read_marked(file)
        counts = count(texts, our_finding(redactor), show=wishes.show)
        beside = count(texts, peer) if peer and _english(texts) else None
        rows += _rows(file.stem, counts, beside)
        print(f"\n{file.stem}\n\n{table(rows_of(rows, file.stem))}")
        print(_summary(counts, beside))
    every = [u.text for file in files for t in read_marked(file) for u in t.utterances]
    speed = texts_per_s(redactor, every)
    print(f"\n{speed:.0f} texts/s")
    rows.append({"set": "speed", "texts_per_s": round(speed, 1), "texts": SPEED_TEXTS})
    day = datetime.now(UTC).date().isoformat()
    keep("personal-data", rows, json_file or RESULTS / f"personal-data-{day}.json")
    return 0


def our_finding(redactor: Redactor) -> Find:
    """Return how ours finds: a dialogue as a conversation, a single text on its own."""

    def find(text: MarkedText) -> list[tuple[PiiMention, ...]]:
        if len(text.utterances) == 1:
            return [redactor.find_text(text.utterances[0].text, text.language)]
        return redactor.find(text.utterances, text.language)

    return find


def count(texts: Sequence[MarkedText], find: Find, *, show: bool = False) -> MentionCounts:
    """Count over texts; ``show`` prints those in which something is missing or too much."""
    counts = MentionCounts()
    for text in texts:
        found = find(text)
        for utterance, truth, own in zip(text.utterances, text.truth, found, strict=True):
            if text.form == HARMLESS:
                counts.add_harmless(own)
            else:
                counts.add(utterance.text, text.form, truth, own)
            if show and not _is_right(utterance.text, truth, own):
                print(f"{text.form}: {utterance.text}\n    {_redacted(utterance.text, own)}")
    return counts


def texts_per_s(redactor: Redactor, texts: Sequence[str]) -> float:
    """Return how many texts are read in a second; the same ones again make up the number."""
    many = [texts[n % len(texts)] for n in range(SPEED_TEXTS)]
    redactor.find_texts(many[:AT_ONCE])
    began = time.perf_counter()
    for at in range(0, len(many), AT_ONCE):
        redactor.find_texts(many[at : at + AT_ONCE])
    return len(many) / (time.perf_counter() - began)


def rows_of(rows: Sequence[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Return the rows of one file without its name."""
    return [{k: v for k, v in row.items() if k != "set"} for row in rows if row["set"] == name]


def _peer() -> Find:
    from bench.presidio_peer import PresidioAlone

    alone = PresidioAlone()
    return lambda text: [alone.find(utterance.text) for utterance in text.utterances]


def _english(texts: Sequence[MarkedText]) -> bool:
    return all(text.language == "en" for text in texts)


def _rows(name: str, ours: MentionCounts, peer: MentionCounts | None) -> list[dict[str, Any]]:
    forms = sorted({form for _, form in ours.truth})
    kinds: list[tuple[str, dict[str, Any]]] = [(kind.value, {"kind": kind}) for kind in PiiType]
    wanted = [*kinds, *((form, {"form": form}) for form in forms), ("all", {})]
    return [
        {
            "set": name,
            "of": label,
            "mentions": ours.mentions(**of),
            "recall": ours.recall(**of),
            "covered": ours.coverage(**of),
            "presidio covered": peer.coverage(**of) if peer else None,
        }
        for label, of in wanted
    ] + [_totals(name, "ours", ours), *([_totals(name, "presidio", peer)] if peer else [])]


def _totals(name: str, who: str, counts: MentionCounts) -> dict[str, Any]:
    return {
        "set": name,
        "of": f"{who}, findings",
        "mentions": counts.right + counts.wrong,
        "precision": counts.precision,
        "harmless": counts.harmless,
        "touched": counts.touched,
    }


def _summary(ours: MentionCounts, peer: MentionCounts | None) -> str:
    lines = [_sentence("ours", ours)]
    return "\n".join(lines + ([_sentence("Presidio alone", peer)] if peer else []))


def _sentence(who: str, counts: MentionCounts) -> str:
    precision = "–" if counts.precision is None else f"{counts.precision:.3f}"
    return f"{who}: precision {precision}, touches {counts.touched} of {counts.harmless} harmless"


def _is_right(text: str, truth: Sequence[PiiMention], found: Sequence[PiiMention]) -> bool:
    complete = all(
        is_covered(text, m, found) and any(touch(m, f) and m.type is f.type for f in found)
        for m in truth
    )
    return complete and all(any(touch(m, f) for m in truth) for f in found)


def _redacted(text: str, found: Sequence[PiiMention]) -> str:
    return with_placeholders(text, found).text
