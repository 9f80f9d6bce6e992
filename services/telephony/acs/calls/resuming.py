"""What was kept of a phone call, as whoever goes on with it needs it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.analysis.metrics import analyse
from services.domain.errors import InvalidRequest
from services.domain.live_calls import LiveState, RunningCall
from services.domain.metrics import AnalysedTranscript
from services.domain.speech import Speaker, SpeakerRole
from services.live.telling.events import Kind, Told
from services.live.telling.read_back import ToldCaptions, utterance_of
from services.telephony.acs.calls.kept_words import KEPT, PARTICIPANT
from services.telephony.acs.calls.wish_form import wish_of
from services.telephony.acs.hearing.lines import FINALS_KNOWN, HeardBefore
from services.telephony.acs.wire.wishes import PhoneWish


@dataclass(frozen=True, kw_only=True)
class KeptBefore:
    """What is kept of a call that another process has held: what was told of it, and heard."""

    told: Sequence[Told] = field(repr=False)
    heard: HeardBefore


def kept_before(running: RunningCall, told: Sequence[Told], *, now_ms: int) -> KeptBefore:
    """Return what an earlier process has kept of a call that is ``now_ms`` long by now."""
    return KeptBefore(
        told=[one for one in told if one["type"] in KEPT],
        heard=heard_before(running, told, now_ms=now_ms),
    )


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
        was_paused=running.state is LiveState.PAUSED,
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


def kept_wish(running: RunningCall) -> PhoneWish:
    """Return how a call was asked for, as well as is known."""
    try:
        return wish_of(running.phone.wish if running.phone else None)
    except InvalidRequest:
        return PhoneWish(locales=("en-US",))


def kept_captions(running: RunningCall, told: Sequence[Told]) -> AnalysedTranscript | None:
    """Return the lines that were kept as the captions of the call, None without one."""
    transcript = ToldCaptions(told).transcript(
        running.options.provider,
        duration_ms=running.received_ms,
        language=running.options.language,
        redacted=running.options.redact,
    )
    if transcript is None:
        return None
    return AnalysedTranscript(transcript=transcript, analysis=analyse(transcript))
