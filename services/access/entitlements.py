"""To whom access is given: those whom somebody added, and those whose claims say so."""

from dataclasses import replace
from datetime import datetime
from typing import Protocol

from services.access.claims import ClaimRules, Claims, Given
from services.domain.errors import AccessEnded, NoAccessYet, PersonKnown
from services.domain.ids import new_id
from services.domain.persons import Identity, Person


class PersonStore(Protocol):
    """Where people are kept."""

    def add(self, person: Person) -> None:
        """Add a person. Raises PersonKnown."""

    def follow(self, person: Person) -> bool:
        """Keep what claims give a person; False when that isn't theirs to say any more."""

    def claim(self, person: Person) -> bool:
        """Keep the identity of one who was added; False when there is one. Raises PersonKnown."""

    def of_identity(self, identity: str) -> Person | None:
        """Return whom the sign-in service knows by this."""

    def invited(self, email: str) -> list[Person]:
        """Return those added by this address who have not signed in yet."""


class Entitlements:
    """Tells who somebody is here who was let in by the sign-in service."""

    def __init__(self, store: PersonStore, rules: ClaimRules) -> None:
        """Look people up here; make those whom these rules give access."""
        self._store = store
        self._rules = rules

    def person(self, identity: Identity, claims: Claims, now: datetime) -> Person:
        """Return the person of an identity as they are now. Raises NoAccessYet, AccessEnded."""
        given = self._rules.given(claims)
        known = self._store.of_identity(identity.key) or self._invited(identity, claims)
        if known is None:
            return self._made(identity, given, now)
        if known.disabled_at is not None:
            raise AccessEnded
        if self._is_of_another(known, claims) or (known.by_claims and given is None):
            raise NoAccessYet
        fresh = known
        if known.by_claims and given is not None:
            fresh = replace(known, name=identity.name, role=given.role, reach=given.reach)
        if fresh != known and not self._store.follow(fresh):
            return self._changed_meanwhile(identity)
        return fresh

    def _changed_meanwhile(self, identity: Identity) -> Person:
        """Return a person as one of us has just made them. Raises NoAccessYet, AccessEnded."""
        known = self._store.of_identity(identity.key)
        if known is None:
            raise NoAccessYet
        if known.disabled_at is not None:
            raise AccessEnded
        return known

    def _is_of_another(self, person: Person, claims: Claims) -> bool:
        """Say whether a claim tells another organisation than the one the person belongs to."""
        if self._rules.org_claim is None:
            return False
        return self._rules.organisation(claims) != person.org_id

    def _invited(self, identity: Identity, claims: Claims) -> Person | None:
        """Return whom somebody added by the address that the sign-in service has verified."""
        if identity.email is None:
            return None
        found = [
            p for p in self._store.invited(identity.email) if not self._is_of_another(p, claims)
        ]
        if len(found) != 1:
            return None
        if found[0].disabled_at is not None:
            return found[0]
        person = replace(found[0], identity=identity.key, name=identity.name)
        try:
            is_kept = self._store.claim(person)
        except PersonKnown:
            is_kept = False
        # Another tab of theirs was first, or somebody has switched them off.
        return person if is_kept else self._store.of_identity(identity.key)

    def _made(self, identity: Identity, given: Given | None, now: datetime) -> Person:
        if given is None:
            raise NoAccessYet
        person = Person(
            id=new_id(),
            org_id=given.org_id,
            identity=identity.key,
            name=identity.name,
            email=identity.email,
            role=given.role,
            reach=given.reach,
            by_claims=True,
            created_at=now,
        )
        try:
            self._store.add(person)
        except PersonKnown:
            # Another tab of theirs was first.
            return self._store.of_identity(identity.key) or person
        return person
