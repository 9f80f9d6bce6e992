"""The call behind a stream: what is kept of its sound, and what a service can't make of it."""

from dataclasses import dataclass, field

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.errors import DataDamaged, LiveFull, LiveOver, NotFound, SoundElsewhere
from services.domain.live_calls import LiveSource
from services.domain.people import LOCAL_USER
from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.domain.speech import SpeakerRole
from services.live.recording.line import LineNotice
from services.telephony.streaming.call import StreamedCall, StreamOrder
from services.telephony.streaming.over import Over

FRAMES_PER_MS = 16
ROLES = (SpeakerRole.CUSTOMER, SpeakerRole.AGENT)
PHONE = PhoneFacts(service=PhoneService.TWILIO, way=PhoneWay.STREAMED, connection_id="MZ1")


@dataclass
class HeldCallDouble:
    """A held call, its line and its desk in one: it keeps what it is given."""

    channels: int = 2
    frames: int = 0
    done: list[object] = field(default_factory=list)
    refuses: Exception | None = None
    id: str = "call"

    @property
    def next_frame(self):
        return self.frames

    def begin(self, user, name, options, details, **more):
        if self.refuses:
            raise self.refuses
        self.done.append(("begin", user.id, options.channel_roles, more["source"], more["phone"]))
        self.channels = more["channels"]
        return self

    def get(self, user, call_id):
        if call_id != self.id:
            raise NotFound
        return self

    def connect(self, user, call_id, notify):
        self.notify = notify
        return self

    def take(self, frame, pcm):
        if self.refuses:
            raise self.refuses
        assert frame == self.frames
        self.frames += len(pcm) // 2 // self.channels
        self.done.append(len(pcm))

    def gap(self, known_ms=None):
        self.frames += (known_ms or 0) * FRAMES_PER_MS
        self.done.append(("gap", known_ms))

    def pause(self):
        self.done.append("pause")

    def resume(self):
        self.done.append("resume")

    def stop(self, frames):
        assert frames == self.frames
        self.done.append("stop")


class Streamed:
    """A streamed call over a double, with a clock that the test sets."""

    def __init__(self):
        self.held, self.over, self.now = HeldCallDouble(), [], 100.0
        self.call = StreamedCall(
            self.held, LOCAL_USER, ProcessingOptions,
            on_over=self.over.append, clock=lambda: self.now,
        )  # fmt: skip

    def begin(self):
        self.call.begin(StreamOrder(phone=PHONE, channel_roles=ROLES))
        self.held.done.clear()


def sound(ms):
    return bytes(ms * FRAMES_PER_MS * 4)


def test_it_begins_with_what_the_service_knows():
    one = Streamed()
    one.call.begin(StreamOrder(phone=PHONE, channel_roles=ROLES))
    assert one.held.done == [("begin", LOCAL_USER.id, ROLES, LiveSource.PHONE, PHONE)]
    assert (one.call.is_on, one.call.call_id) == (True, "call")


def test_long_sound_goes_in_in_pieces_that_are_taken():
    one = Streamed()
    one.begin()
    one.call.take(sound(2_500))
    assert one.held.done == [64_000, 64_000, 32_000]


def test_sound_that_cannot_have_been_spoken_yet_is_left_out():
    """
    now 0: ten minutes ahead are taken, one more second is not; it is a second later
    """
    one = Streamed()
    one.begin()
    one.call.take(sound(400_000))
    one.call.left_out(200_000)
    one.call.take(sound(1_000))
    one.call.left_out(1_000)
    assert (one.held.frames, one.call.too_early_ms) == (600_000 * FRAMES_PER_MS, 2_000)
    one.now += 1.0
    one.call.take(sound(1_000))
    assert one.held.frames == 601_000 * FRAMES_PER_MS


def test_nothing_is_taken_before_it_begins_or_after_it_is_over():
    one = Streamed()
    _everything(one.call)
    assert one.held.done == []
    one = Streamed()
    one.begin()
    one.call.end()
    _everything(one.call)
    assert one.held.done == ["stop"]


def _everything(call):
    call.take(sound(10))
    call.pause()
    call.left_out(10)
    call.resume()
    call.end()


@pytest.mark.parametrize("notice", list(LineNotice))
def test_why_no_more_is_wanted_is_told_once_it_is_so(notice):
    one = Streamed()
    one.begin()
    one.held.notify(notice)
    assert one.over == [Over(notice.value)]
    one.call.take(sound(10))
    one.call.end()
    assert one.held.done == []


def test_a_call_that_cannot_begin_is_told_to_who_began_it():
    one = Streamed()
    one.held.refuses = LiveFull()
    with pytest.raises(LiveFull):
        one.call.begin(StreamOrder(phone=PHONE, channel_roles=ROLES))
    assert not one.call.is_on


def test_sound_that_can_never_be_kept_ends_the_call():
    one = Streamed()
    one.begin()
    one.held.refuses = DataDamaged()
    one.call.take(sound(10))
    assert (one.held.done, one.over, one.call.is_on) == (["stop"], [Over.FAILED], False)


@pytest.mark.parametrize("error", [LiveOver(), SoundElsewhere()])
def test_a_call_that_is_another_s_is_left_alone(error):
    one = Streamed()
    one.begin()
    one.held.refuses = error
    one.call.take(sound(10))
    one.call.end()
    assert (one.held.done, one.over) == ([], [])


@pytest.mark.parametrize(("call_id", "channels", "goes_on"), [
    ("call", 2, True), ("another", 2, False), ("call", 1, False),
])  # fmt: skip
def test_another_stream_goes_on_with_the_same_call_alone(call_id, channels, goes_on):
    one = Streamed()
    assert one.call.go_on(call_id, channels) is goes_on
    assert one.held.done == ([("gap", None)] if goes_on else [])
