"""Who is asking, what they may do, and with which calls."""

from dataclasses import dataclass, field
from enum import StrEnum


class Right(StrEnum):
    """What a person may do. Rights say what, reach says with which calls."""

    SEE_CALLS = "see_calls"
    ADD_CALLS = "add_calls"
    PLACE_CALLS = "place_calls"
    EDIT_CALLS = "edit_calls"
    HEAR_ORIGINAL = "hear_original"
    SEE_UNREDACTED = "see_unredacted"
    EXPORT = "export"
    DELETE = "delete"
    MANAGE_RULES = "manage_rules"
    MANAGE_PEOPLE = "manage_people"
    READ_AUDIT = "read_audit"
    OPERATE = "operate"


class Role(StrEnum):
    """What a person may do, from reading to running the installation."""

    VIEWER = "viewer"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"

    @property
    def rights(self) -> frozenset[Right]:
        """What goes with the role unless a person is given more or less."""
        return _RIGHTS[self]


_VIEWER = frozenset({Right.SEE_CALLS, Right.ADD_CALLS})
_SUPERVISOR = _VIEWER | {
    Right.PLACE_CALLS,
    Right.EDIT_CALLS,
    Right.HEAR_ORIGINAL,
    Right.SEE_UNREDACTED,
    Right.EXPORT,
    Right.DELETE,
    Right.MANAGE_RULES,
}
_RIGHTS = {
    Role.VIEWER: _VIEWER,
    Role.SUPERVISOR: _SUPERVISOR,
    Role.ADMIN: frozenset(Right),
}


@dataclass(frozen=True, kw_only=True)
class Reach:
    """With which calls of their organisation a person has to do.

    All of them, or those of some queues, those that ``agent_name`` held, and those they added
    themselves, together. Nothing given is nothing but one's own.
    """

    all_calls: bool = False
    queues: frozenset[str] = frozenset()
    agent_name: str | None = None

    def covers(self, *, queue: str | None, agent_name: str | None) -> bool:
        """Say whether a call of this queue and agent is among them."""
        if self.all_calls or (queue is not None and queue in self.queues):
            return True
        return agent_name is not None and agent_name == self.agent_name


EVERY_CALL = Reach(all_calls=True)


@dataclass(frozen=True, kw_only=True)
class Within:
    """The calls that a question is narrowed to: those of a reach, and those that a person added."""

    reach: Reach
    added_by: str


@dataclass(frozen=True, kw_only=True)
class User:
    """A signed-in person, a program with a token, or the one person of a local installation.

    ``rights`` None means those of the role. ``address`` is where the request came from, for the
    audit only.
    """

    id: str
    name: str
    org_id: str
    role: Role
    reach: Reach = EVERY_CALL
    rights: frozenset[Right] | None = None
    address: str | None = field(default=None, compare=False, repr=False)

    def may(self, right: Right) -> bool:
        """Say whether the person has this right."""
        return right in (self.role.rights if self.rights is None else self.rights)

    @property
    def within(self) -> Within | None:
        """What questions about many calls are narrowed to; None narrows nothing."""
        return None if self.reach.all_calls else Within(reach=self.reach, added_by=self.id)


LOCAL_USER = User(id="local", name="You", org_id="local", role=Role.ADMIN)
