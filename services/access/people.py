"""Who is given access, and what they may do: for those who may decide that."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from services.access.authority import Authority
from services.access.claims import MOST_NAME_CHARS, MOST_QUEUES
from services.domain.acts import Act
from services.domain.errors import AccessDenied, InvalidRequest, PersonKnown, PersonNotFound
from services.domain.ids import new_id
from services.domain.people import EVERY_CALL, Reach, Right, Role, User
from services.domain.persons import Person


class PeopleStore(Protocol):
    """Where people are kept."""

    def add(self, person: Person) -> None:
        """Add a person. Raises PersonKnown."""

    def give(self, person: Person) -> None:
        """Keep what a person was given, and nothing else of them. Raises PersonNotFound."""

    def switch(self, org_id: str, person_id: str, disabled_at: datetime | None) -> None:
        """Switch a person's access off, or on again with None. Raises PersonNotFound."""

    def get(self, org_id: str, person_id: str) -> Person:
        """Return a person. Raises PersonNotFound."""

    def of_identity(self, identity: str) -> Person | None:
        """Return whom the sign-in service knows by this."""

    def invited(self, email: str) -> list[Person]:
        """Return those added by this address who have not signed in yet."""

    def list(self, org_id: str) -> list[Person]:
        """Return the people of an organisation by name."""

    def sign_out(self, org_id: str, person_id: str, at: datetime) -> None:
        """End all sign-ins of a person. Raises PersonNotFound."""


@dataclass(frozen=True, kw_only=True)
class GivenAccess:
    """What a person is given: a role, rights beside it, and with which calls."""

    role: Role
    beside: frozenset[Right] = frozenset()
    reach: Reach = EVERY_CALL


