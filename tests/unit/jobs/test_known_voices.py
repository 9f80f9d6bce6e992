"""Known voices in runs: recognised in what was transcribed, and again when it is relabelled."""

from datetime import UTC, datetime

import numpy as np
import pytest

from services.domain.calls import CallState, SpeakerCount
from services.domain.ids import new_id
from services.domain.people import LOCAL_USER
from services.domain.speech import SpeakerRole, Transcript
from services.domain.voices import KnownVoice, VoiceQuality
from services.engine.speakers.matching import pack_print
from tests.unit.jobs.conftest import Installation

ORG = LOCAL_USER.org_id
AXES = np.eye(256, dtype=np.float32)


class Listener:
    """Hears in each call the voice of the last speaker as Nora's, all others as strangers'."""

    def __init__(self) -> None:
        self.heard = 0

    def voiceprint(self, pcm, spans, channel):  # type: ignore[no-untyped-def]
        self.heard += 1
        return AXES[0] if spans and spans[0][0] > 0 else AXES[self.heard]


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    listener = Listener()
    monkeypatch.setattr("app.wiring.worker.build_listener", lambda _settings: listener)
    return listener


def known(installation: Installation, name: str = "Nora Fields") -> KnownVoice:
    voice = KnownVoice(
        id=new_id(),
        org_id=ORG,
        name=name,
        role=SpeakerRole.AGENT,
        created_at=datetime.now(UTC),
        speech_ms=40_000,
        quality=VoiceQuality.GOOD,
    )
    installation.services.known_voices.add(voice, pack_print(AXES[0]))
    return voice


def processed(installation: Installation) -> str:
    call_id = installation.take_in().call_id
    with installation.working():
        assert installation.ended(call_id) is CallState.READY
    return call_id


def relabelled(installation: Installation, call_id: str) -> Transcript:
    run = installation.services.desk.relabel(LOCAL_USER, call_id, SpeakerCount())
    with installation.working():
        ended = installation.wait(
            call_id, lambda p: p.run == run.number and p.state is CallState.READY
        )
    assert ended.run == run.number
    return installation.services.transcripts.active(ORG, call_id)


def voices_of(transcript: Transcript) -> dict[str, str | None]:
    return {s.id: s.voice_id for s in transcript.speakers}


def test_a_known_voice_is_recognised_and_named(
    installation: Installation, listener: Listener
) -> None:
    voice = known(installation)
    call_id = processed(installation)
    kept = installation.services.transcripts.active(ORG, call_id)
    assert list(voices_of(kept).values()).count(voice.id) == 1
    shown = installation.services.review.load(LOCAL_USER, call_id).transcript
    assert [s.label for s in shown.speakers if s.voice_id == voice.id] == ["Nora Fields"]


def test_speakers_told_apart_again_are_recognised_again(
    installation: Installation, listener: Listener
) -> None:
    voice = known(installation)
    call_id = processed(installation)
    after = relabelled(installation, call_id)
    assert voices_of(after) == {"s1": None, "s2": voice.id}
    assert after.stages["known_voices"] == "local voiceprints"
    shown = installation.services.review.load(LOCAL_USER, call_id).transcript
    assert [s.label for s in shown.speakers if s.voice_id] == ["Nora Fields"]


def test_a_voice_learnt_later_is_recognised_when_speakers_are_told_apart_again(
    installation: Installation, listener: Listener
) -> None:
    call_id = processed(installation)
    assert listener.heard == 0
    voice = known(installation)
    assert voices_of(relabelled(installation, call_id)) == {"s1": None, "s2": voice.id}


def test_a_voice_deleted_since_is_gone_when_speakers_are_told_apart_again(
    installation: Installation, listener: Listener
) -> None:
    voice = known(installation)
    call_id = processed(installation)
    installation.services.known_voices.delete(ORG, voice.id)
    after = relabelled(installation, call_id)
    assert set(voices_of(after).values()) == {None}
    assert "known_voices" not in after.stages
