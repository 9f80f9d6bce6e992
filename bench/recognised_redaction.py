"""How much personal data is taken out of recognised speech, for each kind.

``partyline bench recognised-redaction TRANSCRIPTS TRUTH`` reads transcripts that were made with
``--no-redact --format json``, redacts them and holds them against the truth beside the recordings
(``NAME.json`` for ``NAME.variant.json``). A mention with times counts as found when a placeholder
lies within a second of it, as covered when silence covers nearly all of it, and as clean when no
recognised digit and no word of it but a filler is left where it is spoken. A name inside a sentence
has no times: it is clean when no word like it is left in the redacted lines of that moment.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from bench.audio_redaction import BARE, NEAR_MS
from bench.results import RESULTS, keep, table
from services.analysis.covering import covered_stretches
from services.domain.errors import InvalidRequest
from services.domain.intervals import Interval, intersection, length_ms
from services.domain.placeholders import placeholders_in
from services.domain.speech import Transcript
from services.exports.call_reading import read_json
from services.understanding.redaction import Redactor

NEARLY_ALL = 0.95
AROUND_MS = 1_500
"""How far from a line's true times its recognised words are looked for."""
ALIKE = 0.74
_SHORTEST = 3
_FILLERS = frozenset({
    "a", "and", "as", "at", "dash", "date", "for", "in", "is", "it", "it's", "its", "just", "my",
    "name", "of", "oh", "okay", "on", "so", "spelled", "sure", "that's", "the", "then", "to", "uh",
    "um", "with", "yeah", "yes",
})  # fmt: skip
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True, kw_only=True)
class Mention:
    """Something personal that is truly said; ``within`` is its own time or its line's, in ms."""

    kind: str
    text: str
    within: Interval
    timed: bool


def measure(transcripts: Path, truth: Path, json_file: Path | None, *, show: bool) -> int:
    """Measure, print a table and write the figures; the exit status.

    Raises InvalidRequest when no transcript has truth.
    """
    counts: Counter[tuple[str, str]] = Counter()
    calls = 0
    redactor = Redactor()
    for file in sorted(transcripts.glob("*.json")):
        mentions = list(read_mentions(truth / f"{file.name.partition('.')[0]}.json"))
        if not mentions:
            continue
        calls += 1
        redacted = redactor.redact(read_json(file.read_bytes()).transcript)
        for mention in mentions:
            counts[mention.kind, "mentions"] += 1
            outcome = judged(mention, redacted)
            for what in ("found", "covered", "clean"):
                counts[mention.kind, what] += bool(outcome[what])
            if show and not (outcome["found"] and outcome["covered"] and outcome["clean"]):
                print(f"{file.stem}: {mention.kind} {mention.text!r} {outcome}")
    if not calls:
        raise InvalidRequest("No transcript in this folder has truth beside its recording.")
    rows = rows_of(counts)
    print(table(rows))
    today = datetime.now(UTC).date().isoformat()
    keep("recognised-redaction", rows, json_file or RESULTS / f"recognised-redaction-{today}.json")
    return 0


def read_mentions(file: Path) -> Iterator[Mention]:
    """Yield what a truth file says is personal; nothing where there is no such file."""
    if not file.is_file():
        return
    for line in json.loads(file.read_text("utf-8"))["utterances"]:
        for said in line["pii"]:
            timed = said["start_s"] is not None
            start, end = (said if timed else line)["start_s"], (said if timed else line)["end_s"]
            if not said.get("optional"):
                yield Mention(
                    kind=said["type"],
                    text=said["text"],
                    within=(round(1000 * start), round(1000 * end)),
                    timed=timed,
                )


def judged(mention: Mention, redacted: Transcript) -> dict[str, Any]:
    """Say whether a mention was found, is covered, is clean, and which words of it are left."""
    start, end = mention.within
    if not mention.timed:
        left = _like(mention.text, redacted, (start - AROUND_MS, end + AROUND_MS))
        return {"found": not left, "covered": not left, "clean": not left, "left": left}
    bare = covered_stretches(redacted, BARE)
    near = intersection(bare, [(start - NEAR_MS, end + NEAR_MS)])
    covered = length_ms(intersection(covered_stretches(redacted), [mention.within]))
    left = [word for word in _words(redacted, mention.within) if word.lower() not in _FILLERS]
    return {
        "found": bool(near),
        "covered": covered >= NEARLY_ALL * (end - start),
        "clean": not left,
        "left": left,
    }


def rows_of(counts: Counter[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return the counts of each kind, and of all together."""
    kinds = sorted({kind for kind, _ in counts})
    columns = ("mentions", "found", "covered", "clean")
    rows: list[dict[str, Any]] = [
        {"kind": kind, **{column: counts[kind, column] for column in columns}} for kind in kinds
    ]
    return [*rows, {"kind": "all", **{c: sum(row[c] for row in rows) for c in columns}}]


def _words(redacted: Transcript, within: Interval) -> list[str]:
    """Return the words whose middle lies in this time and that are no placeholders."""
    return [
        found
        for line in redacted.utterances
        for word in line.words
        if within[0] <= (word.start_ms + word.end_ms) // 2 < within[1]
        and next(placeholders_in(word.text), None) is None
        for found in _WORD.findall(word.text)
    ]


def _like(name: str, redacted: Transcript, within: Interval) -> list[str]:
    """Return the words that are left and read like a part of this name."""
    parts = [p.lower() for p in _WORD.findall(name) if len(p) >= _SHORTEST]
    return [
        word
        for word in _words(redacted, within)
        if any(
            word[0].lower() == part[0]
            and SequenceMatcher(None, word.lower(), part).ratio() >= ALIKE
            for part in parts
        )
    ]
