"""How an emulated streaming session is to go, and what was seen of one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

TIMES_OUT, UNAUTHORISED, TOO_MANY_SESSIONS, SERVER_ERROR = 3008, 4001, 3009, 3005


class Fault(StrEnum):
    """What goes wrong with a session that was accepted."""

    NONE = "none"
    DROPPED = "dropped"
    CLOSED = "closed"
    ERROR = "error"
    NEVER_BEGINS = "never-begins"
    FALLS_SILENT = "falls-silent"
    NEVER_TERMINATES = "never-terminates"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, kw_only=True)
class SessionPlan:
    """How one session goes.

    ``status`` refuses the handshake. The ``fault`` comes when ``at_ms`` of sound have arrived:
    the connection is dropped (1006), closed with ``code``, told an Error of this code and closed,
    told messages of a wrong form, or goes on without a word. ``drops_at_ms`` drops the connection
    besides. ``delay_s`` comes before each
    message of the service; ``says`` are further messages after Begin. Without ``formats`` no
    formatted turn is sent, whatever was asked for; ``late_format`` sends it after the next turn
    has begun.
    """

    status: int | None = None
    fault: Fault = Fault.NONE
    at_ms: int = 0
    code: int = SERVER_ERROR
    drops_at_ms: int | None = None
    delay_s: float = 0.0
    says: tuple[Mapping[str, Any], ...] = ()
    formats: bool = True
    late_format: bool = False


@dataclass(kw_only=True)
class SeenSession:
    """What a client did in one accepted session.

    ``start_ms`` is where in the call it began; ``channel`` which one it is taken for, if it is one.
    """

    number: int
    parameters: Mapping[str, str]
    start_ms: int = 0
    channel: int = 0
    audio_bytes: int = 0
    pieces: int = 0
    messages: list[str] = field(default_factory=list)
    configurations: list[Mapping[str, Any]] = field(default_factory=list)
    terminated: bool = False
    is_over: bool = False

    @property
    def labels(self) -> bool:
        """Whether speakers are to be told apart."""
        return self.parameters.get("speaker_labels") in {"true", "True"}

    @property
    def formats(self) -> bool:
        """Whether formatted turns were asked for, or come by themselves."""
        return self.writes_formatted_only or self.parameters.get("format_turns") in {"true", "True"}

    @property
    def writes_formatted_only(self) -> bool:
        """Whether the model knows no other turns than formatted ones."""
        return self.parameters.get("speech_model", "").startswith(("u3-", "universal-3"))

    @property
    def bytes_per_ms(self) -> int:
        """Bytes of a millisecond of its sound: 16 bits at its sample rate."""
        return int(self.parameters["sample_rate"]) // 1000 * 2

    @property
    def audio_ms(self) -> int:
        """How much sound arrived, in milliseconds."""
        return self.audio_bytes // self.bytes_per_ms
