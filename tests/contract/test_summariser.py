"""What every summariser keeps to, whoever writes."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from emulators.language_model import Behaviour, LanguageModelEmulator
from services.domain.errors import Cancelled
from services.domain.running import RunContext
from services.domain.speech import Transcript, Utterance
from services.understanding import model_transport
from services.understanding.language_model import LanguageModel, ModelAccess
from services.understanding.model_summary import ModelSummariser
from services.understanding.redaction import Redactor
from services.understanding.sentences import is_routine
from services.understanding.summariser import FallingBack, LocalSummariser, Summariser
from tests.unit.understanding.summary_scoring import read_dialogues
from tests.unit.understanding.test_model_summary import call

Make = Callable[[], Summariser]
DIALOGUES = [d for name in ("seen", "fresh", "unseen") for d in read_dialogues(name)][::3]


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture(params=["local", "model", "falling back", "broken model"])
def summariser(
    request: pytest.FixtureRequest, redactor: Redactor, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Summariser]:
    monkeypatch.setattr(model_transport, "FIRST_PAUSE_S", 0.01)
    if request.param == "local":
        yield LocalSummariser()
        return
    broken = request.param == "broken model"
    with ExitStack() as stack:
        behaviour = Behaviour.BROKEN_JSON if broken else Behaviour.GOOD
        emulator = stack.enter_context(LanguageModelEmulator(behaviour))
        access = ModelAccess(base_url=emulator.address, model="emulated-1", timeout_s=10)
        model = ModelSummariser(LanguageModel(access), redactor)
        yield model if request.param == "model" else FallingBack(lambda: model, LocalSummariser())


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda d: d.title)
def test_every_statement_stands_on_lines_of_the_call(summariser: Summariser, dialogue) -> None:
    transcript = dialogue.transcript
    summary = summariser.summarise(transcript, RunContext())
    known = {u.id for u in transcript.utterances}
    for statement in summary.statements:
        assert statement.text.strip()
        assert statement.utterances
        assert set(statement.utterances) <= known
        assert not is_routine(statement.text), statement.text
    assert set(summary.evidence) <= known
    assert (summary.resolved is None) == (not summary.evidence)


def test_its_writer_signs(summariser: Summariser) -> None:
    origin = summariser.summarise(call(), RunContext()).origin
    assert origin is not None
    assert origin.name
    assert origin.took_ms >= 0


def test_of_a_redacted_call_nothing_comes_back(summariser: Summariser, redactor: Redactor) -> None:
    summary = summariser.summarise(redactor.redact(call()), RunContext())
    assert summary.statements
    for name in ("Hollander", "Whitfield", "0142", "marcus@"):
        assert name not in repr(summary)


def test_who_has_a_task_and_until_when(summariser: Summariser) -> None:
    summary = summariser.summarise(call(), RunContext())
    spoken = " ".join(u.text for u in call().utterances)
    for statement in (*summary.promises, *summary.action_items, *summary.next_steps):
        assert statement.due is None or statement.due in spoken


def test_a_call_without_words(summariser: Summariser) -> None:
    silent = replace(call(), utterances=())
    if isinstance(summariser, ModelSummariser):
        pytest.skip("says so with an error, which whoever falls back reads")
    assert summariser.summarise(silent, RunContext()).statements == ()


def test_a_call_that_nobody_wants_any_more(summariser: Summariser) -> None:
    if isinstance(summariser, LocalSummariser):
        pytest.skip("is done at once")
    with pytest.raises(Cancelled):
        summariser.summarise(call(), RunContext(is_cancelled=lambda: True))


def spanish() -> Transcript:
    lines = ("Buenos días, ¿en qué puedo ayudarle?", "Me cobraron dos veces el mismo recibo.")
    utterances = tuple(
        Utterance(id=f"u{n}", speaker=f"voice-{who}", start_ms=n * 1_000, end_ms=n * 1_000 + 900,
                  text=text)
        for n, (who, text) in enumerate(zip("ac", lines, strict=True))
    )  # fmt: skip
    return replace(call(), utterances=utterances, language="es")


def test_languages_that_are_not_read_are_left_alone(summariser: Summariser) -> None:
    summary = summariser.summarise(spanish(), RunContext())
    local = summary.origin is not None and summary.origin.name == "local structure"
    assert (summary.reason is None) == local
    assert summary.resolved is None or not local
