"""A live call: what is told of it, in which order, and what never is."""

import json
import threading
import time
from dataclasses import replace

import pytest

from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import LiveOver, ProviderRefusedKey, ProviderUnavailable
from services.domain.live import Final, Gap, GapKind, Partial, Revised, SpeakerTold
from services.domain.speech import Speaker, SpeakerRole
from services.live.arrivals import LATE_FROM
from services.live.running import LiveCall
from services.providers.live import LiveFormat
from services.providers.scripted import ScriptedProvider
from tests.builders import utterance
from tests.threads import no_thread_left
from tests.unit.live.stand_ins import SECRET, HandProvider, TextModels

WAIT_S = 10.0
AS_HEARD = ProcessingOptions(language="en", redact=False)
REDACTED = ProcessingOptions(language="en")
S1 = SpeakerTold(speaker=Speaker(id="s1", label="Speaker 1"), at_ms=400)
S2 = SpeakerTold(speaker=Speaker(id="s2", label="Speaker 2"), at_ms=5_400)


class Told(list):
    """Collects events and waits for what is to come."""

    def __init__(self):
        super().__init__()
        self._changed = threading.Condition()

    def __call__(self, event):
        with self._changed:
            self.append(event)
            self._changed.notify_all()

    def wait(self, *kinds):
        """Wait until these are the types of what has been told."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.kinds == list(kinds), WAIT_S), self.kinds

    @property
    def kinds(self):
        return [event["type"] for event in self]

    def of(self, kind):
        return [event for event in self if event["type"] == kind]


class Live:
    """A call whose session the test drives."""

    def __init__(self, options=AS_HEARD, **more):
        self.models, self.told, self.provider = TextModels(), Told(), HandProvider()
        self.call = LiveCall(self.provider, options, self.models, self.told, **more)
        self.call.open(LiveFormat())

    def hear(self, *events):
        for event in events:
            self.provider.session.tell(event)

    @property
    def session(self):
        return self.provider.session


@pytest.fixture
def live():
    opened = Live()
    yield opened
    opened.call.abort()


@pytest.fixture
def redacted():
    opened = Live(REDACTED)
    yield opened
    opened.call.abort()


def line(number, speaker, text, start_ms=None):
    return utterance(number, speaker, number * 5_000 if start_ms is None else start_ms, text)


def test_events_keep_their_order_and_their_form(live):
    hello = line(1, "s1", "hello there")
    live.hear(S1, Partial(line=replace(hello, text="hello")), Final(line=hello))
    live.told.wait("speaker", "partial", "final", "sentiment")
    speaker, partial, final, sentiment = live.told
    assert speaker["id"] == "s1"
    assert speaker["role"] == "unknown"
    assert (partial["id"], partial["text"]) == ("u1", "hello")
    assert (final["id"], final["speaker"], final["text"]) == ("u1", "s1", "hello there")
    assert (final["start_ms"], final["end_ms"]) == (hello.start_ms, hello.end_ms)
    assert final["at_ms"] == hello.end_ms
    assert [word["text"] for word in final["words"]] == ["hello", "there"]
    assert (sentiment["utterance"], sentiment["label"]) == ("u1", "negative")
    assert all(json.loads(json.dumps(event)) == event for event in live.told)
    assert all(event["emitted_ms"] == 0 for event in live.told), "no sound was sent yet"


def test_moments_count_from_the_first_sample():
    now = [50.0]
    live = Live(clock=lambda: now[0])
    live.call.send(bytes(1_600))
    now[0] += 1.25
    live.hear(S1)
    live.told.wait("speaker")
    assert live.told[0]["emitted_ms"] == 1_250
    live.call.abort()


def test_models_do_not_delay_captions(live):
    live.models.may_score.clear()
    lines = [line(n, "s1", f"line {n}") for n in range(1, 30)]
    live.hear(S1, *(Final(line=one) for one in lines))
    live.told.wait("speaker", *["final"] * 29)
    live.models.may_score.set()
    live.told.wait("speaker", *["final"] * 29, *["sentiment"] * 29)
    assert [e["utterance"] for e in live.told.of("sentiment")] == [one.id for one in lines]


def test_a_line_is_scored_after_the_one_before_it(live):
    live.hear(S1, S2, Final(line=line(1, "s1", "first")), Final(line=line(2, "s2", "great")))
    live.told.wait("speaker", "speaker", "final", "final", "sentiment", "sentiment")
    assert live.models.scored == [(None, "first"), ("first", "great")]


def test_a_revision_is_told_and_scored_only_when_it_reads_otherwise(live):
    first = line(1, "s1", "first")
    live.hear(S1, S2, Final(line=first), Revised(line=replace(first, speaker="s2")))
    live.told.wait("speaker", "speaker", "final", "revised", "sentiment")
    live.hear(Revised(line=replace(first, text="great")))
    live.told.wait("speaker", "speaker", "final", "revised", "sentiment", "revised", "sentiment")
    assert live.told[3]["speaker"] == "s2"
    assert live.told[-1]["label"] == "positive"


def test_at_the_end_come_roles_and_a_summary():
    live = Live(details=CallDetails(agent_name="Nora Fields"))
    live.hear(
        S1, S2,
        Final(line=line(1, "s1", "Thank you for calling Harbor Energy how can I help you")),
        Final(line=line(2, "s2", "I have a problem my last bill is much higher than before")),
    )  # fmt: skip
    live.call.send(bytes(32 * 30_000))
    live.call.finish()
    tail = live.told[-4:]
    assert [event["type"] for event in tail] == ["speaker", "speaker", "summary", "ended"]
    assert [event["role"] for event in tail[:2]] == ["agent", "customer"]
    assert tail[0]["label"] == "Nora Fields"
    assert {event["at_ms"] for event in tail} == {30_000}
    assert tail[2]["reason"]["utterances"] == ["u2"]
    assert tail[3]["error_code"] is None
    made = live.call.analysed.transcript
    assert made.role_of("s1") is SpeakerRole.AGENT
    assert [u.sentiment is not None for u in made.utterances] == [True, True]
    assert len(live.models.scored) == 2, "what was scored on the way is not scored again"


def test_last_words_are_told(live):
    live.session.last_words = [S1, Final(line=line(1, "s1", "goodbye"))]
    live.call.finish()
    assert live.told.of("final")[0]["text"] == "goodbye"
    assert live.told.kinds[-1] == "ended"


def test_a_line_that_was_never_finished_is_final_as_it_was_heard_last(live):
    live.hear(S1, Partial(line=line(1, "s1", "half a")))
    live.session.fail(ProviderUnavailable())
    live.call.finish()
    assert live.told.of("final")[0]["text"] == "half a"


def test_an_error_in_mid_call_is_a_warning_and_stands_at_the_end(live):
    live.call.send(bytes(32 * 2_000))
    live.hear(S1, Final(line=line(1, "s1", "hello")))
    live.session.fail(ProviderUnavailable())
    with pytest.raises(ProviderUnavailable):
        live.call.send(bytes(1_600))
    live.call.finish()
    (warning,), ended = live.told.of("warning"), live.told[-1]
    assert (warning["kind"], warning["code"]) == ("error", "ProviderUnavailable")
    assert warning["message"] == ended["error_message"] == ProviderUnavailable().user_message
    assert ended["error_code"] == "ProviderUnavailable"
    assert live.told.of("summary"), "what was heard is understood all the same"
    assert live.call.ended.error_code == "ProviderUnavailable"


def test_a_gap_is_a_warning(live):
    live.hear(Gap(kind=GapKind.CHANNEL_LOST, start_ms=1_000, end_ms=3_000, channel=1))
    live.told.wait("warning")
    (warning,) = live.told
    assert warning["kind"] == "gap"
    assert warning["reason"] == "channel_lost"
    assert (warning["start_ms"], warning["end_ms"], warning["channel"]) == (1_000, 3_000, 1)


def test_a_refused_start_raises_and_tells_nothing():
    told = Told()
    provider = HandProvider(refuses=ProviderRefusedKey())
    call = LiveCall(provider, AS_HEARD, TextModels(), told)
    with no_thread_left(), pytest.raises(ProviderRefusedKey):
        call.open(LiveFormat())
    assert not told


def test_an_aborted_call_ends_at_once_and_reads_no_more(live):
    live.models.may_score.clear()
    live.hear(S1, *(Final(line=line(n, "s1", f"line {n}")) for n in range(1, 5)))
    threading.Timer(0.2, live.models.may_score.set).start()
    live.call.abort()
    assert live.told.kinds[-1] == "ended"
    assert not live.told.of("summary")
    assert len(live.models.scored) <= 1
    assert live.call.analysed is None
    with pytest.raises(LiveOver):
        live.call.send(bytes(1_600))


def test_finishing_twice_tells_the_end_once(live):
    live.call.finish()
    live.call.finish()
    assert live.told.kinds.count("ended") == 1


def test_no_name_leaves_when_redaction_is_on(redacted):
    hello = line(1, "s1", f"hello {SECRET} this is")
    redacted.hear(S1, Partial(line=hello), Final(line=hello))
    redacted.told.wait("speaker", "final", "sentiment")
    assert redacted.models.scored == [(None, hello.text)], "sentiment reads what was said"
    redacted.call.finish()
    assert SECRET not in json.dumps(list(redacted.told))
    assert redacted.told.of("final")[0]["text"] == "hello [PERSON] this is"
    assert redacted.call.analysed.transcript.redacted


def test_a_line_that_cannot_be_redacted_is_not_shown(redacted):
    redacted.models.redaction_fails_at = "oops"
    redacted.hear(
        S1, Final(line=line(1, "s1", f"oops {SECRET}")), Final(line=line(2, "s1", "fine"))
    )
    redacted.told.wait("speaker", "warning", "final", "sentiment")
    assert redacted.told[1]["code"] == "InternalFault"
    assert redacted.told[2]["text"] == "fine"
    redacted.call.finish()
    assert SECRET not in json.dumps(list(redacted.told))
    assert [e["text"] for e in redacted.told.of("final")] == ["fine", "oops [PERSON]"]


def test_models_that_fail_are_told_once_and_the_call_goes_on(live):
    live.models.sentiment_fails = RuntimeError("no such weights")
    live.hear(S1, *(Final(line=line(n, "s1", f"line {n}")) for n in range(1, 4)))
    live.call.finish()
    assert len(live.told.of("final")) == 3
    assert [w["code"] for w in live.told.of("warning")] == ["InternalFault"]
    assert live.told.kinds[-1] == "ended"
    assert "no such weights" not in json.dumps(list(live.told))


def test_when_captions_fall_behind_outdated_partials_are_left_out_and_nothing_else():
    """The listener stands still until everything has arrived."""
    models, told, provider = TextModels(), Told(), HandProvider()
    go_on = threading.Event()

    def listen(event):
        go_on.wait(WAIT_S)
        told(event)

    call = LiveCall(provider, AS_HEARD, models, listen)
    call.open(LiveFormat())
    provider.session.tell(S1)
    lines = [line(n, "s1", f"this is line {n}") for n in range(1, 2 * LATE_FROM)]
    for one in lines:
        provider.session.tell(Partial(line=replace(one, text="this")))
        provider.session.tell(Final(line=one))
    time.sleep(0.05)
    go_on.set()
    call.finish()
    assert [event["id"] for event in told.of("final")] == [one.id for one in lines]
    assert 0 < len(told.of("partial")) <= LATE_FROM


def test_the_scripted_call_is_the_same_live_and_recorded():
    told = Told()
    call = LiveCall(ScriptedProvider(), REDACTED, TextModels(), told)
    call.open(LiveFormat(channels=2))
    for _ in range(25_000 // 50):
        call.send(bytes(3_200))
    call.finish()
    lines = call.analysed.transcript.utterances
    assert [u.id for u in lines] == [f"u{n}" for n in range(1, 8)]
    assert lines[-1].end_ms == 25_000
    assert [u.channel for u in lines] == [0, 1, 0, 1, 0, 1, 0]
    assert told.kinds.count("final") == 7
    assert told.kinds[-2:] == ["summary", "ended"]
