"""``partyline compare``: two transcripts of a stored call beside each other."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from app.commands.console import operator
from app.settings import Settings
from app.wiring import build_services
from services.domain.comparing import ComparedRow, Passage, WordDifferences, WordKind
from services.domain.errors import InvalidRequest
from services.domain.part import write_clock
from services.domain.speech import Transcript
from services.review.comparing import KnownTranscript

# As wdiff marks words that only one of two texts has.
ONLY_HERE = {"reference": "[-{}-]", "other": "{{+{}+}}"}


def compare_transcripts(
    settings: Settings,
    call_id: str,
    reference: int | None,
    other: int | None,
    *,
    everything: bool,
    as_json: bool,
) -> None:
    """Write how two transcripts differ. Raises NotFound, NotReady, InvalidRequest."""
    services, user = build_services(settings), operator(settings)
    # A call that isn't there is told before what it has too few of.
    services.review.load(user, call_id)
    known = services.comparing.transcripts(user, call_id)
    sides = _chosen(known, reference, other)
    found = services.comparing.compare(user, call_id, *(one.version.id for one in sides))
    services.close()
    counts, rows = found.comparison.counts, found.comparison.rows
    if as_json:
        document = {
            "reference": _side(sides[0]),
            "other": _side(sides[1]),
            "counts": {**asdict(counts), "errors": counts.errors, "rate": counts.rate},
            "rows": [asdict(row) for row in rows if everything or not row.alike],
        }
        print(json.dumps(document, ensure_ascii=False))
        return
    _write_counts(sides, counts)
    transcripts = (found.reference.transcript, found.other.transcript)
    for row in rows:
        if everything or not row.alike:
            _write_row(row, transcripts)


def _chosen(
    known: Sequence[KnownTranscript], reference: int | None, other: int | None
) -> tuple[KnownTranscript, KnownTranscript]:
    """Return the transcripts of these runs: by default the one shown, and the newest other."""
    runs = {one.version.run: one for one in known}
    if len(runs) < 2:
        raise InvalidRequest("This call has one transcript only.")
    for run in (reference, other):
        if run is not None and run not in runs:
            there = ", ".join(map(str, runs))
            raise InvalidRequest(f"The call has transcripts of the runs {there}.")
    shown = next((one.version.run for one in known if one.version.is_active), max(runs))
    first = shown if reference is None else reference
    second = max(run for run in runs if run != first) if other is None else other
    if first == second:
        raise InvalidRequest("Choose two different runs.")
    return runs[first], runs[second]


def _side(known: KnownTranscript) -> dict[str, object]:
    version = known.version
    return {"run": version.run, "provider": version.provider, "relabelled": known.relabelled}


def _write_counts(sides: tuple[KnownTranscript, KnownTranscript], counts: WordDifferences) -> None:
    for title, known in zip(("Reference", "Compared"), sides, strict=True):
        anew = ", speakers told apart again" if known.relabelled else ""
        print(f"{title}: run {known.version.run}, {known.version.provider}{anew}")
    print(
        f"{counts.words} words: {counts.same} the same, {counts.changed} changed, "
        f"{counts.missing} missing, {counts.added} added"
    )
    if counts.other_speaker:
        print(f"{counts.other_speaker} of the same words are given to another speaker")
    rate = "none, for there is no word" if counts.rate is None else f"{counts.rate:.1%}"
    print(f"Word error rate: {rate}")


def _write_row(row: ComparedRow, transcripts: tuple[Transcript, Transcript]) -> None:
    at = f"{write_clock(row.start_ms // 1000 * 1000):>8}  "
    reference = [row.reference] if row.reference else []
    lines = [
        *_lines(reference, transcripts[0], ONLY_HERE["reference"]),
        *_lines(row.other, transcripts[1], ONLY_HERE["other"]),
    ]
    print()
    for number, line in enumerate(lines):
        print(f"{at if number == 0 else ' ' * len(at)}{line}")


def _lines(passages: Sequence[Passage], transcript: Transcript, mark: str) -> list[str]:
    """Return what is said as lines, words that only this transcript has between marks."""
    if not passages:
        return ["(nothing here)"]
    said = []
    for passage in passages:
        speaker = transcript.speaker(passage.speaker)
        words = (
            piece.text if piece.kind is WordKind.SAME else mark.format(piece.text)
            for piece in passage.pieces
        )
        said.append(f"{speaker.label if speaker else 'Nobody known'}: {' '.join(words)}")
    return said
