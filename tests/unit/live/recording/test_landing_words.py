"""A phone call of words alone in a whole installation: landed, read, given its recording."""

import math
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.settings import Settings
from app.wiring import Services, build_services, build_worker
from app.wiring.parts import master_key_of
from services.analysis.metrics import analyse
from services.audio.wav import wav_header
from services.domain.calls import CallDetails, CallState, ProcessingOptions
from services.domain.findings import FindingKind
from services.domain.ids import new_id
from services.domain.live_calls import LiveSource, LiveState, RunningCall, SoundGap
from services.domain.metrics import AnalysedTranscript
from services.domain.people import LOCAL_USER
from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.domain.speech import SpeakerRole, Statement, Summary, SummaryOrigin
from services.exports import ExportFormat
from services.exports.call_json import call_document
from services.live.recording.landing import Landed, Landing
from services.providers.registry import ProviderRegistry
from services.storage.live_calls import LiveCallStore
from services.storage.phone_words import PhoneWordStore
from services.storage.tapes import TapeStore
from tests import builders
from tests.unit.jobs.canary import (
    LINE_MS,
    LINES,
    PHONE,
    CanaryProvider,
    contents,
    leaks,
    tables,
    transcript_of,
)

ORG = LOCAL_USER.org_id
WITHIN_S = 90.0
DURATION_MS = len(LINES) * LINE_MS + 4_000
BILL = (
    "Thank you for calling Harbor Energy, you are speaking with Nora, how can I help you today?",
    "Hi, my electricity bill is far too high, I was charged twice for the same month.",
    "I am sorry to hear that. I will refund the second charge within five working days.",
    "Great, thank you so much, that solves it.",
)


@dataclass
class House:
    """Services, and the landing of phone calls."""

    settings: Settings
    services: Services
    live: LiveCallStore
    words: PhoneWordStore
    landing: Landing

    def held(self, *, redact: bool = True) -> str:
        call_id = new_id()
        facts = PhoneFacts(service=PhoneService.ACS, way=PhoneWay.ANSWERED, connection_id=call_id)
        self.live.add(
            RunningCall(
                id=call_id,
                org_id=ORG,
                owner="nora",
                name=f"Call on {PHONE}",
                source=LiveSource.PHONE,
                state=LiveState.FINISHING,
                options=ProcessingOptions(provider="acs", redact=redact),
                details=CallDetails(queue="Billing"),
                channels=1,
                began_at=datetime.now(UTC),
                heartbeat_at=datetime.now(UTC),
                process="web-1",
                phone=facts,
            )
        )
        return call_id

    def work(self) -> None:
        """Have a worker do what waits."""
        worker = build_worker(self.settings, "local", stopping=lambda: False)
        deadline = time.monotonic() + WITHIN_S
        with worker.running():
            while any(self.services.runs.unfinished()):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            worker.wait_until_idle(WITHIN_S)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    provider = CanaryProvider()
    provider.failures.clear()
    registry = ProviderRegistry({"scripted": lambda: provider})
    monkeypatch.setattr("app.wiring.services.build_providers", lambda *_: registry)
    settings = Settings(data_dir=tmp_path / "data", provider="scripted")
    services = build_services(settings)
    live = LiveCallStore(services.engine)
    words = PhoneWordStore(services.engine, master_key_of(settings))
    landing = Landing(
        "web-1",
        engine=services.engine,
        live=live,
        tapes=TapeStore(settings.live_folder, master_key_of(settings)),
        vault=services.vault,
        calls=services.calls,
        runs=services.runs,
        transcripts=services.transcripts,
        queue=services.queue,
        providers=services.providers,
        words=words,
        defaults=settings.default_options,
    )
    yield House(settings, services, live, words, landing)
    services.close()


