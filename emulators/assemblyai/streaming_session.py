"""One session of the emulated streaming service, from its Begin to its Termination."""

import json
import socket
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from threading import Event
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection

from emulators.assemblyai.streaming_checks import Refused, check_parameters, read_message
from emulators.assemblyai.streaming_frames import TurnFrames
from emulators.assemblyai.streaming_plans import Fault, SeenSession, SessionPlan
from emulators.assemblyai.streaming_script import HeardTurn, HeardWord

SHORTEST_PIECE_MS, LONGEST_PIECE_MS = 50, 1_000
SILENCE_MS = 400
LONGEST_SESSION_S = 3 * 3600


class _Over(Exception):
    """The session ends here."""


class StreamingSession:
    """Talks with one client. What it hears is told when the sound that has arrived reaches it."""

    def __init__(
        self,
        connection: ServerConnection,
        seen: SeenSession,
        plan: SessionPlan,
        hears: Callable[[bytes], Iterable[HeardTurn]],
        stopping: Event,
    ) -> None:
        """Follow this plan; the first sound tells what ``hears``, in times of the call."""
        self._connection = connection
        self._seen = seen
        self._plan = plan
        self._hears = hears
        self._stopping = stopping
        self._turns: Iterator[HeardTurn] = iter(())
        self._turn: HeardTurn | None = None
        self._order = 0
        self._told_words = 0
        self._late: list[Mapping[str, Any]] = []

    def run(self) -> None:
        """Talk until one side ends the session."""
        try:
            self._begin()
            for message in self._connection:
                self._take(message)
        except _Over:
            return
        except Refused as refused:
            self._refuse(refused)

    def _begin(self) -> None:
        check_parameters(self._seen.parameters)
        if self._plan.fault is not Fault.NEVER_BEGINS:
            expires = int(time.time()) + LONGEST_SESSION_S
            self._say({"type": "Begin", "id": str(uuid.uuid4()), "expires_at": expires})
        for message in self._plan.says:
            self._say(message)

    def _refuse(self, refused: Refused) -> None:
        """Say why and close, as the service does."""
        with suppress(_Over):
            self._say({"type": "Error", "error_code": refused.code, "error": refused.words})
        self._connection.close(refused.code, refused.words)

    def _take(self, message: bytes | str) -> None:
        if self._seen.terminated:
            return
        if isinstance(message, bytes):
            self._take_sound(message)
        else:
            self._take_message(message)

    def _take_sound(self, piece: bytes) -> None:
        length_ms = len(piece) / self._seen.bytes_per_ms
        if not SHORTEST_PIECE_MS <= length_ms <= LONGEST_PIECE_MS or len(piece) % 2:
            raise Refused(3007, "Input duration violation. Expected between 50 and 1000 ms")
        if self._seen.pieces == 0:
            self._listen(piece)
        self._seen.audio_bytes += len(piece)
        self._seen.pieces += 1
        drops_at_ms = self._plan.drops_at_ms
        if drops_at_ms is not None and self._seen.audio_ms >= drops_at_ms:
            self._drop()
        if self._plan.fault is not Fault.NONE and self._seen.audio_ms >= self._plan.at_ms:
            self._go_wrong()
        if not self._is_silent:
            self._hear()

    def _take_message(self, text: str) -> None:
        message = read_message(text)
        self._seen.messages.append(str(message["type"]))
        if message["type"] == "ForceEndpoint":
            self._end_turn()
        elif message["type"] == "UpdateConfiguration":
            self._seen.configurations.append(message)
        elif message["type"] == "Terminate":
            self._terminate()

    def _terminate(self) -> None:
        self._seen.terminated = True
        if self._plan.fault is Fault.NEVER_TERMINATES or self._is_silent:
            return
        self._end_turn()
        self._say_late()
        lasted = self._seen.audio_ms // 1000
        # Whoever hears that it is over may begin another one at once.
        self._seen.is_over = True
        self._say(
            {
                "type": "Termination",
                "audio_duration_seconds": lasted,
                "session_duration_seconds": lasted,
            }
        )
        self._connection.close()
        raise _Over

    # --- what goes wrong -------------------------------------------------------------------------

    @property
    def _is_silent(self) -> bool:
        falls_silent = self._plan.fault is Fault.FALLS_SILENT
        return falls_silent and self._seen.audio_ms >= self._plan.at_ms

    def _go_wrong(self) -> None:
        match self._plan.fault:
            case Fault.DROPPED:
                self._drop()
            case Fault.CLOSED:
                self._connection.close(self._plan.code, "as planned")
                raise _Over
            case Fault.ERROR:
                raise Refused(self._plan.code, "as planned")
            case Fault.UNREADABLE:
                self._say({"type": "Turn", "turn_order": "first"})
                self._say({"type": "NobodyKnows"})

    def _drop(self) -> None:
        with suppress(OSError):
            self._connection.socket.shutdown(socket.SHUT_RDWR)
        raise _Over

    # --- what is heard ---------------------------------------------------------------------------

    def _listen(self, first: bytes) -> None:
        """Find out from the first sound what is heard from here on."""
        self._turns = self._from_here(self._hears(first))
        self._turn = next(self._turns, None)

    @property
    def _frames(self) -> TurnFrames:
        seen = self._seen
        return TurnFrames(
            labels=seen.labels,
            formats=seen.formats and self._plan.formats,
            start_ms=seen.start_ms,
            formatted_only=seen.writes_formatted_only,
        )

    def _from_here(self, turns: Iterable[HeardTurn]) -> Iterator[HeardTurn]:
        for turn in turns:
            rest = turn.from_ms(self._seen.start_ms)
            if rest is not None:
                yield rest

    @property
    def _now_ms(self) -> int:
        return self._seen.start_ms + self._seen.audio_ms

    def _words_so_far(self, turn: HeardTurn) -> tuple[HeardWord, ...]:
        return tuple(word for word in turn.words if word.end_ms <= self._now_ms)

    def _hear(self) -> None:
        """Tell what has been reached, turn after turn."""
        while (turn := self._turn) is not None:
            words = self._words_so_far(turn)
            if words and self._told_words == 0:
                at_ms = turn.start_ms - self._seen.start_ms
                self._say({"type": "SpeechStarted", "timestamp": at_ms})
            is_over = len(words) == len(turn.words)
            if len(words) > self._told_words and not (is_over and self._told_words):
                self._say(self._frames.partial(self._order, turn, words))
                self._told_words = len(words)
                self._say_late()
            if not is_over or self._now_ms < turn.end_ms + SILENCE_MS:
                return
            self._end_turn()

    def _end_turn(self) -> None:
        """End the turn with the words that were heard; those to come are a turn of their own."""
        turn = self._turn if not self._is_silent else None
        words = self._words_so_far(turn) if turn is not None else ()
        if turn is None or not words:
            return
        ended = list(self._frames.ended(self._order, turn, words))
        if self._plan.late_format:
            self._say_late()
            ended, self._late = ended[:1], list(ended[1:])
        for message in ended:
            self._say(message)
        rest = turn.words[len(words) :]
        self._turn = HeardTurn(words=rest, label=turn.label) if rest else next(self._turns, None)
        self._order += 1
        self._told_words = 0

    def _say_late(self) -> None:
        late, self._late = self._late, []
        for message in late:
            self._say(message)

    def _say(self, message: Mapping[str, Any]) -> None:
        if self._plan.delay_s:
            self._stopping.wait(self._plan.delay_s)
        try:
            self._connection.send(json.dumps(message))
        except ConnectionClosed:
            raise _Over from None
