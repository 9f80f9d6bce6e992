"""How an emulated call goes, and what was seen of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulators.acs.script import PhoneLine, dialogue
from emulators.acs.tokens import TokenKind


@dataclass(frozen=True, kw_only=True)
class CallPlan:
    """How one call goes; without anything it goes well and on until it is hung up.

    ``tokens`` are those of its connections, ``callback_tokens`` those of its callbacks. ``speed``
    counts from real time, 0 is as fast as it can be sent. ``rounds`` None repeats the lines for
    ever; when they are over the other end hangs up if ``hangs_up``. ``drop_after_frames`` cuts each
    connection after so many frames; ``malformed_every`` puts something unreadable before each so
    manieth frame, ``repeat_every`` sends one twice; ``callbacks_twice`` each event. With ``clings``
    a transcription whose connection was cut counts as going on until somebody stops it.
    ``other_ids`` are told, in each connection's first frame, in place of the call's.
    """

    lines: Sequence[PhoneLine] = field(default_factory=dialogue)
    tokens: TokenKind = TokenKind.GOOD
    callback_tokens: TokenKind = TokenKind.GOOD
    speed: float = 1.0
    rounds: int | None = 1
    hangs_up: bool = False
    drop_after_frames: int | None = None
    malformed_every: int | None = None
    repeat_every: int | None = None
    callbacks_twice: bool = False
    renamed: bool = False
    clings: bool = False
    other_ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SeenRequest:
    """One request as it arrived."""

    method: str
    path: str
    body: dict[str, Any]
    refused: str | None = None


@dataclass(kw_only=True)
class SeenCall:
    """What became of a call: how often we were dialled, what was sent, how it was answered.

    ``refused`` and ``lost`` count connections; ``is_over`` says that nothing follows of itself.
    """

    connection_id: str
    dialled: int = 0
    refused: int = 0
    lost: int = 0
    is_over: bool = False
    ended_by: str | None = None
    """How we were made to go: ``leave``, or ``terminate``, which ends it for everyone."""
    frames: int = 0
    finals: int = 0
    callbacks: list[tuple[str, int]] = field(default_factory=list)
    """Kind of each event that was delivered, and the status it was answered with."""
    sent: list["SentFrame"] = field(default_factory=list)
    """The frames that tell a line, in their order."""


@dataclass(frozen=True, kw_only=True)
class SentFrame:
    """A frame that was sent: where its line lies, and when that was by the steady clock."""

    start_ms: int
    end_ms: int
    is_final: bool
    sent_s: float
