"""How soon rules apply to a long history: one rule of a usual kind, each kind of leaf, all shipped.

The calls are made up (bench/history.py); beyond the first two thousand they are copies of these
under ids of their own. What sweeps remember from call to call is ways through phrases, not calls;
they are all met in far fewer calls than that.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from app.sweep_wiring import build_sweep_children
from bench.history import make_history
from bench.results import keep, table
from services.domain.rules import Rule
from services.reading_rules import read_by_book
from services.storage.database import open_engine, writing
from services.storage.keys import MasterKey
from services.storage.models import CALL_FIGURES, CALLS, RUNS
from services.storage.rule_tables import CALL_CATEGORIES, RULE_FACTS
from services.storage.schema import migrate
from services.storage.search_places import LINES_PER_CALL
from services.storage.search_tables import SHOWN_UTTERANCES
from services.storage.swept_calls import SweptCalls
from services.sweeping.sweeper import Sweeper
from services.understanding.rules.ready_made import ready_made_rules
from services.understanding.rules.yaml_form import rules_from_yaml

ORG = "bench"
DISTINCT = 2_000
OWN = """
rules:
- id: own_typical
  name: Own rule, two phrases
  when: {said: ["(cancel|cancelling) ~3 (subscription|contract)", "switch* ~3 provider"],
         by: customer, unless_negated: true}
- id: leaf_common
  name: Phrase of common words
  when: {said: ["I see that here", "let me have a look"], by: agent}
- id: leaf_missing
  name: Phrase missing in the first 60 s
  when: {not: {said: ["call is recorded", "monitored or recorded"], by: agent, first: 60 s}}
- id: leaf_silence
  name: Silence of 10 s
  when: {silence: {kind: dead_air, at_least: 10 s}}
- id: leaf_sentiment
  name: Sentiment at the end
  when: {sentiment: {of: final, by: customer, at_most: -0.2}}
- id: leaf_interruptions
  name: Three interruptions
  when: {interruptions: {by: agent, at_least: 3}}
- id: leaf_share
  name: Share of talk
  when: {talk_share: {by: agent, at_least: 60 %}}
"""


def measure(calls: int, json_file: Path | None) -> int:
    """Make a history, look for rules in it, and print how long that took; the exit status."""
    with tempfile.TemporaryDirectory(prefix="partyline-rules-") as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'history.db'}")
        migrate(engine)
        began = time.monotonic()
        _make(engine, calls)
        sys.stderr.write(f"{calls:,} calls made in {time.monotonic() - began:.0f} s\n")
        rows = []
        for rules in (*([r] for r in rules_from_yaml(OWN)), ready_made_rules()):
            rows.append(_timed(engine, rules))
            sys.stderr.write(f"{rows[-1]['rule']}: {rows[-1]['seconds']} s\n")
        engine.dispose()
    sys.stdout.write(table(rows) + "\n")
    keep("rules", rows, json_file)
    return 0


def _timed(engine: Engine, rules: Sequence[Rule]) -> dict[str, Any]:
    swept_calls = SweptCalls(engine)
    sweeper = Sweeper(swept_calls, build_sweep_children(engine))
    began, used = time.monotonic(), _processor_s()
    start = swept_calls.start(ORG)
    swept = sweeper.sweep(ORG, start, rules, lambda done, total: True)
    sweeper.store(ORG, start, swept)
    return {
        "rule": rules[0].name if len(rules) == 1 else f"All {len(rules)} shipped rules",
        "calls": start.calls,
        "applies": swept.counted,
        "seconds": round(time.monotonic() - began, 2),
        "processor_seconds": round(_processor_s() - used, 2),
        "found_mb": round(swept.packed_bytes / 1e6, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "peak_mb_of_a_child": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }


def _processor_s() -> float:
    """Return the seconds of processor time of this process and of those it started."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def _make(engine: Engine, calls: int) -> None:
    distinct = min(calls, DISTINCT)
    for done in make_history(engine, ORG, distinct, MasterKey(bytes(range(32))), read_by_book):
        sys.stderr.write(f"\r{done:,} calls")
    for copy in range(1, -(-calls // distinct)):
        _copy(engine, copy, min(distinct, calls - copy * distinct))
        sys.stderr.write(f"\r{min(calls, (copy + 1) * distinct):,} calls")
    sys.stderr.write("\n")


def _copy(engine: Engine, number: int, count: int) -> None:
    """Add the first so many calls once more, as others."""
    of_calls = f"SELECT id FROM calls WHERE instr(id, '~') = 0 ORDER BY rowid LIMIT {count}"
    with writing(engine) as connection:
        for made in (CALLS, RUNS, CALL_FIGURES, SHOWN_UTTERANCES, RULE_FACTS, CALL_CATEGORIES):
            names = [c.name for c in made.columns]
            owner = "id" if made is CALLS else "call_id"
            changed = {owner: f"{owner} || '~{number}'"}
            if made is CALLS:
                changed["content_hash"] = f"content_hash || '~{number}'"
                changed["search_place"] = f"search_place + {number}"
            if made is SHOWN_UTTERANCES:
                changed["row_id"] = f"row_id + {number * LINES_PER_CALL}"
            values = ", ".join(changed.get(name, name) for name in names)
            connection.execute(
                text(
                    f"INSERT INTO {made.name} ({', '.join(names)}) SELECT {values} "
                    f"FROM {made.name} WHERE {owner} IN ({of_calls})"
                )
            )