class PeopleDesk:
    """Lists and changes people of one's own organisation. Safe across threads.

    Nobody gives, or takes from somebody, what they haven't got themselves; nobody changes what
    they may do themselves, so that there is always somebody left who can.
    """

    def __init__(
        self,
        store: PeopleStore,
        authority: Authority,
        changed: Callable[[], None] = lambda: None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep people here; tell ``changed`` that what is known of them isn't true any more."""
        self._store = store
        self._authority = authority
        self._changed = changed
        self._now = now

    def list(self, user: User) -> list[Person]:
        """Return the people of the person's organisation by name. Raises AccessDenied."""
        self._authority.allow(user, Act.PEOPLE_SEEN)
        return self._store.list(user.org_id)

    def add(
        self,
        user: User,
        access: GivenAccess,
        *,
        email: str | None = None,
        identity: str | None = None,
        name: str = "",
    ) -> Person:
        """Give somebody access who hasn't signed in yet, by e-mail address or identity.

        Raises AccessDenied, InvalidRequest, PersonKnown.
        """
        # First of all: others aren't told who is known here.
        self._authority.check(user, Act.PEOPLE_CHANGED)
        address = _address(email)
        if address is None and identity is None:
            raise InvalidRequest("Say who it is: an e-mail address is needed.")
        person = Person(
            id=new_id(),
            org_id=user.org_id,
            name=name.strip()[:MOST_NAME_CHARS] or address or "Somebody",
            email=address,
            identity=identity,
            role=access.role,
            beside=access.beside - access.role.rights,
            reach=_checked(access.reach),
            created_at=self._now(),
        )
        self._check_may_give(user, person)
        if any(other.email == address for other in self._store.list(user.org_id) if address):
            raise PersonKnown
        self._authority.allow(user, Act.PEOPLE_CHANGED, person.id, change="added", **_told(person))
        self._store.add(person)
        return person

    def change(self, user: User, person_id: str, access: GivenAccess) -> Person:
        """Give somebody another role, rights or calls. Raises AccessDenied, PersonNotFound."""
        person = self._theirs(user, person_id)
        fresh = replace(
            person,
            role=access.role,
            beside=access.beside - access.role.rights,
            reach=_checked(access.reach),
            by_claims=False,
        )
        self._check_may_give(user, fresh)
        self._authority.allow(user, Act.PEOPLE_CHANGED, person_id, change="access", **_told(fresh))
        self._store.give(fresh)
        self._changed()
        return fresh

    def disable(self, user: User, person_id: str) -> None:
        """Switch somebody's access off and end their sign-ins.

        Raises AccessDenied, PersonNotFound.
        """
        person = self._theirs(user, person_id)
        self._authority.allow(user, Act.PEOPLE_CHANGED, person_id, change="disabled")
        self._store.switch(person.org_id, person.id, self._now())
        self._end(person)

    def enable(self, user: User, person_id: str) -> None:
        """Switch somebody's access on again. Raises AccessDenied, PersonNotFound."""
        person = self._theirs(user, person_id)
        self._authority.allow(user, Act.PEOPLE_CHANGED, person_id, change="enabled")
        self._store.switch(person.org_id, person.id, None)
        self._changed()

    def sign_out_everywhere(self, user: User, person_id: str) -> None:
        """End all sign-ins of a person; everybody may end their own.

        Raises AccessDenied, PersonNotFound.
        """
        if person_id == user.id:
            person = self._store.get(user.org_id, person_id)
            self._authority.note(user, Act.SIGNED_OUT, person_id, everywhere=1)
        else:
            person = self._theirs(user, person_id)
            self._authority.allow(user, Act.PEOPLE_CHANGED, person_id, change="signed_out")
        self._end(person)

    def _end(self, person: Person) -> None:
        self._store.sign_out(person.org_id, person.id, self._now())
        self._changed()

    def _theirs(self, user: User, person_id: str) -> Person:
        """Return whom a person may change. Raises AccessDenied, PersonNotFound."""
        if not user.may(Right.MANAGE_PEOPLE):
            self._authority.allow(user, Act.PEOPLE_CHANGED, person_id)
        try:
            person = self._store.get(user.org_id, person_id)
        except PersonNotFound:
            self._authority.refuse(user, Act.PEOPLE_CHANGED, person_id)
            raise
        if person_id == user.id:
            self._authority.refuse(user, Act.PEOPLE_CHANGED, person_id)
            raise AccessDenied("Nobody changes their own access.")
        self._check_may_give(user, person)
        return person

    def _check_may_give(self, user: User, person: Person) -> None:
        mine = user.role.rights if user.rights is None else user.rights
        if person.rights <= mine and is_within(person.reach, user.reach):
            return
        self._authority.refuse(user, Act.PEOPLE_CHANGED, person.id)
        raise AccessDenied("Nobody gives or takes what they haven't got themselves.")


def is_within(inner: Reach, outer: Reach) -> bool:
    """Say whether all calls of the one are certainly among those of the other."""
    if outer.all_calls:
        return True
    same_agent = inner.agent_name in {None, outer.agent_name}
    return not inner.all_calls and same_agent and inner.queues <= outer.queues


def _address(email: str | None) -> str | None:
    text = (email or "").strip().lower()
    if not text:
        return None
    local, _, domain = text.rpartition("@")
    if not local or not domain or len(text) > MOST_NAME_CHARS or any(c.isspace() for c in text):
        raise InvalidRequest("This is no e-mail address.")
    return text


def _checked(reach: Reach) -> Reach:
    names = [*reach.queues, reach.agent_name or ""]
    if len(names) > MOST_QUEUES or any(len(name) > MOST_NAME_CHARS for name in names):
        raise InvalidRequest(
            f"At most {MOST_QUEUES} queues, of {MOST_NAME_CHARS} characters each, can be given."
        )
    return reach


def _told(person: Person) -> dict[str, str | int]:
    """Return what is written down of a change: no names of queues or agents."""
    reach = person.reach
    beside = {"beside": ",".join(sorted(person.beside))} if person.beside else {}
    return {
        "role": person.role.value,
        **beside,
        "calls": "all" if reach.all_calls else "some",
        "queues": len(reach.queues),
    }
