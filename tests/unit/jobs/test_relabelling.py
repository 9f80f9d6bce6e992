"""Runs that keep a transcript's words and tell its speakers apart anew."""

import time
from dataclasses import replace

import pytest

from services.domain.calls import CallState, ProcessingOptions, RunProgress, SpeakerCount, Stage
from services.domain.errors import InvalidRequest, NotFound, NotReady, PartylineError, SoundGone
from services.domain.people import LOCAL_USER, Role, User
from services.domain.speech import Transcript
from services.providers.scripted import ScriptedProvider
from tests.unit.jobs.conftest import SCRIPTED, HalvesLabeller, Installation, tone

ORG = LOCAL_USER.org_id
ANY = SpeakerCount()


def of_run(number: int, *states: CallState):  # type: ignore[no-untyped-def]
    wanted = states or (CallState.READY, CallState.FAILED, CallState.CANCELLED)
    return lambda progress: progress.run == number and progress.state in wanted


def ready_call(installation: Installation, options: ProcessingOptions = SCRIPTED) -> str:
    call_id = installation.take_in(options=options).call_id
    with installation.working():
        assert installation.ended(call_id) is CallState.READY
    return call_id


def relabelled(
    installation: Installation, call_id: str, speakers: SpeakerCount = ANY
) -> Transcript:
    run = installation.services.desk.relabel(LOCAL_USER, call_id, speakers)
    with installation.working():
        assert ended(installation, call_id, run.number).state is CallState.READY
    return installation.services.transcripts.active(ORG, call_id)


def ended(installation: Installation, call_id: str, number: int) -> RunProgress:
    return installation.wait(call_id, of_run(number))


def test_it_is_a_run_like_any_other(installation: Installation, labeller: HalvesLabeller) -> None:
    call_id = ready_call(installation)
    before = installation.services.transcripts.active(ORG, call_id)
    after = relabelled(installation, call_id, SpeakerCount(least=2, most=3))

    assert after.id != before.id
    assert [u.speaker for u in after.utterances] == ["s1"] * 4 + ["s2"] * 3
    assert [u.text for u in after.utterances] == [u.text for u in before.utterances]
    assert [u.words for u in after.utterances] == [u.words for u in before.utterances]
    assert after.provider == "scripted"
    assert after.stages["recognition"] == f"as before by {before.stages['recognition']}"
    assert after.stages["speakers"] == "halves (relabelled)"
    assert after.summary is not None

    runs = installation.services.runs.list_for_call(ORG, call_id)
    assert runs[1].options == replace(
        SCRIPTED, relabel_of=before.id, min_speakers=2, max_speakers=3
    )
    assert labeller.asked == [runs[1].options]
    versions = installation.services.transcripts.list_for_call(ORG, call_id)
    assert [(v.run, v.is_active) for v in versions] == [(1, False), (2, True)]


def test_relabelling_again_keeps_saying_who_recognised(installation: Installation) -> None:
    call_id = ready_call(installation)
    first = relabelled(installation, call_id)
    second = relabelled(installation, call_id)
    assert second.stages["recognition"] == first.stages["recognition"]
    assert second.stages["speakers"] == "halves (relabelled)"


