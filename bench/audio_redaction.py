"""How much of the spoken personal data is covered in a recording, and at what cost.

``partyline bench audio-redaction FOLDER`` runs the whole local pipeline, redaction on, over the
recordings of a folder whose truth (``NAME.json`` beside ``NAME[.variant].flac``) says when each
number is spoken (``utterances[].pii[].start_s/end_s``). A mention counts as found when a
placeholder lies within a second of it: what redaction overlooks in the text, no margin can cover.
Names inside a sentence have no times in the truth; what covers them counts as lost speech, so the
true cost is lower.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from app.commands.console import say
from bench.results import RESULTS, keep, table
from bench.scoring.corpus import SOUND_ENDINGS
from services.analysis.covering import MARGIN, Margin, covered_stretches
from services.domain.calls import ProcessingOptions
from services.domain.errors import BadAudio, InvalidRequest
from services.domain.intervals import Interval, difference, intersection, length_ms, union
from services.domain.running import RunContext
from services.domain.speech import Transcript

NEAR_MS = 1_000
WORDY = frozenset({"PERSON", "EMAIL", "ADDRESS"})
BARE = Margin(before_ms=0, after_ms=0, reach_ms=0)
TRIED = (
    BARE,
    Margin(before_ms=100, after_ms=100, reach_ms=0),
    Margin(before_ms=200, after_ms=200, reach_ms=0),
    Margin(before_ms=300, after_ms=300, reach_ms=0),
    Margin(before_ms=500, after_ms=500, reach_ms=0),
    Margin(before_ms=0, after_ms=0, reach_ms=1_000),
    Margin(before_ms=200, after_ms=200, reach_ms=600),
    Margin(before_ms=300, after_ms=300, reach_ms=1_500),
    MARGIN,
)


@dataclass(frozen=True, kw_only=True)
class Truth:
    """When personal data is spoken, and when anybody speaks at all, in ms.

    ``numbers`` are those mentions that are told digit by digit.
    """

    mentions: tuple[Interval, ...]
    numbers: tuple[Interval, ...]
    speech: tuple[Interval, ...]


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Milliseconds and counts of one recording at one margin."""

    mentions: int
    found: int
    found_ms: int
    found_covered_ms: int
    number_ms: int
    number_covered_ms: int
    whole: int
    other_speech_ms: int
    other_covered_ms: int


def measure(folder: Path, only: str, json_file: Path | None) -> int:
    """Measure, print a table and write the figures; the exit status.

    Raises InvalidRequest when no recording in the folder has such truth beside it.
    """
    made = [(truth, transcript) for truth, transcript in _transcripts(folder, only)]
    if not made:
        raise InvalidRequest("No recording in this folder has truth with times beside it.")
    rows = [
        row_of(margin, [coverage(truth, transcript, margin) for truth, transcript in made])
        for margin in TRIED
    ]
    print(table(rows))
    today = datetime.now(UTC).date().isoformat()
    keep("audio-redaction", rows, json_file or RESULTS / f"audio-redaction-{today}.json")
    return 0


def coverage(truth: Truth, transcript: Transcript, margin: Margin) -> Coverage:
    """Compare what a redacted transcript covers at this margin with the truth."""
    bare = covered_stretches(transcript, BARE)
    covered = covered_stretches(transcript, margin)
    near = union((start - NEAR_MS, end + NEAR_MS) for start, end in bare)
    found = [mention for mention in truth.mentions if intersection([mention], near)]
    inside = [length_ms(intersection([mention], covered)) for mention in found]
    numbers = [mention for mention in found if mention in truth.numbers]
    other = difference(truth.speech, truth.mentions)
    return Coverage(
        mentions=len(truth.mentions),
        found=len(found),
        found_ms=sum(end - start for start, end in found),
        found_covered_ms=sum(inside),
        number_ms=length_ms(numbers),
        number_covered_ms=length_ms(intersection(numbers, covered)),
        whole=sum(ms == end - start for ms, (start, end) in zip(inside, found, strict=True)),
        other_speech_ms=length_ms(other),
        other_covered_ms=length_ms(intersection(other, covered)),
    )


def row_of(margin: Margin, measured: Sequence[Coverage]) -> dict[str, Any]:
    """Return the figures of all recordings together at one margin; shares in percent."""

    def total(name: str) -> int:
        return sum(int(getattr(one, name)) for one in measured)

    return {
        "before_ms": margin.before_ms,
        "after_ms": margin.after_ms,
        "reach_ms": margin.reach_ms,
        "recordings": len(measured),
        "mentions": total("mentions"),
        "found": total("found"),
        "covered_whole": total("whole"),
        "time_covered_percent": _percent(total("found_covered_ms"), total("found_ms")),
        "numbers_time_covered_percent": _percent(total("number_covered_ms"), total("number_ms")),
        "other_speech_lost_percent": _percent(total("other_covered_ms"), total("other_speech_ms")),
    }


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None


def read_truth(file: Path) -> Truth | None:
    """Return the times a truth file gives, None when it gives none."""
    try:
        lines = json.loads(file.read_text())["utterances"]
        mentions = [m for line in lines for m in line["pii"] if m["start_s"] is not None]
        return Truth(
            mentions=tuple(_ms(m["start_s"], m["end_s"]) for m in mentions),
            numbers=tuple(
                _ms(m["start_s"], m["end_s"]) for m in mentions if m["type"] not in WORDY
            ),
            speech=tuple(union(_ms(*voiced) for line in lines for voiced in line["voiced"])),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _ms(start_s: float, end_s: float) -> Interval:
    return (round(1000 * start_s), round(1000 * end_s))


def _transcripts(folder: Path, only: str) -> Iterator[tuple[Truth, Transcript]]:
    from app.local_models import build_labeller
    from app.settings import load_settings
    from app.wiring import build_models, build_providers
    from services.one_file import process_file

    settings, options = load_settings(), ProcessingOptions()
    provider, models = build_providers(settings).ready(options.provider), build_models(settings)
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SOUND_ENDINGS or not fnmatch(path.name, only):
            continue
        truth = read_truth(path.with_name(path.name.partition(".")[0] + ".json"))
        if truth is None:
            continue
        try:
            reviewed = process_file(
                path,
                provider,
                options,
                models,
                RunContext(),
                working_folder=settings.working_folder,
                max_duration_ms=settings.max_duration_ms,
                labeller=build_labeller(settings),
            )
        except BadAudio as error:
            say(f"{path.name}: {error.user_message}")
            continue
        say(f"{path.name}: done")
        yield truth, reviewed.transcript
