"""JSON lines in and out: order, ids, streaming, and what is said about a bad line."""

import io
import json
import os
import subprocess
import sys
import threading
from itertools import chain
from pathlib import Path

import pytest

from app.commands.json_lines import LINES_AT_ONCE, answer_lines, read_lines
from services.domain.errors import BadLine

ROOT = Path(__file__).resolve().parents[3]


def lengths(lines):
    return [{"length": len(line.text)} for line in lines]


def answered(content: bytes) -> list[dict]:
    target = io.BytesIO()
    answer_lines(lengths, io.BytesIO(content), target)
    return [json.loads(line) for line in target.getvalue().splitlines()]


def test_answers_come_in_order_with_ids_as_given():
    ids = ["b", 7, None, "é\ud800", {"call": 1}, 7]
    content = "\n\n".join(json.dumps({"id": i, "text": "ab", "more": 1}) for i in ids).encode()
    assert [a["id"] for a in answered(content)] == ids


def test_byte_order_mark_and_missing_last_newline():
    content = "\ufeff" + '{"id": 1, "text": "für"}\r\n  \n{"id": 2, "text": ""}'
    assert answered(content.encode()) == [{"id": 1, "length": 3}, {"id": 2, "length": 0}]


def test_previous_and_language_are_read_where_given():
    content = b'{"id":1,"text":"a","previous":"b","language":"es"}\n{"id":2,"text":"a"}'
    first, second = chain.from_iterable(read_lines(io.BytesIO(content)))
    assert (first.previous, first.language) == ("b", "es")
    assert (second.previous, second.language) == (None, None)


def test_many_lines_go_together_but_not_too_many():
    content = b'{"id":1,"text":"a"}\n' * (LINES_AT_ONCE * 2 + 1)
    assert [len(x) for x in read_lines(io.BytesIO(content))] == [LINES_AT_ONCE, LINES_AT_ONCE, 1]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[1]", "is not a JSON object"),
        (b'{"text": "secret"}', "has no id"),
        (b'{"id": 1}', "has no text"),
        (b'{"id": 1, "text": 5}', "has a text that is not a string"),
        (b'{"id": 1, "text": "a", "previous": 5}', "has a previous that is not a string"),
        (b'{"id": 1, "text": "\xff"}', "is not UTF-8"),
        (b'{"id": 1, "text": "' + b"a" * 3_000_000, "is too long"),
    ],
)
def test_a_bad_line_is_named_after_those_before_it_were_answered(line, why):
    target = io.BytesIO()
    with pytest.raises(BadLine) as refused:
        answer_lines(lengths, io.BytesIO(b'{"id":0,"text":"a"}\n\n' + line + b"\n"), target)
    assert refused.value.detail == f"Line 3 {why}."
    assert json.loads(target.getvalue()) == {"id": 0, "length": 1}


def test_a_line_is_answered_before_the_next_is_written():
    (source, writing), (answers, target) = os.pipe(), os.pipe()
    writing, answers = os.fdopen(writing, "wb"), os.fdopen(answers, "rb")
    reading, answering = os.fdopen(source, "rb"), os.fdopen(target, "wb")
    thread = threading.Thread(target=answer_lines, args=(lengths, reading, answering))
    thread.start()
    with reading, answering, answers:
        for n in range(3):
            writing.write(json.dumps({"id": n, "text": "a" * n}).encode() + b"\n")
            writing.flush()
            assert json.loads(answers.readline()) == {"id": n, "length": n}
        writing.close()
        thread.join(10)


@pytest.fixture
def sentiment(tmp_path):
    """Run ``partyline text sentiment``."""
    environment = {
        **{k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}},
        "PYTHONPATH": str(ROOT),
        "PARTYLINE_DATA_DIR": str(tmp_path),
    }

    def run(content: str, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "app.cli", "text", "sentiment", *options],
            input=content,
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_sentiment_of_lines(sentiment):
    lines = [
        {"id": "u1", "text": "this is absolutely terrible i want my money back"},
        {"id": "u2", "text": "The number is on the second page."},
        {"id": "u3", "text": "Thank you so much, you saved my day!"},
        {"id": "u4", "text": "Mitä kuuluu?", "language": "fi"},
    ]
    done = sentiment("\n".join(map(json.dumps, lines)))
    assert (done.returncode, done.stderr) == (0, "")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [a["label"] for a in answers] == ["negative", "neutral", "positive", None]
    assert answers[0]["score"] < 0 < answers[2]["score"]
    assert answers[3] == {"id": "u4", "label": None, "score": None}


def test_a_bad_line_ends_with_one_sentence(sentiment):
    done = sentiment('{"id": 1, "text": "My name is Jane Roe"')
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "Line 1 is not JSON" in done.stderr
    assert "Jane" not in done.stderr


def test_personal_data_of_lines(tmp_path):
    lines = [
        {"id": 1, "text": "My card is 4111 1111 1111 1111, and I'm Dana."},
        {"id": 2, "text": "It's four four one nine.", "previous": "Your booking reference?"},
        {"id": "ü", "text": "cuatro uno uno dos", "language": "es"},
        {"id": None, "text": "🙂 It costs $40."},
        {"id": 5, "text": ""},
    ]
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "text", "pii"],
        input="\n".join(map(json.dumps, lines)),
        env={
            **{k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}},
            "PYTHONPATH": str(ROOT),
            "PARTYLINE_DATA_DIR": str(tmp_path),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [a["id"] for a in answers] == [1, 2, "ü", None, 5]
    assert answers[0] == {
        "id": 1,
        "spans": [
            {"type": "CARD", "start": 11, "end": 30},
            {"type": "PERSON", "start": 40, "end": 44},
        ],
        "redacted": "My card is [CARD], and I'm [PERSON].",
    }
    assert answers[1]["redacted"] == "It's [BOOKING]."
    assert answers[2]["redacted"] == "[ACCOUNT]"
    assert answers[3] == {"id": None, "spans": [], "redacted": "🙂 It costs $40."}
    assert answers[4] == {"id": 5, "spans": [], "redacted": ""}
