"""Whatever order and however often the frames of a call come, each line is there once."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.live import Ended
from services.live.known.captions import Captions
from services.telephony.acs.hearing.session import PhoneSession
from tests.unit.telephony.acs.frames import AGENT, CUSTOMER, line

LINES = 12
LINE_MS = 1_000


def call():
    """Frames of a call of two: three unfinished ones and a final one of each line, in order."""
    frames = []
    for number in range(LINES):
        who, start_ms = (AGENT, CUSTOMER)[number % 2], number * LINE_MS
        words = f"line number {number} is this".split()
        for heard in (1, 2, 4):
            text = " ".join(words[:heard])
            end_ms = start_ms + heard * 150
            frames.append(line(text, start_ms, end_ms, final=False, who=who, words=False))
        frames.append(line(" ".join(words), start_ms, start_ms + 900, who=who))
    return frames


@settings(deadline=None, max_examples=200)
@given(seed=st.integers(0, 2**32), reach=st.integers(0, 12), repeats=st.integers(0, 20))
def test_every_final_line_is_there_once(seed, reach, repeats):
    chance, frames = random.Random(seed), call()
    for _ in range(repeats):
        at = chance.randrange(len(frames))
        frames.insert(min(len(frames), at + chance.randrange(6)), frames[at])
    places = [number + chance.uniform(0, reach) for number in range(len(frames))]
    frames = [frame for _, frame in sorted(zip(places, frames, strict=True))]
    captions, events = Captions(), []

    def listen(event):
        events.append(event)
        assert captions.take(event) or isinstance(event, Ended), event

    session = PhoneSession("acs", listen)
    session.connected()
    for frame in frames:
        session.take_frame(frame)
    session.disconnected()
    session.finish()
    assert [(one.text, one.start_ms) for one in captions.lines] == [
        (f"line number {number} is this", number * LINE_MS) for number in range(LINES)
    ]
    assert captions.partials == ()
    counts = session.counts
    assert counts.malformed == counts.other == 0
    assert counts.taken + counts.repeated + counts.outdated == len(frames)
