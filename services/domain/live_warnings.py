"""What people are warned of while a call is being held."""

from dataclasses import dataclass
from enum import StrEnum


class WarningKind(StrEnum):
    """What a warning is about; the value of its ``kind`` where it is told."""

    GAP = "gap"
    ERROR = "error"
    SILENCE = "silence"
    MONOLOGUE = "monologue"
    NEGATIVE = "negative"
    OVERLAP = "overlap"
    RULE = "rule"


ALERTED_BY_DEFAULT = (WarningKind.RULE, WarningKind.NEGATIVE)
"""The kinds that people elsewhere are told of where nobody says otherwise."""


@dataclass(frozen=True, kw_only=True)
class LiveWarning:
    """Something in [start_ms, end_ms) of a call that people should know while it goes on.

    It may still be going on at ``end_ms``. ``rule_id`` and ``rule_name`` are those of the rule
    that applies, which has ``alert`` when people are to be told elsewhere, too. ``taken_back``: it
    has turned out to be none.
    """

    kind: WarningKind
    start_ms: int
    end_ms: int
    at_ms: int
    speaker: str | None = None
    rule_id: str | None = None
    rule_name: str | None = None
    alert: bool = False
    taken_back: bool = False

    @property
    def id(self) -> str:
        """A name that stays: the same warning of the same call has it again."""
        if self.rule_id is not None:
            return f"rule-{self.rule_id}"
        return f"{self.kind.value}-{self.start_ms}-{self.speaker or 'all'}"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A warning as it is told elsewhere. ``at_ms`` is its place in the call, ``link`` the page."""

    call_id: str
    warning_id: str
    kind: str
    at_ms: int
    rule: str | None
    link: str
