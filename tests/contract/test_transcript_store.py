"""What a store of transcripts, edits and figures promises, on every database."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Engine, func, select

from services.domain.calls import Call, ProcessingOptions
from services.domain.edits import CallEdits, TextCorrection
from services.domain.errors import Cancelled, DiskFull, EditConflict, NotFound, NotReady
from services.domain.ids import new_id
from services.domain.metrics import AnalysedTranscript, CallAnalysis, CallMetrics
from services.domain.speech import SpeakerRole, Transcript
from services.storage.calls import CallStore
from services.storage.models import CALLS, METADATA
from services.storage.runs import RunStore
from services.storage.transcripts import TranscriptStore
from tests.builders import transcript, utterance
from tests.contract import values
from tests.contract.stores import ORG, OTHER, add, analysed

# Each example adds a call of its own, so that they don't see each other.
one_database = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def without_figures(spoken: Transcript) -> AnalysedTranscript:
    absent = dict.fromkeys(CallMetrics.__dataclass_fields__, None)
    zero = dict.fromkeys(
        ("duration_ms", "speech_ms", "overlap_ms", "non_talk_ms", "hold_ms"), 0
    ) | {"longest_silence_ms": 0, "negative_utterances": 0, "by_speaker": {}}
    metrics = CallMetrics(**{**absent, **zero})
    return AnalysedTranscript(transcript=spoken, analysis=CallAnalysis(metrics=metrics))


@one_database
@given(spoken=values.transcripts)
def test_a_transcript_comes_back_as_it_was_saved(engine: Engine, spoken: Transcript) -> None:
    made = add(CallStore(engine))
    spoken = replace(spoken, id=new_id())
    store = TranscriptStore(engine)
    assert store.save(ORG, made.id, 1, without_figures(spoken)) == spoken.id
    assert store.active(ORG, made.id) == spoken
    assert store.get(ORG, made.id, spoken.id) == spoken


@one_database
@given(made_edits=values.edits)
def test_edits_come_back_as_they_were_saved(engine: Engine, made_edits: CallEdits) -> None:
    made = add(CallStore(engine))
    store = TranscriptStore(engine)
    saved = store.save_edits(ORG, made.id, made_edits)
    assert saved == replace(made_edits, version=1)
    assert store.edits(ORG, made.id) == saved


def test_a_call_without_transcript_is_not_ready(transcripts: TranscriptStore, made: Call) -> None:
    with pytest.raises(NotReady):
        transcripts.active(ORG, made.id)
    assert transcripts.edits(ORG, made.id) == CallEdits()
    assert transcripts.figures(ORG, made.id) is None
    assert transcripts.list_for_call(ORG, made.id) == []


def test_another_organisation_finds_nothing(transcripts: TranscriptStore, made: Call) -> None:
    spoken = analysed()
    transcripts.save(ORG, made.id, 1, spoken)
    for ask in (
        lambda: transcripts.active(OTHER, made.id),
        lambda: transcripts.get(OTHER, made.id, spoken.transcript.id),
        lambda: transcripts.edits(OTHER, made.id),
        lambda: transcripts.figures(OTHER, made.id),
        lambda: transcripts.save(OTHER, made.id, 1, analysed()),
        lambda: transcripts.save_edits(OTHER, made.id, CallEdits()),
        lambda: transcripts.save_figures(OTHER, made.id, spoken),
    ):
        with pytest.raises(NotFound):
            ask()
    assert transcripts.list_for_call(OTHER, made.id) == []


def test_a_transcript_is_found_under_its_own_call_only(
    calls: CallStore, transcripts: TranscriptStore, made: Call
) -> None:
    spoken = analysed()
    transcripts.save(ORG, made.id, 1, spoken)
    with pytest.raises(NotFound):
        transcripts.get(ORG, add(calls).id, spoken.transcript.id)


def test_a_step_done_twice_saves_one_transcript(
    engine: Engine, transcripts: TranscriptStore, runs: RunStore, made: Call
) -> None:
    first, second, third = analysed(), analysed(), analysed()
    transcripts.save(ORG, made.id, 1, first)
    transcripts.save(ORG, made.id, 1, first)
    transcripts.save(ORG, made.id, 1, second)
    assert transcripts.active(ORG, made.id) == second.transcript
    runs.finish(made.id, 1, second.transcript.id)
    assert transcripts.save(ORG, made.id, 1, third) == second.transcript.id
    assert transcripts.active(ORG, made.id) == second.transcript
    rows = _rows(engine)
    assert (rows["transcripts"], rows["call_figures"]) == (1, 1)
    assert rows["utterances"] == len(second.transcript.utterances)


def test_versions_are_kept_and_the_newest_runs_is_active(
    transcripts: TranscriptStore, runs: RunStore, made: Call
) -> None:
    captions, batch = analysed(provider="captions"), analysed(provider="local")
    transcripts.save(ORG, made.id, 1, captions)
    runs.finish(made.id, 1, captions.transcript.id)
    runs.start(ORG, made.id, ProcessingOptions())
    transcripts.save(ORG, made.id, 2, batch)
    versions = transcripts.list_for_call(ORG, made.id)
    assert [(v.run, v.provider, v.is_active) for v in versions] == [
        (1, "captions", False),
        (2, "local", True),
    ]
    assert transcripts.get(ORG, made.id, captions.transcript.id) == captions.transcript


def test_an_older_run_that_ends_late_does_not_take_over(
    transcripts: TranscriptStore, runs: RunStore, made: Call, engine: Engine
) -> None:
    runs.cancelled(made.id, 1)
    runs.start(ORG, made.id, ProcessingOptions())
    newer = analysed(redacted=True)
    transcripts.save(ORG, made.id, 2, newer)
    with pytest.raises(Cancelled):
        transcripts.save(ORG, made.id, 1, analysed())
    assert transcripts.active(ORG, made.id) == newer.transcript
    assert _rows(engine)["transcripts"] == 1


def test_a_failed_run_saves_nothing_any_more(
    transcripts: TranscriptStore, runs: RunStore, made: Call
) -> None:
    runs.fail(made.id, 1, DiskFull())
    with pytest.raises(Cancelled):
        transcripts.save(ORG, made.id, 1, analysed())


def test_a_deleted_call_takes_nothing_any_more(
    engine: Engine, calls: CallStore, transcripts: TranscriptStore, made: Call
) -> None:
    spoken = analysed()
    calls.delete(ORG, made.id)
    for late in (
        lambda: transcripts.save(ORG, made.id, 1, spoken),
        lambda: transcripts.save_edits(ORG, made.id, CallEdits()),
        lambda: transcripts.save_figures(ORG, made.id, spoken),
    ):
        with pytest.raises(NotFound):
            late()
    left = {name for name, count in _rows(engine).items() if count}
    # What is still to be done after the deletion, by id.
    assert left <= {"call_removals"}


# --- redaction --------------------------------------------------------------------------------


def test_redacting_later_deletes_what_was_not_redacted(
    engine: Engine, transcripts: TranscriptStore, runs: RunStore, made: Call
) -> None:
    plain = analysed(transcript(utterance(1, "s1", 0, "the card is quadrillion"), redacted=False))
    transcripts.save(ORG, made.id, 1, plain)
    correction = TextCorrection(utterance_id="u1", start_ms=0, end_ms=1, text="quadrillion one")
    transcripts.save_edits(ORG, made.id, CallEdits(corrections=(correction,), names={"s1": "Ann"}))
    runs.finish(made.id, 1, plain.transcript.id)
    runs.start(ORG, made.id, ProcessingOptions())
    redacted = analysed(transcript(utterance(1, "s1", 0, "the card is [CARD]"), redacted=True))
    transcripts.save(ORG, made.id, 2, redacted)
    assert [v.redacted for v in transcripts.list_for_call(ORG, made.id)] == [True]
    edits = transcripts.edits(ORG, made.id)
    assert (edits.corrections, edits.names, edits.version) == ((), {"s1": "Ann"}, 2)
    with engine.connect() as connection:
        for table in METADATA.sorted_tables:
            assert "quadrillion" not in repr(connection.execute(select(table)).all())


def test_carried_edits_take_the_old_ones_place(
    transcripts: TranscriptStore, runs: RunStore, made: Call
) -> None:
    first, second = analysed(redacted=False), analysed(redacted=True)
    transcripts.save(ORG, made.id, 1, first)
    edits = transcripts.save_edits(ORG, made.id, CallEdits(names={"s1": "Ann"}))
    runs.finish(made.id, 1, first.transcript.id)
    runs.start(ORG, made.id, ProcessingOptions())
    carried = replace(edits, names={"s2": "Ann"})
    transcripts.save(ORG, made.id, 2, second, edits=carried)
    stored = transcripts.edits(ORG, made.id)
    assert stored == replace(carried, transcript_id=second.transcript.id, version=2)
    with pytest.raises(EditConflict):
        transcripts.save(ORG, made.id, 2, second, edits=carried)


# --- edits and figures ------------------------------------------------------------------------


def test_edits_on_top_of_an_old_version_are_refused(
    transcripts: TranscriptStore, made: Call
) -> None:
    base = transcripts.edits(ORG, made.id)
    first = transcripts.save_edits(ORG, made.id, replace(base, names={"s1": "Ann"}))
    with pytest.raises(EditConflict):
        transcripts.save_edits(ORG, made.id, replace(base, names={"s1": "Bob"}))
    second = transcripts.save_edits(ORG, made.id, replace(first, names={"s1": "Bob"}))
    assert (second.version, transcripts.edits(ORG, made.id)) == (2, second)


def test_edits_of_a_transcript_that_is_not_active_any_more_are_refused(
    transcripts: TranscriptStore, made: Call
) -> None:
    first, second = analysed(), analysed()
    transcripts.save(ORG, made.id, 1, first)
    transcripts.save(ORG, made.id, 1, second)
    with pytest.raises(EditConflict):
        transcripts.save_edits(ORG, made.id, CallEdits(), shown=first)
    assert transcripts.edits(ORG, made.id) == CallEdits()


def test_a_role_swap_reaches_the_figures(
    calls: CallStore, transcripts: TranscriptStore, made: Call
) -> None:
    spoken = analysed()
    transcripts.save(ORG, made.id, 1, spoken)
    before = transcripts.figures(ORG, made.id)
    agent, customer = spoken.transcript.speakers
    swapped = analysed(
        spoken.transcript,
        speakers=(
            replace(agent, role=SpeakerRole.CUSTOMER),
            replace(customer, role=SpeakerRole.AGENT),
        ),
    )
    transcripts.save_edits(ORG, made.id, CallEdits(), shown=swapped)
    after = transcripts.figures(ORG, made.id)
    assert before is not None
    assert after is not None
    assert before.agent_talk_ms != before.customer_talk_ms
    assert (after.agent_talk_ms, after.customer_talk_ms) == (
        before.customer_talk_ms,
        before.agent_talk_ms,
    )
    assert calls.row(ORG, made.id).figures == after
    transcripts.save_figures(ORG, made.id, spoken)
    assert transcripts.figures(ORG, made.id) == before


def test_figures_of_a_transcript_that_is_not_active_are_not_taken(
    transcripts: TranscriptStore, made: Call
) -> None:
    transcripts.save(ORG, made.id, 1, analysed())
    before = transcripts.figures(ORG, made.id)
    transcripts.save_figures(ORG, made.id, analysed(transcript(utterance(1, "s1", 0, "bye"))))
    assert transcripts.figures(ORG, made.id) == before


def _rows(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in METADATA.sorted_tables
            if table is CALLS or "call_id" in table.c
        }
