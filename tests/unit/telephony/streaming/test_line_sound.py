"""Sound of phone lines: µ-law, tracks put together by their times, Twilio's messages."""

import base64
import hashlib
import hmac
import json

import numpy as np
import pytest

from services.domain.errors import UnsupportedOption
from services.telephony.streaming.sound import LINE_RATE, LineSound, from_mulaw
from services.telephony.streaming.twilio import TwilioStream, is_signed

CHUNK_MS = 20


def to_mulaw(samples):
    """Encode by the recommendation's definition, to check the decoding against it."""
    sign = np.where(samples < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(samples.astype(np.int32)), 32_635) + 0x84
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8).tobytes()


def tone(ms, hertz=440.0, level=8_000.0):
    at = np.arange(ms * LINE_RATE // 1_000) / LINE_RATE
    return np.rint(level * np.sin(2 * np.pi * hertz * at)).astype(np.int16)


def frames(pcm, channels=2):
    return np.frombuffer(pcm, dtype="<i2").reshape(-1, channels)


def rms(samples):
    return float(np.sqrt(np.mean(np.square(samples.astype(np.float64)))))


def test_mulaw_is_decoded_by_its_definition():
    assert from_mulaw(b"\xff\x7f\x00\x80").tolist() == [0, 0, -32_124, 32_124]
    samples = np.arange(-32_000, 32_001, 37).astype(np.int16)
    decoded = from_mulaw(to_mulaw(samples)).astype(np.int32)
    # The steps of a segment grow with the value: half a step is the most it can be off.
    assert np.all(np.abs(decoded - samples) <= np.maximum(4, np.abs(samples.astype(np.int32)) / 16))


def test_what_was_put_in_comes_out_at_twice_the_rate():
    sound = LineSound(2)
    left, right = tone(1_000), tone(1_000, level=2_000.0)
    sound.put(0, 0, left)
    sound.put(1, 0, right)
    heard = frames(sound.ready() + sound.rest())
    assert len(heard) == 16_000
    assert rms(heard[:, 0]) == pytest.approx(8_000 / 2**0.5, rel=0.02)
    assert rms(heard[:, 1]) == pytest.approx(2_000 / 2**0.5, rel=0.02)
    assert sound.missing_frames == sound.late_frames == 0


def test_a_track_is_waited_for_but_not_for_ever():
    """
    track 0  |--------------------| 1000 ms
    track 1  |-----| 200            given on: 600
    """
    sound = LineSound(2)
    sound.put(1, 0, tone(200))
    sound.put(0, 0, tone(1_000))
    sound.ready()
    assert sound.given_ms == 600
    sound.put(1, 200 * 8, tone(500))
    assert sound.late_frames == 400 * 8
    sound.rest()
    assert sound.given_ms == 1_000
    assert sound.missing_frames == 700 * 8


def test_chunks_out_of_order_find_their_places():
    whole, sound = tone(400), LineSound(1)
    parts = [(at, whole[at : at + 160]) for at in range(0, len(whole), 160)]
    for at, part in [*parts[2:], *parts[:2]]:
        sound.put(0, at, part)
    heard = frames(sound.ready() + sound.rest(), 1)[:, 0]
    straight = LineSound(1)
    straight.put(0, 0, whole)
    assert np.array_equal(heard, frames(straight.ready() + straight.rest(), 1)[:, 0])


def test_sound_from_out_of_reach_is_left_out():
    sound = LineSound(1)
    sound.put(0, -1, tone(20))
    sound.put(0, 10**9, tone(20))
    assert sound.ready() + sound.rest() == b""
    assert sound.late_frames == 2 * 160


# --- Twilio -------------------------------------------------------------------------------------


def message(event, **content):
    return json.dumps({"event": event, "streamSid": "MZ1", **content})


def start(tracks=("inbound", "outbound"), **format_):
    told = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1, **format_}
    return message(
        "start",
        sequenceNumber="1",
        start={
            "streamSid": "MZ1",
            "accountSid": "AC1",
            "callSid": "CA1",
            "tracks": list(tracks),
            "customParameters": {"Agent": "Anna"},
            "mediaFormat": told,
        },
    )


def media(track, at_ms, samples):
    payload = base64.b64encode(to_mulaw(samples)).decode()
    return message("media", media={"track": track, "timestamp": str(at_ms), "payload": payload})


