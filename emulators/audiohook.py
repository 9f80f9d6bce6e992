"""Genesys AudioHook: dials a server and sends it a call, as AudioHook Monitor does.

Messages, their order and the signature are those of Genesys's reference implementation.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection

from emulators.phone_lines import (
    OPEN_S,
    Dropped,
    LineSounds,
    Pace,
    SeenStream,
    StreamPlan,
    check_local,
    cut,
    dial,
)

PING_EVERY_MS = 5_000
NULL_ID = str(uuid.UUID(int=0))
SIGNED = (
    "@request-target",
    "@authority",
    "audiohook-organization-id",
    "audiohook-session-id",
    "audiohook-correlation-id",
    "x-api-key",
)


@dataclass(frozen=True, kw_only=True)
class HookPlan(StreamPlan):
    """How a session goes. ``pause_ms`` (from, to) is not sent, as while a card number is told.

    ``continues`` names sessions that this one goes on with, ``closes_for`` is why it closes.
    ``is_probe`` only tries the way, as Genesys does when the integration is set up.
    """

    pause_ms: tuple[int, int] | None = None
    continues: tuple[str, ...] = ()
    closes_for: str = "end"
    is_probe: bool = False


class EmulatedAudioHook:
    """One organisation that streams conversations to an address of this machine."""

    def __init__(
        self,
        key: str,
        secret: str,
        *,
        signed_address: str | None = None,
        plan: HookPlan | None = None,
    ) -> None:
        """Take the integration's key and client secret, this in base64."""
        self._key = key
        self._secret = base64.b64decode(secret)
        self._signed_address = signed_address
        self.plan = plan or HookPlan()
        self.organisation_id = str(uuid.uuid4())
        self.stopping = Event()

    def headers(self, address: str, session_id: str) -> dict[str, str]:
        """Return the headers of a handshake, signed now and once."""
        parts = urlsplit(self._signed_address or address)
        headers = {
            "audiohook-organization-id": self.organisation_id,
            "audiohook-session-id": session_id,
            "audiohook-correlation-id": str(uuid.uuid4()),
            "x-api-key": self._key,
        }
        values = {"@request-target": parts.path or "/", "@authority": parts.netloc, **headers}
        listed = " ".join(f'"{name}"' for name in SIGNED)
        nonce = base64.b64encode(secrets.token_bytes(18)).decode()
        about = (
            f'({listed});keyid="{self._key}";nonce="{nonce}";alg="hmac-sha256"'
            f";created={int(time.time())};expires={int(time.time()) + 10}"
        )
        lines = [f'"{name}": {values[name]}' for name in SIGNED]
        base = "\n".join([*lines, f'"@signature-params": {about}'])
        secret = self._secret if self.plan.is_signed else b"another secret"
        signed = base64.b64encode(hmac.new(secret, base.encode(), hashlib.sha256).digest()).decode()
        return {**headers, "signature-input": f"sig1={about}", "signature": f"sig1=:{signed}:"}

    def stream(
        self,
        address: str,
        sounds: LineSounds,
        *,
        conversation_id: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> SeenStream:
        """Stream a call and return what became of it. Raises ValueError for another machine.

        ``headers`` are sent instead of new ones, as somebody would who has seen them.
        """
        check_local(address)
        seen = SeenStream(stream_id=str(uuid.uuid4()))
        try:
            connection = dial(address, headers or self.headers(address, seen.stream_id))
        except InvalidStatus as refused:
            seen.status = refused.response.status_code
            return seen
        except (InvalidHandshake, OSError, TimeoutError):
            seen.is_lost = True
            return seen
        conversation = NULL_ID if self.plan.is_probe else conversation_id or str(uuid.uuid4())
        with connection:
            try:
                _Session(connection, seen, self.plan).all(
                    sounds, (self.organisation_id, conversation), self.stopping
                )
            except (ConnectionClosed, OSError, TimeoutError, Dropped):
                seen.is_lost = True
        seen.close_code = connection.close_code
        return seen


class _Session:
    """The client's side of one session."""

    def __init__(self, connection: ClientConnection, seen: SeenStream, plan: HookPlan) -> None:
        self._connection = connection
        self._seen = seen
        self._plan = plan
        self._seq = self._server_seq = 0
        self._is_told_to_go = False

    def all(self, sounds: LineSounds, ids: tuple[str, str], stopping: Event) -> None:
        channels = ["external"] if sounds.agent is None else ["external", "internal"]
        self._open(channels, ids)
        if not self._is_told_to_go and not self._plan.is_probe:
            self._play(sounds, Pace(self._plan.speed, stopping))
        self._tell("close", reason="disconnect" if self._is_told_to_go else self._plan.closes_for)
        self._await("closed")

    def _open(self, channels: Sequence[str], ids: tuple[str, str]) -> None:
        organisation_id, conversation_id = ids
        offered = [channels] if len(channels) == 1 else [channels, ["external"], ["internal"]]
        self._tell(
            "open",
            organizationId=organisation_id,
            conversationId=conversation_id,
            participant={
                "id": str(uuid.uuid4()),
                "ani": "tel:+12065550100",
                "aniName": "",
                "dnis": "tel:+12065550199",
            },
            media=[
                {"type": "audio", "format": "PCMU", "channels": list(one), "rate": 8000}
                for one in offered
            ],
            language="en-US",
            continuedSessions=[
                {"id": one, "serverseq": 0, "clientseq": 0} for one in self._plan.continues
            ],
        )
        self._await("opened")

    def _play(self, sounds: LineSounds, pace: Pace) -> None:
        next_ping_ms, was_paused = PING_EVERY_MS, False
        chunks = enumerate(sounds.chunks(self._plan.step_ms), start=1)
        for number, (at_ms, customer, agent) in chunks:
            end_ms = at_ms + len(customer) // 8
            if not pace.until(end_ms):
                break
            is_paused = self._is_paused(at_ms)
            self._tell_pause(was_paused, is_paused)
            was_paused = is_paused
            if not is_paused:
                self._disturb(number)
                self._connection.send(customer if agent is None else _woven(customer, agent))
                self._seen.sent_ms = end_ms
            if self._plan.drop_after_ms is not None and end_ms >= self._plan.drop_after_ms:
                cut(self._connection)
                raise Dropped
            if end_ms >= next_ping_ms:
                next_ping_ms += PING_EVERY_MS
                self._tell("ping")
                self._await("pong")
            self._heard(timeout_s=0.0)
            if self._is_told_to_go:
                return

    def _is_paused(self, at_ms: int) -> bool:
        pause = self._plan.pause_ms
        return pause is not None and pause[0] <= at_ms < pause[1]

    def _tell_pause(self, was_paused: bool, is_paused: bool) -> None:
        pause = self._plan.pause_ms
        if pause is None or was_paused == is_paused:
            return
        if is_paused:
            self._tell("paused")
        else:
            start, length = pause[0] / 1_000, (pause[1] - pause[0]) / 1_000
            self._tell("resumed", start=f"PT{start}S", discarded=f"PT{length}S")

    def _disturb(self, number: int) -> None:
        if self._plan.garbage_every and number % self._plan.garbage_every == 0:
            self._connection.send('{"version": "2", "type": ')
            self._tell("sing")

    def _await(self, kind: str) -> None:
        """Wait for an answer. Raises TimeoutError when it doesn't come."""
        until = time.monotonic() + OPEN_S
        while (left_s := until - time.monotonic()) > 0:
            if self._heard(left_s) and self._seen.answers[-1]["type"] in (kind, "disconnect"):
                return
        raise TimeoutError

    def _heard(self, timeout_s: float) -> bool:
        """Take an answer if one comes in time; return whether one did."""
        try:
            sent = self._connection.recv(timeout=timeout_s)
        except TimeoutError:
            return False
        answer = json.loads(sent)
        self._seen.answers.append(answer)
        self._server_seq = answer["seq"]
        self._is_told_to_go = self._is_told_to_go or answer["type"] == "disconnect"
        return True

    def _tell(self, kind: str, **parameters: Any) -> None:
        self._seq += 1
        self._seen.messages += 1
        position = f"PT{self._seen.sent_ms / 1_000}S"
        self._connection.send(
            json.dumps(
                {
                    "version": "2",
                    "id": self._seen.stream_id,
                    "type": kind,
                    "seq": self._seq,
                    "serverseq": self._server_seq,
                    "position": position,
                    "parameters": parameters,
                }
            )
        )


def _woven(customer: bytes, agent: bytes) -> bytes:
    """Return both sides' samples in turn."""
    woven = bytearray(2 * len(customer))
    woven[0::2], woven[1::2] = customer, agent
    return bytes(woven)
