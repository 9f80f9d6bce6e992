"""Two channels: sound taken apart, events put together in the order of the call."""

import numpy as np

from services.domain.live import Final, Gap, GapKind, LiveEvent, Partial, SpeakerTold
from services.domain.speech import Speaker, Utterance
from services.providers.assemblyai.two_channels import (
    HOLD_S,
    InTimeOrder,
    channels_of,
    speaker_on,
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def line(line_id: str, end_ms: int) -> Utterance:
    return Utterance(id=line_id, speaker="s1", start_ms=end_ms - 500, end_ms=end_ms, text="x")


def ordered() -> tuple[InTimeOrder, list[LiveEvent], Clock]:
    told: list[LiveEvent] = []
    clock = Clock()
    return InTimeOrder(range(2), told.append, clock), told, clock


def test_channels_are_taken_apart() -> None:
    frames = np.array([[1, -1], [2, -2], [300, -300]], dtype="<i2")
    first, second = channels_of(frames.tobytes(), 2)
    assert np.frombuffer(first, dtype="<i2").tolist() == [1, 2, 300]
    assert np.frombuffer(second, dtype="<i2").tolist() == [-1, -2, -300]


def test_a_channel_has_its_speaker() -> None:
    assert speaker_on(1) == Speaker(id="s2", label="Speaker 2", channel=1)


def test_a_final_waits_for_the_other_channel() -> None:
    order, told, _ = ordered()
    late, early = Final(line=line("c0.u1", 5_000)), Final(line=line("c1.u1", 4_000))
    order.put(0, late)
    assert told == []
    order.put(1, early)
    assert told == [early]
    after = Partial(line=line("c1.u2", 6_000))
    order.put(1, after)
    assert told == [early, after, late]


def test_a_final_waits_no_longer_than_a_moment() -> None:
    order, told, clock = ordered()
    final = Final(line=line("c0.u1", 5_000))
    order.put(0, final)
    order.release()
    assert told == []
    clock.now = HOLD_S
    order.release()
    assert told == [final]


def test_partials_and_introductions_never_wait() -> None:
    order, told, _ = ordered()
    introduced = SpeakerTold(speaker=speaker_on(0), at_ms=4_500)
    partial = Partial(line=line("c0.u1", 5_000))
    order.put(0, introduced)
    order.put(0, partial)
    assert told == [introduced, partial]


def test_nothing_waits_for_a_channel_that_is_over() -> None:
    order, told, _ = ordered()
    final = Final(line=line("c0.u1", 5_000))
    gap = Gap(kind=GapKind.CHANNEL_LOST, start_ms=0, end_ms=4_000, channel=1)
    order.put(0, final)
    order.put(1, gap)
    assert told == [gap]
    order.leave(1)
    assert told == [gap, final]


def test_what_one_channel_tells_of_one_moment_keeps_its_order() -> None:
    order, told, _ = ordered()
    events = [Final(line=line(f"c0.u{n}", 5_000)) for n in range(5)]
    for event in events:
        order.put(0, event)
    order.leave(1)
    assert told == events
