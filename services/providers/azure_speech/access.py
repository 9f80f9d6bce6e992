"""Where Azure Speech is reached and with which key."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class AzureAccess:
    """A region serves everything; ``host`` (ws) and ``endpoint`` (http) each serve a part.

    ``host`` takes conversation transcription only, ``endpoint`` fast transcription and voice
    signatures.
    """

    key: str | None = field(default=None, repr=False)
    region: str | None = None
    host: str | None = None
    endpoint: str | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The settings without which nothing works."""
        missing = [] if self.key else ["AZURE_SPEECH_KEY"]
        if not (self.region or self.host or self.endpoint):
            missing.append("AZURE_SPEECH_REGION")
        return tuple(missing)

    @property
    def can_stream(self) -> bool:
        """Whether sound can be streamed: recorded calls in conversation mode, and live ones."""
        return bool(self.region or self.host)

    @property
    def can_post(self) -> bool:
        """Whether whole recordings can be posted: fast transcription."""
        return bool(self.region or self.endpoint)
