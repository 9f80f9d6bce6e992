"""Where acts are noted that isn't the audit's table."""

from services.domain.acts import AuditEntry


class KeptTrail:
    """Keeps entries in memory, for tests and for tools that nobody else looks at."""

    def __init__(self) -> None:
        """Begin with none."""
        self.entries: list[AuditEntry] = []

    def note(self, entry: AuditEntry) -> None:
        """Keep an entry."""
        self.entries.append(entry)
