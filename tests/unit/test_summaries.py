"""Writing a stored call's summary again."""

from dataclasses import replace
from pathlib import Path

import pytest

from emulators.language_model import Behaviour, LanguageModelEmulator
from services.analysis.metrics import analyse
from services.domain import errors
from services.domain.metrics import AnalysedTranscript
from services.domain.people import LOCAL_USER, Role
from services.domain.running import RunContext
from services.domain.speech import Statement, Summary
from services.review.service import ReviewService
from services.storage.calls import CallStore
from services.storage.database import open_engine
from services.storage.keys import WrappedKey
from services.storage.runs import RunStore
from services.storage.schema import migrate
from services.storage.summaries import SummaryStore
from services.storage.transcripts import TranscriptStore
from services.summaries import SummaryDesk
from services.understanding.language_model import LanguageModel, ModelAccess
from services.understanding.model_summary import ModelSummariser
from services.understanding.redaction import Redactor
from tests import builders
from tests.authorities import authority_over

OLD = Summary(reason=Statement(text="The old one.", utterances=("u2",)))


class Installation:
    """Stores with one call in them."""

    def __init__(self, folder: Path) -> None:
        engine = open_engine(f"sqlite:///{folder / 'calls.db'}")
        migrate(engine)
        self.calls, self.runs = CallStore(engine), RunStore(engine)
        self.transcripts, self.summaries = TranscriptStore(engine), SummaryStore(engine)
        self.redactor = Redactor()
        call = builders.call()
        self.calls.add(call, builders.first_run(call), WrappedKey(key_id="t", sealed=b"s"))
        self.call_id = call.id
        self.store(1)

    def store(self, run: int) -> None:
        spoken = replace(builders.transcript(), summary=OLD)
        analysed = AnalysedTranscript(transcript=spoken, analysis=analyse(spoken))
        self.transcripts.save("local", self.call_id, run, analysed)
        self.runs.finish(self.call_id, run, spoken.id)

    def review(self) -> ReviewService:
        """Another process: it keeps calls in a memory of its own."""
        return ReviewService(
            self.calls, self.transcripts, self.redactor, authority=authority_over(self.calls)
        )

    def desk(self, emulator: LanguageModelEmulator) -> SummaryDesk:
        access = ModelAccess(base_url=emulator.address, model="emulated-1", timeout_s=5)
        model = ModelSummariser(LanguageModel(access), self.redactor)
        return SummaryDesk(
            self.review(),
            self.transcripts,
            self.summaries,
            lambda: model,
            authority=authority_over(self.calls),
        )


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_viewers_have_nothing_written_and_nothing_sent(installation: Installation) -> None:
    viewer = replace(LOCAL_USER, role=Role.VIEWER)
    with LanguageModelEmulator() as emulator:
        with pytest.raises(errors.AccessDenied):
            installation.desk(emulator).write_again(viewer, installation.call_id, RunContext())
        assert emulator.requests == []


def test_it_replaces_the_summary_and_nothing_else(installation: Installation) -> None:
    watching = installation.review()
    before = watching.load(LOCAL_USER, installation.call_id)
    assert before.transcript.summary == OLD
    with LanguageModelEmulator() as emulator:
        written = installation.desk(emulator).write_again(
            LOCAL_USER, installation.call_id, RunContext()
        )
    after = watching.load(LOCAL_USER, installation.call_id)
    assert after.transcript.summary == written
    assert written.origin is not None
    assert after.transcript.stages["summary"] == written.origin.name == "emulated-1"
    assert after.version != before.version
    assert after.transcript.utterances == before.transcript.utterances
    assert after.edits.corrections == before.edits.corrections


def test_corrections_are_read(installation: Installation) -> None:
    review = installation.review()
    review.correct(LOCAL_USER, installation.call_id, "u2", "my boat is leaking and it is new")
    with LanguageModelEmulator() as emulator:
        written = installation.desk(emulator).write_again(
            LOCAL_USER, installation.call_id, RunContext()
        )
        assert "my boat is leaking" in emulator.requests[0].text
    assert written.reason is not None
    assert "boat" in written.reason.text
    assert review.load(LOCAL_USER, installation.call_id).edits.corrections


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (Behaviour.BROKEN_JSON, errors.LanguageModelAnswerUnusable),
        (Behaviour.INVENTED_QUOTES, errors.LanguageModelAnswerUnusable),
        (Behaviour.WRONG_KEY, errors.LanguageModelRefusedKey),
        (Behaviour.BUSY_FOR_AN_HOUR, errors.LanguageModelBusy),
    ],
)
def test_when_it_fails_the_old_one_stays(installation, behaviour, error) -> None:
    with LanguageModelEmulator(behaviour) as emulator, pytest.raises(error):
        installation.desk(emulator).write_again(LOCAL_USER, installation.call_id, RunContext())
    shown = installation.review().load(LOCAL_USER, installation.call_id)
    assert shown.transcript.summary == OLD


def test_without_a_model(installation: Installation) -> None:
    desk = SummaryDesk(
        installation.review(),
        installation.transcripts,
        installation.summaries,
        None,
        authority=authority_over(installation.calls),
    )
    assert not desk.can_write
    with pytest.raises(errors.LanguageModelNotConfigured):
        desk.write_again(LOCAL_USER, installation.call_id, RunContext())


def test_another_organisations_call_is_not_found(installation: Installation) -> None:
    stranger = replace(LOCAL_USER, id="other", org_id="other")
    with LanguageModelEmulator() as emulator:
        with pytest.raises(errors.NotFound):
            installation.desk(emulator).write_again(stranger, installation.call_id, RunContext())
        assert emulator.requests == []
    with pytest.raises(errors.NotFound):
        installation.summaries.save("other", installation.call_id, "t", OLD, writer="x")


def test_a_transcript_that_is_not_shown_any_more_keeps_its_summary(installation) -> None:
    with pytest.raises(errors.EditConflict):
        installation.summaries.save("local", installation.call_id, "older", OLD, writer="x")