def test_the_provider_needs_not_be_at_hand(
    installation: Installation, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = ready_call(installation)

    def no_network(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(provider, "readiness", no_network)
    monkeypatch.setattr(provider, "transcribe", no_network)
    assert relabelled(installation, call_id).speakers


def test_edits_are_carried_over(installation: Installation) -> None:
    call_id = ready_call(installation)
    review = installation.services.review
    review.correct(LOCAL_USER, call_id, "u1", "Something else was said.")
    review.comment(LOCAL_USER, call_id, "u2", "Listen to this.")
    relabelled(installation, call_id)
    shown = review.load(LOCAL_USER, call_id)
    assert shown.transcript.utterances[0].text == "Something else was said."
    assert [c.utterance_id for c in shown.edits.comments] == ["u2"]


def test_what_is_redacted_stays_redacted(installation: Installation) -> None:
    call_id = ready_call(installation, replace(SCRIPTED, redact=True))
    assert relabelled(installation, call_id).redacted


def test_a_killed_run_goes_on_where_it_was(
    installation: Installation, labeller: HalvesLabeller
) -> None:
    call_id = ready_call(installation)
    parts: list[int] = []

    def stop_at_the_third() -> None:
        parts.append(len(parts))
        if len(parts) == 3:
            installation.stopping.set()

    labeller.pause = stop_at_the_third
    run = installation.services.desk.relabel(LOCAL_USER, call_id, ANY)
    with installation.working():
        installation.wait(call_id, lambda p: installation.stopping.is_set())
    assert installation.progress(call_id).state is CallState.PROCESSING
    assert installation.services.review.load(LOCAL_USER, call_id).transcript.speakers
    installation.stopping.clear()
    with installation.working():
        assert ended(installation, call_id, run.number).state is CallState.READY
    assert len(parts) == 10


def test_it_can_be_cancelled_and_retried(
    installation: Installation, labeller: HalvesLabeller
) -> None:
    call_id = ready_call(installation)
    desk = installation.services.desk
    before = installation.services.transcripts.active(ORG, call_id)
    reached: list[float] = []

    def cancel() -> None:
        if not reached:
            desk.cancel(LOCAL_USER, call_id)
        reached.append(installation.progress(call_id).fraction)
        installation.stopping.wait(0.2)

    labeller.pause = cancel
    desk.relabel(LOCAL_USER, call_id, SpeakerCount(exactly=2))
    with installation.working():
        assert ended(installation, call_id, 2).state is CallState.CANCELLED
        assert installation.services.transcripts.active(ORG, call_id) == before
        labeller.pause = lambda: None
        again = desk.retry(LOCAL_USER, call_id)
        assert again.options.relabel_of == before.id
        assert ended(installation, call_id, again.number).state is CallState.READY


def test_its_progress_has_no_recognition(
    installation: Installation, labeller: HalvesLabeller
) -> None:
    call_id = ready_call(installation)
    seen: list[RunProgress] = []

    def look() -> None:
        # What a run reports is written a moment later.
        until = time.monotonic() + 10
        before = (None, Stage.DECODE)
        while installation.progress(call_id).stage in before and time.monotonic() < until:
            time.sleep(0.02)
        seen.append(installation.progress(call_id))

    labeller.pause = look
    relabelled(installation, call_id)
    assert {p.stage for p in seen} == {Stage.SPEAKERS}
    assert all(p.fraction < 0.9 for p in seen)
    run = installation.services.runs.get(ORG, call_id, 2)
    assert Stage.RECOGNISE not in run.stage_times_ms


def test_processing_again_recognises_again(
    installation: Installation, labeller: HalvesLabeller
) -> None:
    call_id = ready_call(installation)
    relabelled(installation, call_id)
    options = installation.services.runs.get(ORG, call_id, 2).options
    run = installation.services.desk.rerun(LOCAL_USER, call_id, options)
    assert run.options.relabel_of is None
    with installation.working():
        assert ended(installation, call_id, 3).state is CallState.READY
    assert len(labeller.asked) == 1


def test_words_that_are_gone_are_told(installation: Installation) -> None:
    call_id = ready_call(installation)
    unredacted = installation.services.transcripts.active(ORG, call_id)
    redacted = replace(SCRIPTED, redact=True)
    installation.services.desk.rerun(LOCAL_USER, call_id, redacted)
    with installation.working():
        assert ended(installation, call_id, 2).state is CallState.READY
    options = replace(SCRIPTED, relabel_of=unredacted.id)
    services = installation.services
    with services.calls.transaction() as connection:
        run = services.runs.start(ORG, call_id, options, connection=connection)
        services.queue.enqueue(connection, run)
    with installation.working():
        assert ended(installation, call_id, 3).state is CallState.FAILED
    assert services.calls.get(ORG, call_id).error_code == "TranscriptGone"


class TestRefused:
    def test_while_a_run_is_under_way(self, installation: Installation) -> None:
        call_id = ready_call(installation)
        installation.services.desk.relabel(LOCAL_USER, call_id, ANY)
        with pytest.raises(InvalidRequest, match="already"):
            installation.services.desk.relabel(LOCAL_USER, call_id, ANY)

    def test_without_a_transcript(self, installation: Installation) -> None:
        call_id = installation.take_in().call_id
        with pytest.raises(NotReady):
            installation.services.desk.relabel(LOCAL_USER, call_id, ANY)

    def test_without_its_sound(self, installation: Installation) -> None:
        call_id = ready_call(installation)
        assert installation.services.desk.why_no_run(LOCAL_USER, call_id) is None
        installation.services.vault.delete(call_id)
        assert installation.services.desk.why_no_run(LOCAL_USER, call_id) is not None
        with pytest.raises(SoundGone):
            installation.services.desk.relabel(LOCAL_USER, call_id, ANY)
        with pytest.raises(SoundGone):
            installation.services.desk.rerun(LOCAL_USER, call_id, SCRIPTED)
        assert installation.services.calls.get(ORG, call_id).run == 1

    def test_to_strangers(self, installation: Installation) -> None:
        call_id = ready_call(installation)
        stranger = User(id="m", name="M", org_id="elsewhere", role=Role.ADMIN)
        for ask in (
            lambda: installation.services.desk.relabel(stranger, call_id, ANY),
            lambda: installation.services.desk.why_no_run(stranger, call_id),
        ):
            with pytest.raises(NotFound):
                ask()

    @pytest.mark.parametrize(
        "speakers",
        [SpeakerCount(exactly=0), SpeakerCount(most=21), SpeakerCount(least=4, most=3)],
    )
    def test_numbers_no_call_can_have(
        self, installation: Installation, speakers: SpeakerCount
    ) -> None:
        call_id = ready_call(installation)
        with pytest.raises(InvalidRequest):
            installation.services.desk.relabel(LOCAL_USER, call_id, speakers)
        with pytest.raises(PartylineError):
            installation.take_in(tone(2.0), speakers.put_into(SCRIPTED))
