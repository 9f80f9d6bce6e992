"""Fifty phone calls at once, two frames a second each: none lost, told at once, memory flat."""

import json
import statistics
import time

import pytest

from emulators.acs import call as emulated
from emulators.acs.plans import CallPlan
from emulators.acs.script import PhoneLine
from emulators.acs.server import AcsEmulator
from services.domain.live import Final
from services.telephony.acs.hearing.gate import FrameCounts
from services.telephony.acs.hearing.session import PhoneSession
from tests.threads import no_thread_left
from tests.unit.telephony.acs.receiver import Receiver

CALLS = 50
FOR_S = 20
MOST_P95_MS = 50.0
# Four frames a line: three while it is said, one when it is final.
LINE_MS = 2_000
SENT_AT = "sentAt"


def resident_kib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def lines(seconds):
    said = "And then I was told that somebody would call me back about it."
    return [
        PhoneLine(text=said, start_ms=at, end_ms=at + LINE_MS - 500)
        for at in range(0, seconds * 1_000, LINE_MS)
    ]


def load(seconds, monkeypatch=None):
    """Hold the calls; return how long after each frame was sent it was told, and the growth."""
    lags_ms, counts, finals = [], [], []

    def sent(self, connection, frame, _send=emulated.EmulatedCall._send):
        _send(self, connection, {**frame, SENT_AT: time.perf_counter()})

    class Timed(PhoneSession):
        def take_frame(self, frame):
            began = super().take_frame(frame)
            lags_ms.append(1_000 * (time.perf_counter() - json.loads(frame)[SENT_AT]))
            return began

    def opened(_connection_id):
        session = Timed("acs", lambda e: finals.append(e) if isinstance(e, Final) else None)
        counts.append(session.counts)
        return session

    monkeypatch.setattr(emulated.EmulatedCall, "_send", sent)
    plan = CallPlan(lines=lines(seconds))
    with no_thread_left(), AcsEmulator(plan) as service, Receiver(service) as receiver:
        receiver.open_session = opened
        for _ in range(CALLS):
            service.dial(receiver.transport_url)
        time.sleep(seconds / 4)
        early_kib = resident_kib()
        every = CALLS * len(plan.lines)
        until = time.monotonic() + seconds + 30
        while len(finals) < every and time.monotonic() < until:
            time.sleep(0.2)
        grown_kib = resident_kib() - early_kib
        sent_frames = sum(one.frames for one in service.calls)
        service.stop()
    return lags_ms, counts, len(finals), every, sent_frames, grown_kib


@pytest.mark.slow
def test_fifty_calls_lose_nothing_and_are_told_at_once(monkeypatch):
    lags_ms, counts, finals, every, sent_frames, grown_kib = load(FOR_S, monkeypatch)
    assert finals == every
    assert sum(one.taken for one in counts) == sent_frames
    assert all(one == FrameCounts(taken=one.taken) for one in counts)
    p95 = statistics.quantiles(lags_ms, n=20)[-1]
    assert p95 <= MOST_P95_MS, f"{p95:.1f} ms"
    assert grown_kib < 30_000, f"{grown_kib} KiB"