def bare_captions(*texts: str) -> AnalysedTranscript:
    """Captions as they are read back after a crash: lines and speakers, nothing understood."""
    lines = [
        replace(builders.utterance(n, f"s{n % 2 + 1}", n * 8_000, text), sentiment=None)
        for n, text in enumerate(texts)
    ]
    made = builders.transcript(*lines)
    bare = tuple(replace(s, role=SpeakerRole.UNKNOWN, role_confidence=None) for s in made.speakers)
    spoken = replace(made, provider="acs", speakers=bare)
    return AnalysedTranscript(transcript=spoken, analysis=analyse(spoken))


def test_a_worker_reads_the_words_as_those_of_any_other_call(house):
    call_id = house.held(redact=False)
    assert house.landing.land(call_id, bare_captions(*BILL)) is Landed.CALL
    before = house.services.review.load(LOCAL_USER, call_id).transcript
    assert before.summary is None
    house.work()
    call = house.services.calls.get(ORG, call_id)
    assert (call.state, call.has_recording) == (CallState.READY, False)
    [version] = house.services.transcripts.list_for_call(ORG, call_id)
    assert (version.provider, version.run, version.is_active) == ("acs live", 1, True)
    reviewed = house.services.review.load(LOCAL_USER, call_id)
    read = reviewed.transcript
    assert [u.text for u in read.utterances] == list(BILL)
    assert all(u.sentiment for u in read.utterances if not u.is_backchannel)
    assert {s.role for s in read.speakers} == {SpeakerRole.AGENT, SpeakerRole.CUSTOMER}
    assert "billing_dispute" in {topic.id for topic in read.topics}
    assert read.summary.promises
    assert house.services.categories.of_call(ORG, call_id)
    assert house.services.scorecards.of_call(LOCAL_USER, reviewed)
    assert list(house.services.vault.stored()) == []


@pytest.mark.parametrize("redact", [True, False])
def test_a_call_that_nobody_could_read_is_a_call_that_says_so(house, redact):
    call_id = house.held(redact=redact)
    gaps = (SoundGap(start_ms=2_000, end_ms=7_000),)
    house.live.heartbeat(replace(house.live.load(call_id), gaps=gaps, received_ms=9_000))
    assert house.landing.land(call_id, None) is Landed.CALL
    house.work()
    call = house.services.calls.get(ORG, call_id)
    assert (call.state, call.has_recording) == (CallState.READY, False)
    assert FindingKind.NOT_TRANSCRIBED in [one.kind for one in call.audio.findings]
    reviewed = house.services.review.load(LOCAL_USER, call_id)
    assert reviewed.transcript.utterances == ()
    assert reviewed.transcript.duration_ms == 9_000
    exported = {f: house.services.review.export(LOCAL_USER, call_id, f) for f in ExportFormat}
    assert "could not be read here" in exported[ExportFormat.HTML].content.decode()


@pytest.mark.parametrize("writer", ["acs", "somebody else"])
def test_a_summary_of_the_service_stays_any_other_is_written_anew(house, writer):
    """Only the service was there to the end."""
    summary = Summary(
        outcome=Statement(text="As told while it was held."), origin=SummaryOrigin(name=writer)
    )
    captions = bare_captions(*BILL)
    told = replace(captions, transcript=replace(captions.transcript, summary=summary))
    call_id = house.held(redact=False)
    house.landing.land(call_id, told)
    house.work()
    stored = house.services.transcripts.active(ORG, call_id).summary
    assert (stored == summary) is (writer == "acs")


def test_a_correction_made_meanwhile_stays(house):
    call_id = house.held(redact=False)
    house.landing.land(call_id, bare_captions(*BILL))
    line = house.services.review.load(LOCAL_USER, call_id).transcript.utterances[-1]
    house.services.review.correct(LOCAL_USER, call_id, line.id, "Perfect, that solves it.")
    house.work()
    shown = house.services.review.load(LOCAL_USER, call_id).transcript
    assert shown.utterances[-1].text == "Perfect, that solves it."
    assert house.services.calls.get(ORG, call_id).state is CallState.READY


