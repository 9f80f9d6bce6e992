"""Where AssemblyAI is reached and with which key."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class AssemblyAIAccess:
    """``base_url`` (http) and ``streaming_host`` (ws) None mean the service's own addresses."""

    key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    streaming_host: str | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The settings without which nothing works."""
        return () if self.key else ("ASSEMBLYAI_API_KEY",)
