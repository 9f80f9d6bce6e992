"""Many calls of made-up words, straight into the tables that searching reads.

Words are as frequent as in real talk (Zipf's law, as Mandelbrot corrected it), some of them run
through one call only, and calls have agents, queues, categories and languages to filter by.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, Table, insert

from services.domain.calls import CallState
from services.storage.database import writing
from services.storage.models import CALLS, TRANSCRIPTS
from services.storage.rule_tables import CALL_CATEGORIES
from services.storage.search_places import LINES_PER_CALL, places_in_order
from services.storage.search_tables import FTS_TABLE, SHOWN_UTTERANCES

ORG = "bench"
LINES_PER_MADE_CALL = 40
VOCABULARY = 20_000
MANDELBROT_SHIFT = 2.7
CALLS_AT_ONCE = 2_000
DAYS = 730
LAST = datetime(2026, 6, 30, 18, tzinfo=UTC)
AGENTS, QUEUES, RULES = 200, 12, 15
_TOP_WORDS = """
the i you to a and it that is my of in for we have on so me your can this be not do with was but
are just okay yes no thank please will call at help know if or get account what right let one
would need see there now like all time how about good dont well order number day yeah they from
out up going make when because sure money bill payment card
"""
COMMON = _TOP_WORDS.split()


def word(rank: int) -> str:
    """Return the word that is the so many most frequent one, counted from 0."""
    if rank < len(COMMON):
        return COMMON[rank]
    consonants, vowels = "bdfgklmnprstvz", "aeiou"
    letters, rest = "", rank
    while rest:
        rest, c = divmod(rest, len(consonants))
        rest, v = divmod(rest, len(vowels))
        letters += consonants[c] + vowels[v]
    return letters + "x"


def make_history(engine: Engine, calls: int) -> None:
    """Fill an empty, migrated database with so many calls; the index is made at the end."""
    is_sqlite = engine.dialect.name == "sqlite"
    made = _Maker(calls)
    with writing(engine) as connection:
        triggers = _without_index(connection) if is_sqlite else []
        for first in range(0, calls, CALLS_AT_ONCE):
            some = range(first, min(calls, first + CALLS_AT_ONCE))
            for target, rows in made.rows(some):
                _add(connection, target, rows)
            sys.stderr.write(f"\r{some.stop:,} calls")
        sys.stderr.write("\nindexing …\n")
        if is_sqlite:
            connection.exec_driver_sql(f"INSERT INTO {FTS_TABLE}({FTS_TABLE}) VALUES ('rebuild')")
            for trigger in triggers:
                connection.exec_driver_sql(trigger)
        else:
            connection.exec_driver_sql(
                "CREATE INDEX ix_shown_utterances_words_index ON shown_utterances "
                "USING gin (words_index)"
            )
    if not is_sqlite:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _without_index(connection: Connection) -> list[str]:
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{}'"
    found = connection.exec_driver_sql(query.format(SHOWN_UTTERANCES.name)).all()
    for name, _ in found:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    return [sql for _, sql in found]


def _add(connection: Connection, target: Table, rows: Sequence[dict[str, Any]]) -> None:
    if connection.dialect.name == "sqlite":
        connection.execute(insert(target), rows)
        return
    if target is SHOWN_UTTERANCES:
        connection.exec_driver_sql("DROP INDEX IF EXISTS ix_shown_utterances_words_index")
    names = list(rows[0])
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {target.name} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])


class _Maker:
    def __init__(self, calls: int) -> None:
        ranks = np.arange(VOCABULARY) + 1 + MANDELBROT_SHIFT
        self._shares = np.cumsum(1 / ranks)
        self._shares /= self._shares[-1]
        self._words = [word(rank) for rank in range(VOCABULARY)]
        self._rng = np.random.default_rng(7)
        self._calls = calls

    def rows(self, numbers: range) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
        """Yield tables with rows of these calls, the oldest of which has number 0."""
        calls = [self._call(number) for number in numbers]
        held = sorted(call["held_at"] for call in calls)
        for call, moment, place in zip(calls, held, places_in_order(held), strict=True):
            call |= {"held_at": moment, "search_place": place}
        yield CALLS, calls
        yield TRANSCRIPTS, [self._transcript(call) for call in calls]
        yield CALL_CATEGORIES, [row for call in calls for row in self._categories(call)]
        yield SHOWN_UTTERANCES, [row for call in calls for row in self._lines(call)]

    def _call(self, number: int) -> dict[str, Any]:
        rng = self._rng
        held = LAST - timedelta(days=DAYS) * ((self._calls - number - rng.random()) / self._calls)
        day = held.date()
        return {
            "id": f"call{number:07d}",
            "org_id": ORG,
            "source_name": f"call {number}.wav",
            "content_hash": f"hash{number}",
            "size_bytes": 1_000_000,
            "state": CallState.READY.value,
            "created_at": held,
            "held_at": held,
            "started_at": held,
            "day": day,
            "week": day - timedelta(days=day.weekday()),
            "agent_name": f"Agent {int(AGENTS * rng.random() ** 2):03d}",
            "queue": f"Queue {int(QUEUES * rng.random() ** 1.5)}",
            "customer_ref": f"C{int(rng.integers(1_000_000))}",
            "direction": "inbound",
            "duration_ms": int(1_000 * np.exp(rng.normal(5.3, 0.7))),
            "run": 1,
            "active_transcript_id": f"text{number:07d}",
            "is_demo": False,
            "key_id": "none",
            "wrapped_key": b"",
        }

    def _transcript(self, call: dict[str, Any]) -> dict[str, Any]:
        language = ("en", "en-GB", "de", "es", "fr")[int(5 * self._rng.random() ** 3)]
        return {
            "id": call["active_transcript_id"],
            "org_id": ORG,
            "call_id": call["id"],
            "run": 1,
            "provider": ("local", "azure")[int(self._rng.random() < 0.2)],
            "language": language,
            "redacted": True,
            "created_at": call["created_at"],
            "body": "{}",
        }

    def _categories(self, call: dict[str, Any]) -> list[dict[str, Any]]:
        given = np.flatnonzero(self._rng.random(RULES) < 0.3 / (1 + np.arange(RULES)))
        common = {"call_id": call["id"], "org_id": ORG, "day": call["day"]}
        more = {"kind": "rule", "alert": False, "evidence": json.dumps([])}
        return [{**common, "rule_id": f"rule{n}", **more} for n in given]

    def _lines(self, call: dict[str, Any]) -> list[dict[str, Any]]:
        rng, count = self._rng, LINES_PER_MADE_CALL
        lengths = np.clip(np.exp(rng.normal(2.1, 0.7, count)), 1, 60).astype(int)
        ranks = np.searchsorted(self._shares, rng.random(int(lengths.sum())))
        own = np.searchsorted(self._shares, rng.random(12) * 0.6 + 0.4)
        of_call = rng.random(len(ranks)) < 0.15
        ranks[of_call] = own[rng.integers(12, size=int(of_call.sum()))]
        words = [self._words[rank] for rank in ranks]
        moods = np.searchsorted([0.12, 0.88], rng.random(count))
        ends = np.cumsum(lengths)
        first = call["search_place"] * LINES_PER_CALL
        rows = []
        for n in range(count):
            text = " ".join(words[ends[n] - lengths[n] : ends[n]])
            mood = ("negative", "neutral", "positive")[moods[n]]
            rows.append({
                "row_id": first + n,
                "org_id": ORG,
                "call_id": call["id"],
                "position": n,
                "utterance_id": f"u{n + 1}",
                "role": "agent" if n % 2 else "customer",
                "start_ms": n * 5_000,
                "end_ms": n * 5_000 + 4_000,
                "sentiment_label": mood,
                "sentiment_score": float(moods[n] - 1),
                "is_backchannel": False,
                "text": text,
                "words": text,
            })  # fmt: skip
        return rows
