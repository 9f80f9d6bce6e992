"""One emulated call: it dials the receiver, plays its script, and tells what happens by events.

It dials when it is asked to transcribe, once each time, and never of its own accord.
"""

import json
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from threading import Event, Lock, Thread
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from emulators.acs.callbacks import Callbacks
from emulators.acs.plans import CallPlan, SeenCall, SentFrame
from emulators.acs.script import TICKS_PER_MS, DueFrame, PhoneLine, endless, frames, metadata
from emulators.acs.tokens import CONNECTION_S, Issuer

OPEN_S = 5.0


class EmulatedCall:
    """A call at the emulated service. Its methods may be called by any thread."""

    def __init__(
        self,
        plan: CallPlan,
        issuer: Issuer,
        asked: Mapping[str, Any],
        *,
        participants: tuple[str, ...],
        way: str,
        on_dial: Callable[[], None] = lambda: None,
    ) -> None:
        """Take what was asked for with the call; ``way`` says how it came about."""
        self.plan = plan
        self.way = way
        self.participants = participants
        self.state = "connecting"
        self.ids = {
            "callConnectionId": str(uuid.uuid4()),
            "serverCallId": uuid.uuid4().hex,
            "correlationId": str(uuid.uuid4()),
            "subscriptionId": str(uuid.uuid4()),
        }
        self.seen = SeenCall(connection_id=self.ids["callConnectionId"])
        self.callback_url: str = asked.get("callbackUri") or ""
        self.asked: dict[str, Any] = dict(asked.get("transcriptionOptions") or {})
        self.context: str | None = asked.get("operationContext")
        self._issuer = issuer
        self._on_dial = on_dial
        self._lock = Lock()
        self._clings = False
        self._stop: Event | None = None
        self._player: Thread | None = None
        self._callbacks = Callbacks(self.callback_url, plan, issuer, self.seen)

    @property
    def is_transcribed(self) -> bool:
        """Whether a connection for the transcription is open, or being opened, as it says."""
        return self._clings or (self._player is not None and self._player.is_alive())

    def properties(self) -> dict[str, Any]:
        """Return how the call stands, as the API tells it."""
        return {
            "callConnectionId": self.ids["callConnectionId"],
            "serverCallId": self.ids["serverCallId"],
            "correlationId": self.ids["correlationId"],
            "callConnectionState": self.state,
            "callbackUri": self.callback_url,
            "targets": [identifier(raw_id) for raw_id in self.participants],
            "transcriptionSubscription": {
                "id": self.ids["subscriptionId"],
                "state": "active" if self.is_transcribed else "inactive",
                "locale": self.asked.get("locale"),
            },
        }

    def connect(self) -> None:
        """Let the other end pick up."""
        self.state = "connected"
        self.tell("CallConnected", self.context)
        told = [{"identifier": identifier(one), "isMuted": False} for one in self.participants]
        self.tell("ParticipantsUpdated", None, participants=told, sequenceNumber=1)
        if self.asked.get("startTranscription"):
            self.transcribe({}, self.context)

    def transcribe(self, more: Mapping[str, Any], context: str | None) -> None:
        """Dial, with what is asked for in addition to before."""
        with self._lock:
            if self.is_transcribed:
                return
            self.asked |= {name: value for name, value in more.items() if value is not None}
            if "locales" in more:
                self.asked.pop("locale", None)
            elif "locale" in more:
                self.asked.pop("locales", None)
            self._stop = Event()
            self._player = Thread(
                target=self._play, args=(self._stop, context), name="emulated-call", daemon=True
            )
            self._player.start()

    def end_transcription(self, context: str | None) -> None:
        """Close the connection."""
        self._silence()
        self._transcription("Stopped", "transcriptionStopped", "subscriptionStopped", context)

    def change_locale(self, locale: str, context: str | None) -> None:
        """Go on in another locale, on the same connection."""
        self.asked["locale"] = locale
        self._transcription(
            "Updated", "transcriptionUpdated", "transcriptionLocaleUpdated", context
        )

    def summarise(self, context: str | None) -> None:
        """Tell a summary of what was said."""
        summary = "The customer asked about a bill; the agent offered the new rate."
        self._transcription(
            "CallSummaryUpdated", "callSummaryUpdated", "callSummarySuccess", context, summary
        )

    def hang_up(self) -> None:
        """End the call; a summary comes first if one was asked for."""
        with self._lock:
            if self.state == "disconnected":
                return
            self.state = "disconnected"
        self._silence()
        if (self.asked.get("summarizationOptions") or {}).get("enableEndCallSummary"):
            self.summarise(None)
        self.tell("CallDisconnected", self.context)
        self.seen.is_over = True

    def close(self) -> None:
        """End all threads, after the events that wait."""
        self._silence()
        self._callbacks.close()

    def fail(self, code: int, subcode: int, detail: str, context: str | None) -> None:
        """Tell that transcription failed."""
        update = {"transcriptionStatus": "transcriptionFailed"}
        update["transcriptionStatusDetails"] = detail
        self.tell(
            "TranscriptionFailed",
            context,
            transcriptionUpdate=update,
            resultInformation={"code": code, "subCode": subcode, "message": "Emulated."},
        )

    def tell(self, kind: str, context: str | None, **more: Any) -> None:
        """Have an event delivered, after those before it."""
        how = {"code": 200, "subCode": 0, "message": "Action completed successfully."}
        ids = {k: v for k, v in self.ids.items() if k != "subscriptionId"}
        content = {**ids, "resultInformation": how, **more}
        if context is not None:
            content["operationContext"] = context
        self._callbacks.tell(kind, content)

    def _transcription(
        self, kind: str, status: str, detail: str, context: str | None, message: str | None = None
    ) -> None:
        update = {"transcriptionStatus": status, "transcriptionStatusDetails": detail}
        if message is not None:
            update["transcriptionMessage"] = message
        self.tell(f"Transcription{kind}", context, transcriptionUpdate=update)

    def _silence(self) -> None:
        with self._lock:
            stop, player, self._stop, self._clings = self._stop, self._player, None, False
        if stop is not None:
            stop.set()
        if player is not None:
            player.join()

    # --- the connection -------------------------------------------------------------------------

    def _play(self, stop: Event, context: str | None) -> None:
        self.seen.dialled += 1
        self._on_dial()
        try:
            connection = self._dial()
        except (InvalidStatus, InvalidHandshake, OSError, TimeoutError):
            self.seen.refused += 1
            self.fail(500, 8578, "streamConnectionUnsuccessful", context)
            self.seen.is_over = True
            return
        with connection:
            self._transcription("Started", "transcriptionStarted", "subscriptionStarted", context)
            try:
                is_over = self._send_frames(connection, stop)
            except (ConnectionClosed, OSError):
                self.seen.lost += 1
                self._clings = self.plan.clings
                self.fail(500, 8579, "streamConnectionInterrupted", context)
                self.seen.is_over = True
                return
        if is_over and self.plan.hangs_up:
            # By another thread: hanging up waits for this one.
            Thread(target=self.hang_up, name="emulated-hang-up", daemon=True).start()

    def _dial(self) -> ClientConnection:
        headers = {
            "x-ms-call-correlation-id": self.ids["correlationId"],
            "x-ms-call-connection-id": self.ids["callConnectionId"],
            **self._issuer.authorization(self.plan.tokens, CONNECTION_S),
        }
        return connect(
            self.asked["transportUrl"],
            additional_headers=headers,
            open_timeout=OPEN_S,
            close_timeout=OPEN_S,
            compression=None,
            proxy=None,
        )

    def _send_frames(self, connection: ClientConnection, stop: Event) -> bool:
        """Send what is due until told to stop; return whether all was sent."""
        self._send(connection, metadata({**self.ids, **self.plan.other_ids}, self.asked))
        began = time.monotonic()
        for number, due in enumerate(self._frames(), start=1):
            if self.plan.speed:
                pause_s = due.at_ms / 1_000 / self.plan.speed - (time.monotonic() - began)
                if stop.wait(max(0.0, pause_s)):
                    return False
            elif stop.is_set():
                return False
            if self.plan.malformed_every and number % self.plan.malformed_every == 0:
                connection.send('{"kind": "TranscriptionData", "transcriptionData": {"text": ')
            self._send(connection, due.frame)
            if self.plan.repeat_every and number % self.plan.repeat_every == 0:
                self._send(connection, due.frame)
            if number == self.plan.drop_after_frames:
                connection.socket.shutdown(socket.SHUT_RDWR)
                raise OSError
        if not self.plan.hangs_up:
            # The line stays open until somebody hangs up, or asks for the transcription to end.
            stop.wait()
        return self.plan.hangs_up

    def _frames(self) -> Iterator[DueFrame]:
        lines: Iterator[PhoneLine] = endless(self.plan.lines)
        if self.plan.rounds is not None:
            lines = islice(lines, self.plan.rounds * len(self.plan.lines))
        return frames(lines, self.asked, renamed=self.plan.renamed)

    def _send(self, connection: ClientConnection, frame: Mapping[str, Any]) -> None:
        connection.send(json.dumps(frame))
        sent_s = time.monotonic()
        self.seen.frames += 1
        told = frame.get("transcriptionData")
        if told is None:
            return
        is_final = (told.get("resultStatus") or told.get("resultState") or "").lower() == "final"
        self.seen.finals += is_final
        start_ms = told["offset"] // TICKS_PER_MS
        end_ms = start_ms + told["duration"] // TICKS_PER_MS
        self.seen.sent.append(
            SentFrame(start_ms=start_ms, end_ms=end_ms, is_final=is_final, sent_s=sent_s)
        )


def identifier(raw_id: str) -> dict[str, Any]:
    """Return a raw identifier as the API tells it."""
    if raw_id.startswith("4:"):
        value = {"value": raw_id.removeprefix("4:")}
        return {"rawId": raw_id, "kind": "phoneNumber", "phoneNumber": value}
    user = {"id": raw_id}
    return {"rawId": raw_id, "kind": "communicationUser", "communicationUser": user}
