"""``partyline people``: who may come in, and what they may do."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.commands.console import operator
from app.settings import load_settings
from app.wiring import build_access_desks
from services.access.people import GivenAccess, PeopleDesk
from services.domain.errors import InvalidRequest, PersonNotFound
from services.domain.people import EVERY_CALL, Reach, Right, Role, User
from services.domain.persons import Person, hashed

SCHEMA = "partyline.people/1"
IDENTITY_CHARS = 64


@dataclass(frozen=True, kw_only=True)
class Wished:
    """What somebody is to be given; what is None or False wasn't named."""

    role: Role | None = None
    rights: Sequence[Right] | None = None
    queues: Sequence[str] | None = None
    agent: str | None = None
    own_calls: bool = False
    all_calls: bool = False

    def over(self, access: GivenAccess) -> GivenAccess:
        """Return what somebody has then who had this access."""
        return GivenAccess(
            role=self.role or access.role,
            beside=access.beside if self.rights is None else frozenset(self.rights),
            reach=self._reach(access.reach),
        )

    def _reach(self, reach: Reach) -> Reach:
        names_some = self.own_calls or self.queues is not None or self.agent is not None
        if self.all_calls and names_some:
            raise InvalidRequest("Either all calls, or some: not both.")
        if self.all_calls:
            return EVERY_CALL
        if not names_some:
            return reach
        return Reach(queues=frozenset(self.queues or ()), agent_name=self.agent or None)


def write_people(org: str | None, *, as_json: bool) -> None:
    """Write who has access."""
    settings = load_settings()
    desk, _ = build_access_desks(settings)
    people = desk.list(operator(settings, org))
    if as_json:
        print(json.dumps({"schema": SCHEMA, "people": [_form(p) for p in people]}, indent=2))
        return
    for person in people:
        print(_line(person))
    if not people:
        print("Nobody has been given access yet.")


def add_person(
    org: str | None,
    email: str,
    wished: Wished,
    *,
    subject: str | None,
    identity: str | None,
    name: str,
) -> None:
    """Give somebody access who hasn't signed in yet. Raises InvalidRequest, PersonKnown."""
    settings = load_settings()
    if sum(map(bool, (email, subject, identity))) != 1:
        raise InvalidRequest("Say who it is: an e-mail address, or --subject, or --identity.")
    if subject is not None:
        if settings.oidc_issuer is None:
            raise InvalidRequest("--subject needs PARTYLINE_OIDC_ISSUER.")
        identity = hashed(settings.oidc_issuer, subject)
    if identity is not None and not _is_hash(identity):
        raise InvalidRequest("An identity has 64 letters and digits, as the page shows it.")
    desk, _ = build_access_desks(settings)
    access = wished.over(GivenAccess(role=Role.VIEWER))
    person = desk.add(
        operator(settings, org), access, email=email or None, identity=identity, name=name
    )
    print(_line(person))


def change_person(org: str | None, who: str, wished: Wished) -> None:
    """Change what somebody may do. Raises PersonNotFound, InvalidRequest."""
    settings = load_settings()
    desk, _ = build_access_desks(settings)
    user = operator(settings, org)
    person = _found(desk, user, who)
    now = GivenAccess(role=person.role, beside=person.beside, reach=person.reach)
    print(_line(desk.change(user, person.id, wished.over(now))))


def with_person(org: str | None, who: str, act: Callable[[PeopleDesk, User, str], object]) -> None:
    """Do something to somebody, and write how they are then. Raises PersonNotFound."""
    settings = load_settings()
    desk, _ = build_access_desks(settings)
    user = operator(settings, org)
    act(desk, user, _found(desk, user, who).id)
    print(_line(_found(desk, user, who)))


def _found(desk: PeopleDesk, user: User, who: str) -> Person:
    wanted = who.strip().lower()
    found = [p for p in desk.list(user) if wanted in {p.id, p.email}]
    if not found:
        raise PersonNotFound
    if len(found) > 1:
        raise InvalidRequest("There are several of this address; name the id.")
    return found[0]


def _is_hash(text: str) -> bool:
    return len(text) == IDENTITY_CHARS and all(c in "0123456789abcdef" for c in text)


def _line(person: Person) -> str:
    state = "off" if person.disabled_at else "on" if person.identity else "not here yet"
    beside = "".join(f" +{right.value}" for right in sorted(person.beside))
    return f"{person.id}  {person.name}  {person.role.value}{beside}  {_calls(person)}  {state}"


def _calls(person: Person) -> str:
    reach = person.reach
    if reach.all_calls:
        return "all calls"
    parts = [f"queue {name}" for name in sorted(reach.queues)]
    parts += [f"agent {reach.agent_name}"] if reach.agent_name else []
    return ", ".join(parts) or "own calls"


def _form(person: Person) -> dict[str, object]:
    reach = person.reach
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "role": person.role.value,
        "rights_beside": sorted(person.beside),
        "all_calls": reach.all_calls,
        "queues": sorted(reach.queues),
        "agent_name": reach.agent_name,
        "by_claims": person.by_claims,
        "disabled": person.disabled_at is not None,
        "seen_at": person.seen_at.isoformat() if person.seen_at else None,
    }
