"""How a phone call stands at the service."""

from dataclasses import dataclass, field
from typing import Any

from services.domain.errors import PhoneCallGone

RINGS_FOR_S = 60.0
"""So long a call is taken to ring: the service doesn't tell when nobody picks up."""
_ACTIVE = "active"


@dataclass(frozen=True, kw_only=True)
class PhoneConnection:
    """A call at the service as it stands there. ``is_transcribed`` None: it doesn't say."""

    connection_id: str
    correlation_id: str | None = None
    server_call_id: str | None = None
    state: str | None = None
    is_transcribed: bool | None = None
    locale: str | None = None
    participants: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_connected(self) -> bool:
        """Whether somebody has picked up, and the call is not over."""
        return (self.state or "").casefold() == "connected"

    @property
    def goes_on(self) -> bool:
        """Whether the call is not over."""
        return (self.state or "").casefold() not in {"disconnecting", "disconnected"}


def connection_of(told: Any) -> PhoneConnection:
    """Return a connection as the SDK tells it. Raises PhoneCallGone when it tells none."""
    if not told.call_connection_id:
        raise PhoneCallGone
    transcription = told.transcription_subscription
    state = _word(transcription.state) if transcription else None
    targets = (getattr(target, "raw_id", None) for target in told.targets or ())
    return PhoneConnection(
        connection_id=told.call_connection_id,
        correlation_id=told.correlation_id,
        server_call_id=told.server_call_id,
        state=_word(told.call_connection_state),
        is_transcribed=None if state is None else state.casefold() == _ACTIVE,
        locale=transcription.locale if transcription else None,
        participants=tuple(raw_id for raw_id in targets if raw_id),
    )


def _word(value: Any) -> str | None:
    return None if value is None else str(getattr(value, "value", value))
