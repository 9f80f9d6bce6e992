"""JSON lines on standard input, answered line by line on standard output in the same order."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn, Protocol

from services.domain.errors import BadLine

LINES_AT_ONCE = 64
READ_BYTES = 1 << 16
MOST_LINE_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class TextLine:
    """One text to answer; ``id`` is any JSON value and goes back as it came.

    ``previous`` is what was said right before it, ``language`` a language code, where given.
    """

    id: Any
    text: str
    previous: str | None = None
    language: str | None = None


class AnswersTexts(Protocol):
    """Answers several texts at once, which is faster than one by one."""

    def __call__(self, lines: Sequence[TextLine]) -> Sequence[Mapping[str, Any]]:
        """Return what stands beside the id in the answer to each line."""


def answer_lines(
    answers: AnswersTexts, source: BinaryIO | None = None, target: BinaryIO | None = None
) -> int:
    """Answer every line of standard input; the exit status. Raises BadLine.

    What has arrived is answered before more is waited for, so that a program may write a line, read
    its answer and write the next. Lines before a bad one are answered.
    """
    source = source or sys.stdin.buffer
    target = target or sys.stdout.buffer
    for lines in read_lines(source):
        for line, answer in zip(lines, answers(lines), strict=True):
            # Escaped, because an id may hold halves of characters that can't be written otherwise.
            target.write(json.dumps({"id": line.id, **answer}).encode() + b"\n")
        target.flush()
    return 0


def read_lines(source: BinaryIO) -> Iterator[list[TextLine]]:
    """Read lines as they arrive, up to ``LINES_AT_ONCE`` together. Raises BadLine."""
    number = 0
    for arrived in _arriving(source):
        together: list[TextLine] = []
        for raw in arrived:
            number += 1
            if not raw.strip():
                continue
            try:
                together.append(_parsed(raw, number))
            except BadLine:
                if together:
                    yield together
                raise
            if len(together) == LINES_AT_ONCE:
                yield together
                together = []
        if together:
            yield together


def _arriving(source: BinaryIO) -> Iterator[list[bytes]]:
    """Yield all lines that are there without waiting for the next, then wait for more."""
    rest = b""
    read = getattr(source, "read1", source.read)
    while got := read(READ_BYTES):
        *lines, rest = (rest + got).split(b"\n")
        yield lines
        if len(rest) > MOST_LINE_BYTES:
            break
    if rest:
        yield [rest]


def _parsed(raw: bytes, number: int) -> TextLine:
    def refuse(why: str) -> NoReturn:
        raise BadLine(f"Line {number} {why}.") from None

    if len(raw) > MOST_LINE_BYTES:
        refuse("is too long")
    try:
        value = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError:
        refuse("is not UTF-8")
    except (ValueError, RecursionError):
        refuse("is not JSON")
    if not isinstance(value, dict):
        refuse("is not a JSON object")
    if "id" not in value:
        refuse("has no id")
    for key in ("text", "previous", "language"):
        wanted = str if key == "text" else (str, type(None))
        if not isinstance(value.get(key), wanted):
            refuse(f"has no {key}" if key not in value else f"has a {key} that is not a string")
    return TextLine(
        id=value["id"],
        text=_clean(value["text"]),
        previous=_clean(value["previous"]) if value.get("previous") else None,
        language=value.get("language") or None,
    )


def _clean(text: str) -> str:
    """Return the text without halves of characters, of which models make nothing."""
    return text.encode(errors="replace").decode()
