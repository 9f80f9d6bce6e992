"""What people do that needs a right, and is written down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.domain.people import Right


class Outcome(StrEnum):
    """How an act went: it was let through, or it was refused."""

    ALLOWED = "allowed"
    REFUSED = "refused"


class Act(StrEnum):
    """One kind of thing people do. The name is what the audit shows and what stays for good."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGN_IN_REFUSED = "sign_in_refused"
    TOKEN_REFUSED = "token_refused"

    CALL_VIEWED = "call_viewed"
    CALL_PLAYED = "call_played"
    ORIGINAL_PLAYED = "original_played"
    CALL_FOLLOWED = "call_followed"
    CALLS_SEARCHED = "calls_searched"
    CALL_ADDED = "call_added"
    CALL_EDITED = "call_edited"
    CALL_PROCESSED = "call_processed"
    CALL_EXPORTED = "call_exported"
    FIGURES_EXPORTED = "figures_exported"
    CALL_DELETED = "call_deleted"
    CUSTOMER_ERASED = "customer_erased"
    CALL_CONTROLLED = "call_controlled"
    CALL_PLACED = "call_placed"

    RULES_CHANGED = "rules_changed"
    SCORECARDS_CHANGED = "scorecards_changed"
    ANSWER_CHANGED = "answer_changed"
    VOCABULARY_CHANGED = "vocabulary_changed"
    VOICES_CHANGED = "voices_changed"
    VOICES_SEEN = "voices_seen"
    PEOPLE_CHANGED = "people_changed"
    PEOPLE_SEEN = "people_seen"
    TOKENS_CHANGED = "tokens_changed"
    QUEUES_CHANGED = "queues_changed"
    OPERATION_SEEN = "operation_seen"
    RETENTION_CHANGED = "retention_changed"
    RETENTION_CARRIED_OUT = "retention_carried_out"
    HOLD_CHANGED = "hold_changed"
    KEY_ROTATED = "key_rotated"
    AUDIT_READ = "audit_read"
    AUDIT_CUT = "audit_cut"
    AUDIT_RESUMED = "audit_resumed"

    @property
    def right(self) -> Right | None:
        """What somebody needs for it; None for what needs no right."""
        return _NEEDS.get(self)

    @property
    def is_reading(self) -> bool:
        """Whether it changes nothing; the same again within minutes is written down once."""
        return self in _READING


_NEEDS: Mapping[Act, Right] = {
    Act.CALL_VIEWED: Right.SEE_CALLS,
    Act.CALL_PLAYED: Right.SEE_CALLS,
    Act.ORIGINAL_PLAYED: Right.HEAR_ORIGINAL,
    Act.CALL_FOLLOWED: Right.SEE_CALLS,
    Act.CALLS_SEARCHED: Right.SEE_CALLS,
    Act.CALL_ADDED: Right.ADD_CALLS,
    Act.CALL_EDITED: Right.EDIT_CALLS,
    Act.CALL_PROCESSED: Right.ADD_CALLS,
    Act.CALL_EXPORTED: Right.EXPORT,
    Act.FIGURES_EXPORTED: Right.EXPORT,
    Act.CALL_DELETED: Right.DELETE,
    Act.CUSTOMER_ERASED: Right.DELETE,
    Act.CALL_CONTROLLED: Right.ADD_CALLS,
    Act.CALL_PLACED: Right.PLACE_CALLS,
    Act.RULES_CHANGED: Right.MANAGE_RULES,
    Act.SCORECARDS_CHANGED: Right.MANAGE_RULES,
    Act.ANSWER_CHANGED: Right.EDIT_CALLS,
    Act.VOCABULARY_CHANGED: Right.MANAGE_RULES,
    Act.VOICES_CHANGED: Right.MANAGE_RULES,
    Act.VOICES_SEEN: Right.SEE_CALLS,
    Act.PEOPLE_CHANGED: Right.MANAGE_PEOPLE,
    Act.PEOPLE_SEEN: Right.MANAGE_PEOPLE,
    Act.QUEUES_CHANGED: Right.OPERATE,
    Act.OPERATION_SEEN: Right.OPERATE,
    Act.RETENTION_CHANGED: Right.OPERATE,
    Act.HOLD_CHANGED: Right.DELETE,
    Act.KEY_ROTATED: Right.OPERATE,
    Act.AUDIT_READ: Right.READ_AUDIT,
    Act.AUDIT_CUT: Right.OPERATE,
    Act.AUDIT_RESUMED: Right.OPERATE,
}
_READING = frozenset(
    {
        Act.CALL_VIEWED,
        Act.CALL_PLAYED,
        Act.ORIGINAL_PLAYED,
        Act.CALL_FOLLOWED,
        Act.CALLS_SEARCHED,
        Act.VOICES_SEEN,
        Act.PEOPLE_SEEN,
        Act.OPERATION_SEEN,
        Act.AUDIT_READ,
    }
)


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """Who did what, when, with what, from where, and how it went.

    ``subject`` is an id (of a call, a rule, a person), ``details`` are safe names and values: no
    words of a call, numbers of telephones, file names or secrets. ``name`` is the person's as it
    was then.
    """

    org_id: str
    user_id: str
    name: str
    role: str
    act: Act
    outcome: Outcome
    at: datetime
    subject: str | None = None
    address: str | None = None
    details: Mapping[str, str | int] = field(default_factory=dict)
