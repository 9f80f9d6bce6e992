"""Playing a recording into a live call: in time, whole, and no longer than wanted."""

import io

import numpy as np
import pytest

from services.audio.pcm import ArrayPcm
from services.audio.recording import ChannelLayout, Recording
from services.domain.calls import AudioFacts
from services.domain.errors import LiveOver
from services.domain.findings import Finding, FindingKind
from services.live.recording.pacing import AT_ONCE, chunks_of, format_for, play
from services.providers.capabilities import Capabilities
from services.providers.live import LiveFormat

MONO, STEREO = LiveFormat(), LiveFormat(channels=2)
ONE = Capabilities(name="one", title="One", live=True)
TWO = Capabilities(name="two", title="Two", live=True, live_channels=2)


def recording(samples, layout=ChannelLayout.MIXED, findings=()):
    facts = AudioFacts(
        duration_ms=len(samples) // 16,
        channels=samples.shape[1],
        sample_rate=16_000,
        codec="pcm",
        container="wav",
        findings=tuple(findings),
    )
    return Recording(
        facts=facts, layout=layout, pcm=ArrayPcm(samples), open_source=lambda: io.BytesIO()
    )


def ramp(frames, channels=1):
    one = (np.arange(frames) % 1_000 / 32_768).astype(np.float32)
    return np.stack([one * (1 if c == 0 else -1) for c in range(channels)], axis=1)


class Clock:
    """Time that passes by sleeping, and by what sending costs."""

    def __init__(self, cost_s: float = 0.0) -> None:
        self.now = 100.0
        self.cost_s = cost_s
        self.sent: list[tuple[int, int]] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def send(self, chunk: bytes) -> None:
        self.sent.append((round((self.now - 100.0) * 1000), len(chunk)))
        self.now += self.cost_s

    def play(self, chunks, **how):
        return play(chunks, self.send, clock=self, sleep=self.sleep, **how)


def test_each_chunk_goes_when_its_last_sample_was_spoken():
    clock = Clock()
    assert clock.play([bytes(1_600)] * 3 + [bytes(320)], sound=MONO)
    assert clock.sent == [(50, 1_600), (100, 1_600), (150, 1_600), (160, 320)]


def test_two_channels_take_the_same_time():
    clock = Clock()
    clock.play([bytes(3_200)] * 2, sound=STEREO)
    assert [at for at, _ in clock.sent] == [50, 100]


def test_what_sending_costs_does_not_add_up():
    clock = Clock(cost_s=0.04)
    clock.play([bytes(1_600)] * 1_000, sound=MONO)
    assert clock.sent[-1][0] == 50_000


def test_a_chunk_that_was_late_is_caught_up_with():
    clock = Clock()
    costs = iter([0.175, *[0.0] * 10])

    def send(chunk):
        clock.send(chunk)
        clock.now += next(costs)

    play([bytes(1_600)] * 6, send, sound=MONO, clock=clock, sleep=clock.sleep)
    assert [at for at, _ in clock.sent] == [50, 225, 225, 225, 250, 300]


@pytest.mark.parametrize(("speed", "last_ms"), [(2.0, 50), (0.5, 200)])
def test_speed_counts_from_real_time(speed, last_ms):
    clock = Clock()
    clock.play([bytes(1_600)] * 2, sound=MONO, speed=speed)
    assert clock.sent[-1][0] == last_ms


def test_at_once_waits_for_nothing():
    clock = Clock()
    clock.play([bytes(1_600)] * 100, sound=MONO, speed=AT_ONCE)
    assert {at for at, _ in clock.sent} == {0}


def test_it_stops_when_told_and_says_so():
    clock = Clock()
    stopped = clock.play([bytes(1_600)] * 10, sound=MONO, is_stopped=lambda: len(clock.sent) == 3)
    assert not stopped
    assert len(clock.sent) == 3


def test_a_call_that_is_over_ends_it():
    def refuse(chunk):
        raise LiveOver

    with pytest.raises(LiveOver):
        play([bytes(1_600)] * 2, refuse, sound=MONO, speed=AT_ONCE)


def test_chunks_hold_the_whole_recording_and_nothing_else():
    samples = ramp(16_000 + 123)
    chunks = list(chunks_of(recording(samples), MONO))
    assert [len(chunk) for chunk in chunks] == [1_600] * 20 + [246]
    heard = np.frombuffer(b"".join(chunks), "<i2")
    assert np.array_equal(heard, np.rint(samples[:, 0] * 32_768).astype(np.int16))


def test_two_channels_are_interleaved():
    samples = ramp(1_600, channels=2)
    heard = np.frombuffer(b"".join(chunks_of(recording(samples), STEREO)), "<i2").reshape(-1, 2)
    assert np.array_equal(heard[:, 0], -heard[:, 1])
    assert heard[:, 0].any()


def test_one_channel_of_two_is_their_mean_or_the_one_that_holds_the_call():
    samples = ramp(1_600, channels=2)
    (mean, _) = chunks_of(recording(samples), MONO)
    assert not np.frombuffer(mean, "<i2").any()
    silent = Finding(kind=FindingKind.SILENT_CHANNEL, channel=1)
    (named, _) = chunks_of(recording(samples, findings=[silent]), MONO)
    assert np.frombuffer(named, "<i2").any()


def test_each_party_goes_alone_where_both_sides_can_do_it():
    separate = recording(ramp(1_600, channels=2), ChannelLayout.SEPARATE)
    mixed = recording(ramp(1_600, channels=2))
    assert format_for(separate, TWO).channels == 2
    assert format_for(separate, ONE).channels == 1
    assert format_for(mixed, TWO).channels == 1
