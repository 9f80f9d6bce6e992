"""A call full of personal data, and where to look for it afterwards."""

import re
import sqlite3
import subprocess
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from services.domain.speech import Span, Statement, Summary, Transcript, Utterance, Word
from services.providers.scripted import ScriptedProvider
from tests import builders

LINE_MS = 4_000
WORD_MS = 250

NAME = "Marguerite Holloway"
CARD = "4000056655665556"
PHONE = "07700 900417"
FILE_NAME = f"call with {NAME} {CARD}.wav"

LINES = (
    ("s1", "Thank you for calling, may I have your full name please?"),
    ("s2", f"Yes, my name is {NAME}."),
    ("s1", "Thank you, Marguerite. What is your card number?"),
    ("s2", "It's four zero zero zero zero five six six."),
    ("s2", "five five six six five five five six."),
    ("s1", "And the security code on the back?"),
    ("s2", "It's seven three nine."),
    ("s1", "What is the best phone number for you?"),
    ("s2", f"My number is {PHONE}."),
    ("s1", "And your email address?"),
    ("s2", "It's m.holloway@example.org."),
    ("s1", "And your date of birth?"),
    ("s2", "The ninth of November nineteen sixty four."),
    ("s1", "Can you confirm your social security number?"),
    ("s2", "It's 987-65-4329."),
    ("s1", "What is your address?"),
    ("s2", "It's 48 Wexcombe Lane, Harrogate."),
    ("s1", "Which IBAN shall I use for the refund?"),
    ("s2", "GB29 NWBK 6016 1331 9268 19."),
    ("s1", "And the policy number?"),
    ("s2", "It's HX-204-8837."),
    ("s1", "And your booking reference?"),
    ("s2", "The booking reference is QX7T29."),
    ("s1", "And the account number?"),
    ("s2", "The account number is 88 41 77 23."),
    ("s1", "Thank you, all done."),
)
# As it may turn up again, in small letters: written, spoken, and as bare digits.
# Each is long enough not to come about by chance in an encrypted recording.
VALUES = (
    *("marguerite", "holloway", "four zero zero zero", "five five six six five five"),
    *("seven three nine", "07700 900417", "m.holloway", "ninth of november", "987-65-4329"),
    *("wexcombe", "gb29 nwbk", "gb29nwbk", "hx-204-8837", "qx7t29", "88 41 77 23"),
)
# An index keeps of each word what differs from the one before: endings are all there may be.
ENDINGS = ("lloway", "guerite", "xcombe", "x7t29")
DIGITS = (CARD, "40000566", "55665556", "07700900417", "987654329", "60161331926819", "88417723")


def transcript_of(duration_ms: int) -> Transcript:
    """Return the call's transcript with a summary that repeats what was said."""
    lines = tuple(_line(n, speaker, text) for n, (speaker, text) in enumerate(LINES))
    made = builders.transcript(*lines)
    summary = Summary(
        reason=Statement(text=f"{NAME} called about card {CARD}.", utterances=("u1",)),
        outcome=Statement(text="A refund goes to GB29 NWBK 6016 1331 9268 19."),
        promises=(Statement(text=f"Call back on {PHONE}."),),
    )
    spans = tuple(Span(speaker=str(u.speaker), start_ms=u.start_ms, end_ms=u.end_ms) for u in lines)
    return replace(
        made, duration_ms=duration_ms, summary=summary, spans=spans, stages={"recognition": "test"}
    )


def _line(number: int, speaker: str, text: str) -> Utterance:
    start_ms = number * LINE_MS
    words = tuple(
        Word(text=w, start_ms=start_ms + i * WORD_MS, end_ms=start_ms + (i + 1) * WORD_MS)
        for i, w in enumerate(text.split())
    )
    return Utterance(
        id=f"u{number}",
        speaker=speaker,
        start_ms=start_ms,
        end_ms=words[-1].end_ms,
        text=text,
        words=words,
    )


class CanaryProvider(ScriptedProvider):
    """Fails once with an error that repeats what was said, then delivers it."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[Exception] = [RuntimeError(f"the service said: {NAME}, {CARD}")]

    def _transcribe_impl(self, recording, options, context):  # type: ignore[no-untyped-def]
        super()._transcribe_impl(recording, options, context)
        context.checkpoints["words"] = f"{NAME} {CARD}".encode()
        if self.failures:
            raise self.failures.pop()
        return transcript_of(recording.duration_ms)


def contents(folder: Path, copy: Path) -> dict[str, str]:
    """Return every file below a folder as text, by path.

    Copied by another process: opening a database here would take its locks away.
    """
    subprocess.run(["cp", "-r", str(folder), str(copy)], check=True)
    return {
        str(path.relative_to(copy)): path.read_bytes().decode("latin-1")
        for path in copy.rglob("*")
        if path.is_file()
    }


def tables(copy: Path) -> dict[str, str]:
    """Return all rows of every table in a copied database as text, the index's words included."""
    connection = sqlite3.connect(copy / "partyline.db")
    kinds = "SELECT name FROM sqlite_master WHERE type = 'table'"
    names = [name for (name,) in connection.execute(kinds)]
    found = {
        f"table {name}": "\n".join(
            " ".join(map(_unpacked, row)) for row in connection.execute(f'SELECT * FROM "{name}"')
        )
        for name in names
    }
    words = "CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, shown_utterance_words, 'row')"
    connection.execute(words)
    found["words of the index"] = " ".join(
        term for (term,) in connection.execute("SELECT term FROM temp.words")
    )
    connection.close()
    return found


def _unpacked(cell: object) -> str:
    if not isinstance(cell, bytes):
        return str(cell)
    with suppress(zlib.error):
        cell = zlib.decompress(cell)
    return cell.decode("latin-1")


def leaks(surfaces: Mapping[str, str], names: Iterable[str] = ()) -> set[str]:
    """Return the surfaces on which any of the values can be found, in any form."""
    found = {name for name, text in surfaces.items() if _holds(text)}
    return found | {name for name in names if _holds(name)}


def _holds(text: str) -> bool:
    plain = text.casefold()
    unescaped = re.sub(r"[\s_]+", " ", plain)
    digits = re.sub(r"(?<=\d)[ ._()/-]{1,2}(?=\d)", "", plain)
    return any(v in plain or v in unescaped for v in VALUES) or any(d in digits for d in DIGITS)


def index_endings(found: Mapping[str, str]) -> set[str]:
    """Return the endings of planted words that are left in the index's own pages."""
    pages = found["table shown_utterance_words_data"]
    return {ending for ending in ENDINGS if ending in pages}