def test_what_is_heard_only_is_not_given_as_nothing(house):
    call_id = house.held(redact=False)
    house.landing.land(call_id, bare_captions(*BILL))
    document = call_document(house.services.review.load(LOCAL_USER, call_id))
    metrics, call = document["metrics"], document["call"]
    assert (metrics["hold_ms"], metrics["hold_count"]) == (None, None)
    assert (call["channels"], call["sample_rate"]) == (None, None)
    assert call["audio_findings"][0]["kind"] == "no_recording"
    assert metrics["speech_ms"] > 0
    assert metrics["longest_silence_ms"] > 0
    agent = metrics["by_speaker"]["s1"]
    assert agent["talk_ms"] > 0
    assert agent["loudness_dbfs"] is None
    report = house.services.review.export(LOCAL_USER, call_id, ExportFormat.HTML).content.decode()
    assert "needs the recording" in report
    assert "the telephone service sent its words only" in report
    for fmt in ExportFormat:
        assert house.services.review.export(LOCAL_USER, call_id, fmt).content


def test_nothing_personal_is_left_of_a_redacted_call(house, tmp_path):
    """Not while it is held, when what is told is encrypted; not when it has landed or was read."""
    call_id = house.held()
    spoken = house.services.models.redactor.redact(transcript_of(DURATION_MS))
    captions = AnalysedTranscript(
        transcript=replace(spoken, summary=None, provider="acs"), analysis=analyse(spoken)
    )
    told = [{"type": "final", "id": u.id, "text": u.text} for u in transcript_of(1).utterances]
    house.words.append(call_id, told)
    during = contents(house.settings.data_dir, tmp_path / "during")
    rows = tables(tmp_path / "during")
    # The name that somebody gave it is on its row until it lands, as that of any live call.
    assert leaks({name: rows[name] for name in ("table phone_words", "table phone_keys")}) == set()
    assert not any("Wexcombe" in text or "Holloway" in text for text in during.values())
    house.landing.land(call_id, captions)
    landed = contents(house.settings.data_dir, tmp_path / "landed")
    assert leaks({**landed, **tables(tmp_path / "landed")}, landed) == set()
    house.work()
    read = contents(house.settings.data_dir, tmp_path / "read")
    assert leaks({**read, **tables(tmp_path / "read")}, read) == set()
    assert house.services.review.load(LOCAL_USER, call_id).transcript.redacted


def tone(seconds: int) -> bytes:
    """A recording in which something sounds."""
    frames = seconds * 16_000
    samples = (round(8_000 * math.sin(n / 10) * (n // 4_000 % 2)) for n in range(frames))
    return wav_header(1, frames) + struct.pack(f"<{frames}h", *samples)


def test_a_recording_that_comes_later_is_heard_and_transcribed(house, tmp_path):
    call_id = house.held()
    spoken = house.services.models.redactor.redact(transcript_of(DURATION_MS))
    captions = AnalysedTranscript(
        transcript=replace(spoken, provider="acs"), analysis=analyse(spoken)
    )
    house.landing.land(call_id, captions)
    house.work()
    file = tmp_path / "recording.wav"
    file.write_bytes(tone(20))
    house.landing.attach_recording(call_id, file)
    house.work()
    call = house.services.calls.get(ORG, call_id)
    assert call.state is CallState.READY
    assert call.has_recording
    assert (call.audio.duration_ms, call.audio.channels) == (20_000, 1)
    first, second = house.services.transcripts.list_for_call(ORG, call_id)
    assert (first.provider, first.is_active) == ("acs live", False)
    assert (second.provider, second.is_active) == ("scripted", True)
    sound, size = house.services.desk.open_playback(LOCAL_USER, call_id)
    sound.close()
    assert size > 0
    reviewed = house.services.review.load(LOCAL_USER, call_id)
    assert reviewed.holds_known
    assert call_document(reviewed)["metrics"]["hold_ms"] == 0
    known = house.services.intake.add_file(
        LOCAL_USER, file, "again.wav", ProcessingOptions(provider="scripted"), CallDetails()
    )
    assert (known.duplicate, known.call_id) == (True, call_id)
    house.services.desk.delete(LOCAL_USER, call_id)
    assert list(house.services.vault.stored()) == []
