"""``partyline emulator twilio`` and ``audiohook``: a recording as the sound of a phone call."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.settings import Settings, load_settings
from emulators.audiohook import EmulatedAudioHook, HookPlan
from emulators.phone_lines import LineSounds, SeenStream, StreamPlan, encode
from emulators.twilio import EmulatedTwilio
from services.audio.decode import decode
from services.audio.recording import SAMPLE_RATE
from services.audio.samples import to_int16
from services.domain.errors import FileMissing, InvalidRequest, ProviderNotConfigured
from services.domain.running import RunContext

LINE_RATE = 8_000
MOST_MS = 3_600_000


@dataclass(frozen=True, kw_only=True)
class StreamScript:
    """What is played where, and what goes wrong. ``signed_for`` is empty where it is ``to``."""

    to: str
    call: Path
    signed_for: str = ""
    calls: int = 1
    parameters: tuple[str, ...] = ()
    speed: float = 1.0
    seconds: float = 0.0
    agent_channel: int = 0
    drop_after_s: float = 0.0
    garbage_every: int = 0


def run_twilio(script: StreamScript) -> int:
    """Stream calls as Twilio does; 1 when one was refused or lost.

    Raises InvalidRequest, ProviderNotConfigured, FileMissing, a BadAudio.
    """
    settings = load_settings()
    token = settings.twilio_auth_token
    if token is None:
        raise ProviderNotConfigured("Set TWILIO_AUTH_TOKEN, to the same as the server's.")
    parameters = dict(_pair(one) for one in script.parameters)
    sounds, signed_for = _sounds(script), _signed_for(script, settings, "/twilio")
    plan = StreamPlan(
        speed=script.speed,
        drop_after_ms=round(script.drop_after_s * 1_000) or None,
        garbage_every=script.garbage_every or None,
    )

    def stream() -> SeenStream:
        service = EmulatedTwilio(token.get_secret_value(), signed_address=signed_for, plan=plan)
        return service.stream(script.to, sounds, parameters)

    return _all(script, stream)


def run_audiohook(script: StreamScript) -> int:
    """Stream calls as AudioHook does; 1 when one was refused or lost. Raises as ``run_twilio``."""
    settings = load_settings()
    key, secret = settings.audiohook_api_key, settings.audiohook_client_secret
    if key is None or secret is None:
        raise ProviderNotConfigured(
            "Set AUDIOHOOK_API_KEY and AUDIOHOOK_CLIENT_SECRET, to the same as the server's."
        )
    sounds, signed_for = _sounds(script), _signed_for(script, settings, "/audiohook")
    plan = HookPlan(
        speed=script.speed,
        drop_after_ms=round(script.drop_after_s * 1_000) or None,
        garbage_every=script.garbage_every or None,
    )

    def stream() -> SeenStream:
        service = EmulatedAudioHook(
            key.get_secret_value(), secret.get_secret_value(), signed_address=signed_for, plan=plan
        )
        return service.stream(script.to, sounds)

    return _all(script, stream)


def line_sounds(path: Path, *, agent_channel: int = 0, seconds: float = 0.0) -> LineSounds:
    """Return a recording as a telephone line has it: both sides where it has two channels.

    Raises FileMissing, a BadAudio.
    """
    import soxr

    if not path.is_file():
        raise FileMissing
    pcm = io.BytesIO()
    with path.open("rb") as source:
        decoded = decode(source, pcm, RunContext(), max_duration_ms=MOST_MS, suffix=path.suffix)
    samples = np.frombuffer(pcm.getbuffer(), dtype=np.int16).reshape(-1, decoded.channels)
    if seconds:
        samples = samples[: round(seconds * SAMPLE_RATE)]
    narrow = soxr.resample(samples.astype(np.float32) / 32_768.0, SAMPLE_RATE, LINE_RATE)
    sides = [encode(side) for side in to_int16(narrow).T]
    if len(sides) == 1:
        return LineSounds(customer=sides[0])
    return LineSounds(customer=sides[1 - agent_channel], agent=sides[agent_channel])


def _sounds(script: StreamScript) -> LineSounds:
    return line_sounds(script.call, agent_channel=script.agent_channel, seconds=script.seconds)


def _signed_for(script: StreamScript, settings: Settings, path: str) -> str | None:
    """Return the address that is signed where it isn't the one that is dialled."""
    if script.signed_for or settings.public_url is None:
        return script.signed_for or None
    return "ws" + settings.public_url.removeprefix("http").rstrip("/") + path


def _all(script: StreamScript, stream: Callable[[], SeenStream]) -> int:
    """Stream all calls at once and print what became of them; return the exit status."""
    try:
        with ThreadPoolExecutor(script.calls) as pool:
            seen = [one.result() for one in [pool.submit(stream) for _ in range(script.calls)]]
    except ValueError:
        raise InvalidRequest("Sound goes to ws:// addresses of this machine only.") from None
    refused = [one.status for one in seen if one.status is not None]
    lost = sum(one.is_lost for one in seen)
    told = f", refused with {refused[0]}" if refused else ""
    print(
        f"{len(seen)} calls, {sum(one.sent_ms for one in seen) / 1_000:.1f} s of sound, "
        f"{len(refused)} connections refused, {lost} lost{told}",
        flush=True,
    )
    return 1 if refused or lost else 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise InvalidRequest("Write each parameter as NAME=VALUE.")
    return name, value
