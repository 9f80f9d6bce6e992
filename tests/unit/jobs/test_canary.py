"""Personal data is planted in a call by every way there is, and searched for everywhere."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import av
import numpy as np
import pytest

from app.wiring import build_services
from components.call_review.payload import review_payload
from emulators.language_model import LanguageModelEmulator
from services import telemetry
from services.domain.calls import CallDetails, CallState, ProcessingOptions
from services.domain.errors import ProviderRejected
from services.domain.people import LOCAL_USER
from services.exports import ExportFormat
from services.providers.base import SpeechProvider
from tests.unit.jobs.canary import (
    CARD,
    ENDINGS,
    FILE_NAME,
    LINE_MS,
    LINES,
    NAME,
    PHONE,
    CanaryProvider,
    contents,
    index_endings,
    leaks,
    tables,
)
from tests.unit.jobs.conftest import Installation, tone
from tests.unit.jobs.whole_house import looked_at, use

ORG = LOCAL_USER.org_id
SOUND = tone(len(LINES) * LINE_MS / 1000 + 4)


@pytest.fixture
def provider() -> SpeechProvider:
    return CanaryProvider()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that anybody logs, as an operator may have set it: at DEBUG, with tracebacks."""
    kept, root = io.StringIO(), logging.getLogger()
    before = root.level
    telemetry.configure("DEBUG")
    handler = logging.StreamHandler(kept)
    handler.setFormatter(
        logging.Formatter("%(name)s %(message)s %(fields)s", defaults={"fields": ""})
    )
    loggers = [root, logging.getLogger("partyline")]
    # An earlier test may have left a handler on a closed stream, or the logger switched off.
    ours = loggers[1]
    handlers, ours.handlers, ours.disabled = ours.handlers, [], False
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    yield kept
    for logger in loggers:
        logger.removeHandler(handler)
    ours.handlers = handlers
    root.setLevel(before)


def process(installation: Installation, *, redact: bool) -> str:
    """Process the call as people do: it fails, is retried, and is worked on."""
    services, options = installation.services, ProcessingOptions(provider="scripted", redact=redact)
    with services.intake.begin(LOCAL_USER, FILE_NAME) as incoming:
        incoming.write(SOUND)
        call_id = incoming.commit(options, CallDetails()).call_id
    with installation.working():
        assert installation.ended(call_id) is CallState.FAILED
        services.desk.retry(LOCAL_USER, call_id)
        assert installation.ended(call_id) is CallState.READY
    review = services.review
    review.comment(LOCAL_USER, call_id, "u3", f"Ask {NAME} to call {PHONE}, card {CARD}.")
    review.correct(LOCAL_USER, call_id, "u1", f"Yes, my name is {NAME}, number {PHONE}.")
    review.correct(LOCAL_USER, call_id, "u6", "It is seven three nine.")
    return call_id


def hits(installation: Installation) -> int:
    """Return how many lines a search for what was planted finds."""
    search = installation.services.search.search
    asked = ("Holloway", '"four zero zero zero"', "Wexcombe", "QX7T29", "Marguer*")
    return sum(len(search(LOCAL_USER, query)) for query in asked)


def shown(installation: Installation, call_id: str) -> dict[str, str]:
    """Return what people and programs are shown of a call, by surface."""
    services = installation.services
    reviewed = services.review.load(LOCAL_USER, call_id)
    surfaces = {
        f"export {wanted}": services.review.export(LOCAL_USER, call_id, wanted)
        for wanted in ExportFormat
    }
    texts = {name: f"{e.file_name} {e.content.decode()}" for name, e in surfaces.items()}
    runs = services.runs.list_for_call(ORG, call_id)
    return {
        **texts,
        "payload": json.dumps(review_payload(reviewed), ensure_ascii=False),
        "call": repr(services.calls.get(ORG, call_id)),
        "runs": json.dumps([asdict(run) for run in runs], default=str),
        "progress": repr(installation.progress(call_id)),
    }


@pytest.mark.parametrize("failure", [None, ProviderRejected])
def test_nothing_is_found_with_redaction_on(
    installation: Installation,
    provider: CanaryProvider,
    log: io.StringIO,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    failure: type[ProviderRejected] | None,
) -> None:
    if failure is not None:
        error = failure()
        error.__cause__ = RuntimeError(f"{NAME}: {CARD}")
        provider.failures = [error]
    call_id = process(installation, redact=True)
    printed = capfd.readouterr()
    files = contents(installation.settings.data_dir, tmp_path / "copy")
    surfaces = {
        **shown(installation, call_id),
        **files,
        "log": log.getvalue(),
        "printed": printed.out + printed.err,
    }
    assert leaks(surfaces, files) == set()
    assert hits(installation) == 0
    # The search did look at something: what may be kept is found where it belongs.
    assert any("thank you for calling" in text.casefold() for text in files.values())
    assert "job.failed" in log.getvalue() or "job.fault" in log.getvalue()
    assert "[PERSON]" in surfaces["call"]
    names = {name.rpartition("/")[2].partition(".")[0] for name in files if "/calls/" in name}
    assert names == {"original", "redacted"}


