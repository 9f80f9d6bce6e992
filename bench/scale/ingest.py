"""Storing finished transcripts for good: a call, its run and transcript in one transaction."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from app.seeding.calls import call_of, plot_of, transcript_of
from services.analysis.metrics import analyse
from services.domain.calls import Call, CallState, ProcessingOptions, Run
from services.domain.ids import new_id
from services.domain.metrics import AnalysedTranscript
from services.reading_rules import read_by_book
from services.storage.calls import CallStore
from services.storage.keys import MasterKey
from services.storage.rollups import RollupStore
from services.storage.runs import RunStore
from services.storage.transcripts import TranscriptStore

CALLS = 400
KEY = MasterKey(bytes(range(32)))
Finished = tuple[Call, AnalysedTranscript]


def measured(engine: Engine, scale: Any, folder: Path) -> Iterator[Mapping[str, Any]]:
    """Yield how many calls a second are stored; what was stored is deleted afterwards."""
    alone = TranscriptStore(engine)
    by_rules = TranscriptStore(engine, read_by_book)
    for name, store, threads in (
        ("ingest, one writer", alone, 1),
        ("ingest, four threads", alone, 4),
        ("ingest read by rules, four threads", by_rules, 4),
    ):
        made = finished(scale, CALLS)
        began = time.monotonic()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda one, store=store: _store(engine, store, *one), made))
        seconds = time.monotonic() - began
        lines = sum(len(shown.transcript.utterances) for _, shown in made)
        yield {
            "what": name,
            "n": CALLS,
            "per_s": round(CALLS / seconds, 1),
            "note": f"{lines / CALLS:.0f} lines a call",
        }
        _forget(engine, [call for call, _ in made])


def finished(scale: Any, count: int) -> list[Finished]:
    """Return calls that were just understood."""
    chance = random.Random(new_id())
    history = replace(scale.history, with_text=scale.history.calls)
    made = []
    for number in range(count):
        plot = plot_of(chance, history)
        call = call_of(chance, history, number, plot)
        call = replace(
            call,
            id=new_id(),
            content_hash=new_id(),
            active_transcript_id=None,
            state=CallState.WAITING,
            error_code=None,
            error_message=None,
        )
        transcript, _ = transcript_of(chance, call, plot)
        transcript = replace(transcript, id=new_id())
        shown = AnalysedTranscript(transcript=transcript, analysis=analyse(transcript))
        made.append((call, shown))
    return made


def _store(
    engine: Engine, transcripts: TranscriptStore, call: Call, shown: AnalysedTranscript
) -> None:
    calls, runs = CallStore(engine), RunStore(engine)
    run = Run(call_id=call.id, number=1, options=ProcessingOptions(), state=CallState.PROCESSING)
    read = transcripts.read_by_rules(call.org_id, shown)
    with calls.transaction() as connection:
        calls.add(call, run, KEY.new_data_key(call.id), connection=connection)
        made = transcripts.save(call.org_id, call.id, 1, shown, read=read, connection=connection)
        runs.finish(call.id, 1, made, connection=connection)


def _forget(engine: Engine, calls: Sequence[Call]) -> None:
    store = CallStore(engine)
    for call in calls:
        store.delete(call.org_id, call.id)
    RollupStore(engine).fold()
