"""Genesys AudioHook, version 2: a session's messages, and its sound as 8 kHz µ-law in stereo.

The client (Genesys) opens and closes; until it was told ``opened`` it sends no sound. Names and
order of the messages are those of Genesys's reference implementation.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from services.domain.speech import SpeakerRole
from services.telephony.streaming.sound import LINE_RATE, LineSound, from_mulaw
from services.telephony.told import Told, Unreadable, read_object

VERSION = "2"
FORMAT = "PCMU"
NULL_ID = "00000000-0000-0000-0000-000000000000"
MOST_MESSAGE_CHARS = 65_535
MOST_SOUND_BYTES = 64 * 1024
MOST_DISCARDED_MS = 5 * 60_000
MOST_ID_CHARS = 100
MOST_SEQ_AHEAD = 1_000
MOST_CONTINUED = 10
ROLES = {"external": SpeakerRole.CUSTOMER, "internal": SpeakerRole.AGENT}
_DURATION = re.compile(r"PT(\d{1,9}(?:\.\d{1,9})?)S")


@dataclass(frozen=True, kw_only=True)
class AudioHookOpen:
    """What a session says of itself. ``channels`` are named in the order of the sound's."""

    organisation_id: str
    conversation_id: str
    channels: tuple[str, ...]
    language: str | None = None
    caller: str | None = field(default=None, repr=False)
    called: str | None = field(default=None, repr=False)
    continues: tuple[str, ...] = ()
    """The sessions that this one goes on with, by their ids."""

    @property
    def is_probe(self) -> bool:
        """Whether only the way to us is tried out: no call is behind it."""
        return self.conversation_id == NULL_ID

    @property
    def roles(self) -> tuple[SpeakerRole, ...]:
        """Who speaks on each channel."""
        return tuple(ROLES.get(name, SpeakerRole.UNKNOWN) for name in self.channels)


