"""What was kept of a phone call, as whoever goes on with it needs it."""

from collections.abc import Sequence

from services.domain.live_calls import RunningCall
from services.domain.speech import Speaker, SpeakerRole
from services.live.telling.events import Kind, Told
from services.live.telling.read_back import utterance_of
from services.telephony.acs.lines import FINALS_KNOWN, HeardBefore
from services.telephony.kept_words import PARTICIPANT


def heard_before(running: RunningCall, told: Sequence[Told], *, now_ms: int) -> HeardBefore:
    """Return what an earlier process has heard of a call that is ``now_ms`` long by now."""
    lines = {one["id"]: one for one in told if one["type"] in (Kind.FINAL, Kind.REVISED)}
    speakers = {one["id"]: _speaker(one) for one in told if one["type"] == Kind.SPEAKER}
    by_raw_id = {
        one["raw_id"]: speakers.get(one["speaker"], _unnamed(one["speaker"]))
        for one in told
        if one["type"] == PARTICIPANT and one["raw_id"]
    }
    numbers = [int(name[1:]) for name in lines if name[:1] == "u" and name[1:].isdigit()]
    finals = tuple(utterance_of(one) for one in lines.values())
    heard_ms = max((line.end_ms for line in finals), default=0)
    return HeardBefore(
        now_ms=max(now_ms, heard_ms),
        away_ms=max(running.received_ms, heard_ms),
        # A line that was open when the process died had the next number, with a few to spare.
        lines=max(numbers, default=0) + len(by_raw_id) + 1,
        finals=finals[-FINALS_KNOWN:],
        speakers=by_raw_id,
    )


def _speaker(told: Told) -> Speaker:
    return Speaker(
        id=told["id"],
        label=told["label"],
        role=SpeakerRole(told["role"]),
        role_confidence=told["role_confidence"],
    )


def _unnamed(speaker_id: str) -> Speaker:
    return Speaker(id=speaker_id, label=f"Speaker {speaker_id.removeprefix('s')}")