def test_the_same_search_finds_them_with_redaction_off(
    installation: Installation, log: io.StringIO, tmp_path: Path
) -> None:
    call_id = process(installation, redact=False)
    files = contents(installation.settings.data_dir, tmp_path / "copy")
    found = leaks({**shown(installation, call_id), **files})
    assert found >= {f"export {wanted}" for wanted in ExportFormat} | {"payload", "call"}
    assert any(name.startswith("partyline.db") for name in found)
    assert hits(installation) > 0
    # Where no words belong there are none either way.
    assert not any("calls/" in name for name in found)
    assert leaks({"log": log.getvalue()}) == set()


def test_what_people_hear_holds_the_tone_where_it_was_said(installation: Installation) -> None:
    call_id = process(installation, redact=True)
    sound, _ = installation.services.desk.open_playback(LOCAL_USER, call_id)
    with sound, av.open(sound) as container:
        heard = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    for number, (_, text) in enumerate(LINES):
        begin = (number * LINE_MS) * 16
        pitch = loudest_hz(heard[begin : begin + 16 * 250 * len(text.split())][-16 * 250 :])
        said = number in (1, 3, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24)
        assert pitch == pytest.approx(1000 if said else 300, abs=10), text


@pytest.fixture
def model() -> Iterator[LanguageModelEmulator]:
    with LanguageModelEmulator() as emulator:
        yield emulator


@pytest.fixture
def house(installation: Installation, model: LanguageModelEmulator) -> Iterator[Installation]:
    """The installation with a language model."""
    access = {"llm_base_url": model.address, "llm_model": "m"}
    settings = installation.settings.model_copy(update=access)
    services = build_services(settings)
    yield Installation(settings=settings, services=services)
    services.close()


def sent(model: LanguageModelEmulator) -> str:
    assert len(model.requests) >= 4
    return json.dumps([dict(request.body) for request in model.requests], ensure_ascii=False)


KEPT_IN = {
    "table shown_utterances",
    "table rule_facts",
    "table call_categories",
    "table call_scores",
    "table score_overrides",
    "words of the index",
}


def test_nothing_is_found_in_what_is_understood_of_a_redacted_call(
    house: Installation, model: LanguageModelEmulator, log: io.StringIO, tmp_path: Path
) -> None:
    call_id = process(house, redact=True)
    surfaces = use(house, call_id)
    files = contents(house.settings.data_dir, tmp_path / "copy")
    rows = tables(tmp_path / "copy")
    surfaces = {**surfaces, **files, **rows, "sent": sent(model), "log": log.getvalue()}
    assert leaks({**surfaces, **shown(house, call_id)}, files) == set()
    assert index_endings(rows) == set()
    assert rows.keys() >= KEPT_IN | {"table model_answers", "table call_topics"}
    # What may be kept is there: rules, scorecards and search did read the call.
    assert "name is [PERSON]" in surfaces["categories"] + surfaces["scores"]
    assert all(rows[name] for name in KEPT_IN | {"table model_answers", "table call_answers"})
    assert "thank" in surfaces["search"].casefold()


def test_without_redaction_it_is_found_there_but_was_not_sent_to_a_model(
    house: Installation, model: LanguageModelEmulator, log: io.StringIO, tmp_path: Path
) -> None:
    call_id = process(house, redact=False)
    surfaces = use(house, call_id)
    contents(house.settings.data_dir, tmp_path / "copy")
    rows = tables(tmp_path / "copy")
    assert leaks({**surfaces, **rows}) >= KEPT_IN | {"search", "categories", "scores", "overrides"}
    assert index_endings(rows) == set(ENDINGS)
    assert leaks({"sent": sent(model), "log": log.getvalue()}) == set()


def test_redacting_later_leaves_nothing_of_what_was_understood_before(
    house: Installation, model: LanguageModelEmulator, tmp_path: Path
) -> None:
    call_id = process(house, redact=False)
    use(house, call_id)
    redacting = ProcessingOptions(provider="scripted", redact=True)
    with house.working():
        house.services.desk.rerun(LOCAL_USER, call_id, redacting)
        assert house.ended(call_id) is CallState.READY
    with house.working() as worker:
        # What a worker does first beside its jobs; that is when deleted words leave the index.
        worker.janitor.tidy()
    files = contents(house.settings.data_dir, tmp_path / "copy")
    rows = tables(tmp_path / "copy")
    surfaces = {**files, **rows, **shown(house, call_id), **looked_at(house, call_id)}
    assert leaks(surfaces, files) == set()
    assert index_endings(rows) == set()
    active = house.services.transcripts.active(ORG, call_id)
    answered = rows["table model_answers"].splitlines()
    assert all(row.startswith(active.id) for row in answered)
    assert "says_name" in rows["table call_categories"]
    assert "[PERSON]" in rows["table score_overrides"]


def loudest_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * 16_000 / len(samples))
