"""Readers of truth files: JSON (times in seconds, or in milliseconds), STM and RTTM.

docs/accuracy.md describes the formats for whoever wants to measure calls of their own.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from bench.scoring.truth import BadTruth, Truth
from services.domain.intervals import Interval
from services.domain.metrics import Interruption
from services.domain.speech import Span, SpeakerRole, Utterance

MS_PER_S = 1000
IN_MILLISECONDS = "partyline.truth/1"
STM_FIELDS = 5
RTTM_FIELDS = 8
ROLES = {role.value: role for role in (SpeakerRole.AGENT, SpeakerRole.CUSTOMER)}
T = TypeVar("T")


def truth_beside(stem: Path) -> Truth | None:
    """Return the truth in the files called ``stem`` with a known ending, or None.

    JSON holds everything and wins; else words come from STM and voiced intervals from RTTM,
    without which the lines of the STM stand in for them. Raises BadTruth.
    """
    for ending in (".json", ".truth.json"):
        if (file := _with(stem, ending)).is_file():
            return read_json(_text(file))
    words, voices = _with(stem, ".stm"), _with(stem, ".rttm")
    truth = None
    if words.is_file():
        truth = read_stm(_text(words))
    if voices.is_file():
        truth = replace(truth or Truth(), spans=read_rttm(_text(voices)))
    return truth


def _with(stem: Path, ending: str) -> Path:
    return stem.with_name(stem.name + ending)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadTruth("It can't be read as text in UTF-8.") from None


# --- JSON -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Clock:
    """How a JSON file writes times: the ending of their names, and milliseconds a unit."""

    ending: str
    unit_ms: int

    def ms(self, time: float) -> int:
        return round(self.unit_ms * time)

    def interval(self, written: Mapping[str, Any]) -> Interval:
        return (
            self.ms(written[f"start_{self.ending}"]),
            self.ms(written[f"end_{self.ending}"]),
        )


def read_json(text: str) -> Truth:
    """Read a truth file in JSON. Raises BadTruth for anything that isn't one."""
    try:
        written = json.loads(text)
        if written.get("schema") == IN_MILLISECONDS:
            return _from_json(written, _Clock(ending="ms", unit_ms=1), holds="holds")
        return _from_json(written, _Clock(ending="s", unit_ms=MS_PER_S), holds="hold")
    except KeyError as error:
        raise BadTruth(f"There is no {error.args[0]} where one is needed.") from None
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise BadTruth("It isn't JSON of the expected form.") from None


def _from_json(written: Mapping[str, Any], clock: _Clock, *, holds: str) -> Truth:
    utterances = sorted(
        (_utterance(number, one, clock) for number, one in enumerate(written["utterances"])),
        key=lambda u: u.start_ms,
    )
    speakers = {str(u.speaker) for u in utterances}
    return Truth(
        utterances=tuple(utterances),
        spans=tuple(_spans(written, clock)),
        interruptions=_interruptions(written["utterances"], clock),
        holds=_intervals(written.get(holds), clock),
        dead_air=_intervals(written.get("dead_air"), clock),
        dead_air_over_ms=5_000 if clock.unit_ms == 1 else 3_000,
        roles={name: ROLES[name] for name in sorted(speakers) if name in ROLES},
    )


def _utterance(number: int, written: Mapping[str, Any], clock: _Clock) -> Utterance:
    start_ms, end_ms = clock.interval(written)
    return Utterance(
        id=str(number),
        speaker=str(written["speaker"]),
        start_ms=start_ms,
        end_ms=end_ms,
        text=str(written["text"]),
    )


def _spans(written: Mapping[str, Any], clock: _Clock) -> Iterator[Span]:
    """Yield the voiced intervals: of their own, or of each utterance, or the utterances."""
    if "voiced" in written:
        for one in written["voiced"]:
            yield _span(str(one["speaker"]), clock.interval(one))
        return
    for utterance in written["utterances"]:
        speaker = str(utterance["speaker"])
        if not utterance.get("voiced"):
            yield _span(speaker, clock.interval(utterance))
        for start, end in utterance.get("voiced") or ():
            yield _span(speaker, (clock.ms(start), clock.ms(end)))


def _span(speaker: str, interval: Interval) -> Span:
    return Span(speaker=speaker, start_ms=interval[0], end_ms=interval[1])


def _interruptions(
    utterances: Iterable[Mapping[str, Any]], clock: _Clock
) -> tuple[Interruption, ...] | None:
    if not all("interrupts" in one for one in utterances):
        return None
    breaking_in = [(str(u["speaker"]), clock.interval(u)) for u in utterances if u["interrupts"]]
    return tuple(
        Interruption(by=speaker, start_ms=start, end_ms=end)
        for speaker, (start, end) in breaking_in
    )


def _intervals(
    written: Iterable[Mapping[str, Any]] | None, clock: _Clock
) -> tuple[Interval, ...] | None:
    return None if written is None else tuple(clock.interval(one) for one in written)


# --- STM and RTTM -----------------------------------------------------------------------------


def read_stm(text: str) -> Truth:
    """Read lines ``name channel speaker start end [<label>] words``, times in seconds."""
    utterances = sorted(
        _each_line(text, _stm_line), key=lambda u: (u.start_ms, u.end_ms, u.speaker or "")
    )
    spans = (_span(str(u.speaker), (u.start_ms, u.end_ms)) for u in utterances)
    return Truth(utterances=tuple(utterances), spans=tuple(spans))


def read_rttm(text: str) -> tuple[Span, ...]:
    """Read lines ``SPEAKER name channel start duration <NA> <NA> speaker …``, in seconds."""
    return tuple(span for span in _each_line(text, _rttm_line) if span is not None)


def _stm_line(line: str) -> Utterance:
    parts = line.split(maxsplit=STM_FIELDS)
    start, end = float(parts[3]), float(parts[4])
    words = parts[STM_FIELDS].strip() if len(parts) > STM_FIELDS else ""
    if words.startswith("<"):
        words = words.partition(">")[2].strip()
    return Utterance(
        id="",
        speaker=parts[2],
        start_ms=round(MS_PER_S * start),
        end_ms=round(MS_PER_S * end),
        text=words,
    )


def _rttm_line(line: str) -> Span | None:
    parts = line.split()
    if parts[0] != "SPEAKER":
        return None
    start, duration = float(parts[3]), float(parts[4])
    speaker = parts[RTTM_FIELDS - 1]
    return _span(speaker, (round(MS_PER_S * start), round(MS_PER_S * (start + duration))))


def _each_line(text: str, read: Callable[[str], T]) -> Iterator[T]:
    """Read line by line, without empty ones and comments. Raises BadTruth naming the line."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith(";"):
            continue
        try:
            yield read(line)
        except (IndexError, ValueError, OverflowError):
            raise BadTruth(f"Line {number} does not have the expected fields.") from None
