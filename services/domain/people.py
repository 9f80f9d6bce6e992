"""Who is asking."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do, from reading to running the installation."""

    VIEWER = "viewer"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


@dataclass(frozen=True, kw_only=True)
class User:
    """A signed-in person, or the one person of a local installation."""

    id: str
    name: str
    org_id: str
    role: Role


LOCAL_USER = User(id="local", name="You", org_id="local", role=Role.ADMIN)