class AudioHookSession:
    """One session. ``take_text`` returns what is to be sent back, ``take_sound`` what is heard.

    What can't be read is counted and passed over, as are messages of types that aren't known: a
    call is not given up for them.
    """

    def __init__(self, *, organisation_id: str | None = None) -> None:
        """Wait for the opening; of ``organisation_id`` only, as the handshake's header names it."""
        self._organisation_id = organisation_id
        self.opened: AudioHookOpen | None = None
        self.is_over = False
        self.is_ending = False
        """Whether the client was told to go; nothing but its close is taken."""
        self.is_closed = False
        """Whether the client has said that nothing follows, and not only gone away."""
        self.is_paused = False
        self.stray = 0
        """How many pieces of sound came when none was expected, or of no use."""
        self.malformed = 0
        """How many messages could not be read."""
        self._id: str | None = None
        self._seq = 0
        self._client_seq = 0
        self._sound: LineSound | None = None
        self._at_frame = 0
        self._left_out_ms = 0
        self._may_leave_out_ms = MOST_DISCARDED_MS

    @property
    def session_id(self) -> str | None:
        """The session's id, None before its first message."""
        return self._id

    @property
    def language(self) -> str | None:
        """The language that the client names, None when it doesn't."""
        return self.opened.language if self.opened else None

    def take_text(self, sent: str | bytes) -> tuple[str, ...]:
        """Take a message of the client; return the answers."""
        if self.is_over:
            return ()
        try:
            if len(sent) > MOST_MESSAGE_CHARS:
                raise Unreadable
            told = read_object(sent)
            self._check(told)
            return self._answers(told, told.child("parameters") or Told({}))
        except Unreadable:
            self.malformed += 1
            return ()

    def take_sound(self, sent: bytes) -> bytes:
        """Return the sound that is ready, 16-bit PCM at 16 kHz, channels interleaved."""
        sound, opened = self._sound, self.opened
        if self.is_over or self.is_ending or self.is_paused or sound is None or opened is None:
            self.stray += 1
            return b""
        channels = len(opened.channels)
        if not sent or len(sent) % channels or len(sent) > MOST_SOUND_BYTES:
            self.stray += 1
            return b""
        samples = from_mulaw(sent).reshape(-1, channels)
        for channel in range(channels):
            sound.put(channel, self._at_frame, samples[:, channel])
        self._at_frame += len(samples)
        self._may_leave_out_ms = MOST_DISCARDED_MS
        return sound.ready()

    def left_out(self) -> int:
        """Return how much was left out of the sound since this was asked last, in milliseconds.

        Between two pieces of sound that is 5 min at most, whatever the client says.
        """
        left_out_ms, self._left_out_ms = self._left_out_ms, 0
        return left_out_ms

    def finish(self) -> bytes:
        """Return the sound that is left: the session is closed, or its connection is gone."""
        sound, self._sound = self._sound, None
        return sound.rest() if sound else b""

    def disconnect(self, reason: str) -> str:
        """Return the message by which the client is asked to close the session.

        ``reason`` is ``completed``, ``unauthorized`` or ``error``.
        """
        self.is_ending = True
        return self._message("disconnect", {"reason": reason})

    # --- messages -------------------------------------------------------------------------------

    def _check(self, told: Told) -> None:
        """Check what every message of the client has. Raises Unreadable."""
        session_id, seq = told.text("id"), told.whole("seq")
        if told.text("version") != VERSION or session_id is None:
            raise Unreadable
        if self._id not in (None, session_id) or len(session_id) > MOST_ID_CHARS:
            raise Unreadable
        # Numbers of messages that could not be read are missing.
        if seq is None or not 0 < seq - self._client_seq <= MOST_SEQ_AHEAD:
            raise Unreadable
        if (told.whole("serverseq") or 0) > self._seq:
            raise Unreadable
        self._id, self._client_seq = session_id, seq

    def _answers(self, told: Told, parameters: Told) -> tuple[str, ...]:
        kind = told.text("type")
        if self.is_ending and kind != "close":
            return ()
        match kind:
            case "open":
                return (self._open(parameters),)
            case "ping":
                return (self._message("pong", {}),)
            case "close":
                answer = self._message("closed", {})
                self.is_over = True
                self.is_closed = parameters.text("reason") != "reconnect"
                return (answer,)
            case "update" if self.opened is not None:
                self._update(parameters)
            case "discarded":
                self._discard(parameters)
            case "paused":
                self.is_paused = True
            case "resumed":
                self.is_paused = False
                self._discard(parameters)
            case "error" | "dtmf" | "update":
                pass
            case _:
                raise Unreadable
        return ()

    def _open(self, parameters: Told) -> str:
        organisation_id = parameters.text("organizationId")
        conversation_id = parameters.text("conversationId")
        if self.opened is not None or organisation_id is None or conversation_id is None:
            raise Unreadable
        if max(len(organisation_id), len(conversation_id)) > MOST_ID_CHARS:
            raise Unreadable
        if self._organisation_id not in (None, organisation_id):
            return self.disconnect("unauthorized")
        channels = _channels(parameters)
        if not channels:
            return self.disconnect("error")
        participant = parameters.child("participant") or Told({})
        self.opened = AudioHookOpen(
            organisation_id=organisation_id,
            conversation_id=conversation_id,
            channels=channels,
            language=parameters.text("language"),
            caller=participant.text("ani"),
            called=participant.text("dnis"),
            continues=_continued(parameters),
        )
        self._sound = LineSound(len(channels))
        media = {"type": "audio", "format": FORMAT, "channels": [*channels], "rate": LINE_RATE}
        return self._message("opened", {"startPaused": False, "media": [media]})

    def _update(self, parameters: Told) -> None:
        if self.opened is not None:
            opened = vars(self.opened) | {"language": parameters.text("language")}
            self.opened = AudioHookOpen(**opened)

    def _discard(self, parameters: Told) -> None:
        """Take that sound was left out; its time has passed."""
        if self._sound is not None:
            left_out_ms = min(_ms(parameters.text("discarded")), self._may_leave_out_ms)
            self._may_leave_out_ms -= left_out_ms
            self._left_out_ms += left_out_ms

    def _message(self, kind: str, parameters: dict[str, Any]) -> str:
        self._seq += 1
        return json.dumps(
            {
                "version": VERSION,
                "id": self._id or NULL_ID,
                "type": kind,
                "seq": self._seq,
                "clientseq": self._client_seq,
                "parameters": parameters,
            }
        )


def _channels(parameters: Told) -> tuple[str, ...]:
    """Return the channels of the best media that is offered and that we take: stereo first."""
    offered = [
        media.texts("channels")
        for media in parameters.children("media")
        if media.text("format") == FORMAT and media.whole("rate") == LINE_RATE
    ]
    taken = [channels for channels in offered if 1 <= len(set(channels)) == len(channels) <= 2]
    return max(taken, key=len, default=())


def _continued(parameters: Told) -> tuple[str, ...]:
    sessions = parameters.children("continuedSessions")[:MOST_CONTINUED]
    ids = (session.text("id") for session in sessions)
    return tuple(one for one in ids if one and len(one) <= MOST_ID_CHARS)


def _ms(duration: str | None) -> int:
    """Return a duration such as PT1.5S in milliseconds, 0 for any other text."""
    found = _DURATION.fullmatch(duration or "")
    return round(float(found[1]) * 1_000) if found else 0