def chunks(track, whole, *, begin_ms=0, jitter=()):
    for number, at in enumerate(range(0, len(whole), CHUNK_MS * 8)):
        off_ms = jitter[number % len(jitter)] if jitter else 0
        at_ms = begin_ms + at // 8 + off_ms
        yield media(track, max(0, at_ms), whole[at : at + CHUNK_MS * 8])


def test_a_stream_tells_both_sides_of_a_call():
    stream = TwilioStream()
    heard = stream.take(message("connected", protocol="Call", version="1.0.0"))
    heard += stream.take(start())
    assert stream.start is not None
    assert (stream.start.stream_id, stream.start.call_id) == ("MZ1", "CA1")
    assert stream.start.parameters == {"Agent": "Anna"}
    both = zip(
        chunks("inbound", tone(1_000)), chunks("outbound", tone(1_000, level=2_000)), strict=True
    )
    for inbound, outbound in both:
        heard += stream.take(inbound) + stream.take(outbound)
    heard += stream.take(message("mark", mark={"name": "m"}))
    heard += stream.take(message("stop", stop={"callSid": "CA1"}))
    sound = frames(heard)
    assert stream.is_over
    assert len(sound) == 16_000
    assert rms(sound[:, 0]) == pytest.approx(8_000 / 2**0.5, rel=0.05)
    assert rms(sound[:, 1]) == pytest.approx(2_000 / 2**0.5, rel=0.05)
    assert stream.malformed == 0
    assert stream.take(media("inbound", 2_000, tone(20))) == b""


def test_gaps_are_filled_from_the_timestamps_and_jitter_is_none():
    """
    inbound   0 |-- 500 --|   |-- 1500 … 2000 --|
    """
    stream = TwilioStream()
    stream.take(start(["inbound_track"]))
    heard = b"".join(
        stream.take(sent)
        for sent in [
            *chunks("inbound", tone(500), jitter=(0, 7, -9)),
            *chunks("inbound", tone(500), begin_ms=1_500),
        ]
    )
    sound = frames(heard + stream.finish(), 1)[:, 0]
    assert len(sound) == 2_000 * 16
    assert rms(sound[: 490 * 16]) == pytest.approx(8_000 / 2**0.5, rel=0.05)
    assert rms(sound[510 * 16 : 1_490 * 16]) < 5
    assert rms(sound[1_510 * 16 :]) == pytest.approx(8_000 / 2**0.5, rel=0.05)
    assert stream.sound is not None
    assert stream.sound.missing_frames == 1_000 * 8


def test_a_track_that_begins_late_begins_in_its_place():
    stream = TwilioStream()
    stream.take(start())
    heard = b"".join(stream.take(sent) for sent in chunks("inbound", tone(1_000)))
    heard += b"".join(stream.take(s) for s in chunks("outbound", tone(200), begin_ms=800))
    sound = frames(heard + stream.finish())
    assert rms(sound[: 790 * 16, 1]) < 5
    assert rms(sound[810 * 16 :, 1]) > 5_000


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "[]",
        b"\xff",
        "{}",
        "x" * 100_000,
        message("media"),
        message("media", media={"track": "inbound"}),
        message("media", media={"track": "sideways", "payload": "/w=="}),
        message("media", media={"track": "inbound", "payload": "no base64"}),
        start(),
    ],
)
def test_what_cannot_be_read_is_counted_and_passed_over(sent):
    stream = TwilioStream()
    stream.take(start())
    assert stream.take(sent) == b""
    assert stream.malformed == 1
    assert stream.take(media("inbound", 0, tone(20))) == b""
    assert stream.malformed == 1


def test_sound_before_the_start_is_none():
    stream = TwilioStream()
    stream.take(media("inbound", 0, tone(20)))
    assert stream.malformed == 1
    stream.take(message("start"))
    assert stream.malformed == 2
    assert stream.start is None
    assert stream.finish() == b""


@pytest.mark.parametrize(
    "format_", [{"encoding": "audio/l16"}, {"sampleRate": 16_000}, {"channels": 2}]
)
def test_another_format_is_refused(format_):
    with pytest.raises(UnsupportedOption):
        TwilioStream().take(start(**format_))


def test_a_handshake_is_signed_with_the_accounts_token():
    url, token = "wss://we.example.org/twilio", "12345"
    digest = hmac.new(token.encode(), url.encode(), hashlib.sha1).digest()
    given = base64.b64encode(digest).decode()
    assert is_signed(url, given, token)
    assert not is_signed(url + "?more", given, token)
    assert not is_signed(url, given, "54321")
    assert not is_signed(url, None, token)
    assert not is_signed(url, given, "")
