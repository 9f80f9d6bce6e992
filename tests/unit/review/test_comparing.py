"""A call's transcripts beside each other: whose edits they have, and who may see them."""

from dataclasses import replace

import pytest

from services.analysis.metrics import analyse
from services.domain.calls import ProcessingOptions
from services.domain.errors import NotFound, NotReady
from services.domain.metrics import AnalysedTranscript
from services.domain.people import LOCAL_USER
from services.review import comparing
from services.review.comparing import ComparingDesk
from services.review.service import ReviewService
from services.storage.calls import CallStore
from services.storage.database import open_engine
from services.storage.keys import MasterKey
from services.storage.runs import RunStore
from services.storage.schema import migrate
from services.storage.transcripts import TranscriptStore
from tests import builders
from tests.authorities import authority_over
from tests.pages.stand_ins import UntouchedLines

STRANGER = replace(LOCAL_USER, org_id="elsewhere")


@pytest.fixture
def stores(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'calls.db'}")
    migrate(engine)
    yield CallStore(engine), RunStore(engine), TranscriptStore(engine)
    engine.dispose()


@pytest.fixture
def review(stores):
    return ReviewService(
        stores[0], stores[2], UntouchedLines(), authority=authority_over(stores[0])
    )


@pytest.fixture
def desk(stores, review):
    return ComparingDesk(review, stores[2], stores[1], authority=authority_over(stores[0]))


@pytest.fixture
def call_id(stores, tmp_path):
    """A call without a transcript."""
    call = builders.call()
    wrapped = MasterKey.load(None, tmp_path / "key").new_data_key(call.id)
    stores[0].add(call, builders.first_run(call), wrapped)
    return call.id


@pytest.fixture
def save(stores, call_id):
    """Store a run's transcript."""

    def save_it(transcript, run=1, **options):
        _, runs, transcripts = stores
        if run > 1:
            runs.start("local", call_id, ProcessingOptions(**options))
        runs.begin(call_id, run)
        analysed = AnalysedTranscript(transcript=transcript, analysis=analyse(transcript))
        transcripts.save("local", call_id, run, analysed)
        runs.finish(call_id, run, transcript.id)
        return transcript.id

    return save_it


def test_transcripts_are_listed_with_what_they_are(desk, save, call_id):
    first = save(builders.transcript())
    second = save(builders.transcript(), 2, relabel_of=first)
    known = desk.transcripts(LOCAL_USER, call_id)
    assert [(k.version.id, k.relabelled, k.version.is_active) for k in known] == [
        (first, False, False),
        (second, True, True),
    ]
    assert desk.transcripts(STRANGER, call_id) == []


def test_the_shown_one_has_its_edits_and_the_other_has_none(desk, review, save, call_id):
    first, second = save(builders.transcript()), save(builders.transcript(), 2)
    assert desk.compare(LOCAL_USER, call_id, second, first).comparison.counts.errors == 0
    review.correct(LOCAL_USER, call_id, "u4", "great that is perfect thanks")
    review.rename(LOCAL_USER, call_id, "s2", "Mr. Ode")
    found = desk.compare(LOCAL_USER, call_id, second, first)
    assert (found.comparison.counts.changed, found.comparison.counts.added) == (1, 3)
    assert found.reference.transcript.speaker("s2").label == "Mr. Ode"
    assert found.other.transcript.speaker("s2").label == "Customer"
    assert found.other.transcript.speaker("s1").label == "Nora Fields"
    # figures belong to what is compared
    words = [
        side.analysis.metrics.by_speaker["s2"].words for side in (found.reference, found.other)
    ]
    assert words[1] - words[0] == 3


def test_a_comparison_is_kept_until_something_changes(desk, review, save, call_id, monkeypatch):
    first, second = save(builders.transcript()), save(builders.transcript(), 2)
    compared = []
    compare = comparing.compare
    monkeypatch.setattr(
        comparing, "compare", lambda a, b: compared.append((a.id, b.id)) or compare(a, b)
    )
    for _ in range(3):
        desk.compare(LOCAL_USER, call_id, first, second)
    assert compared == [(first, second)]
    desk.compare(LOCAL_USER, call_id, second, first)
    review.rename(LOCAL_USER, call_id, "s2", "Mr. Ode")
    desk.compare(LOCAL_USER, call_id, second, first)
    assert compared[1:] == [(second, first)] * 2


def test_what_is_not_there_is_not_found(desk, save, call_id):
    with pytest.raises(NotReady):
        desk.compare(LOCAL_USER, call_id, "a", "b")
    known = save(builders.transcript())
    for user, one, other in (
        (LOCAL_USER, known, "gone"),
        (LOCAL_USER, "gone", known),
        (STRANGER, known, known),
    ):
        with pytest.raises(NotFound):
            desk.compare(user, call_id, one, other)


def test_an_unredacted_transcript_that_was_forgotten_is_gone(desk, save, call_id):
    """Kept comparisons don't outlive what redaction took away."""
    first, second = save(builders.transcript()), save(builders.transcript(), 2)
    desk.compare(LOCAL_USER, call_id, second, first)
    third = save(builders.transcript(redacted=True), 3)
    assert [k.version.id for k in desk.transcripts(LOCAL_USER, call_id)] == [third]
    with pytest.raises(NotFound):
        desk.compare(LOCAL_USER, call_id, second, first)
