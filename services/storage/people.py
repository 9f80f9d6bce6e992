"""The store of people and of the times they signed in."""

import builtins
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.domain.errors import AccessEnded, NotSignedIn, PersonKnown, PersonNotFound
from services.domain.people import Role
from services.domain.persons import Person, SignIn, is_from_before
from services.storage.database import reading, writing
from services.storage.people_forms import reach_columns, reach_of, rights_of, rights_text
from services.storage.people_tables import PEOPLE, SIGN_INS
from services.storage.rows import insert_new

_P, _S = PEOPLE.c, SIGN_INS.c


class PeopleStore:
    """Keeps people. Every method raises StorageError, or DiskFull, when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def add(self, person: Person) -> None:
        """Add a person. Raises PersonKnown when there is one of this identity."""
        with writing(self._engine) as connection:
            try:
                connection.execute(insert(PEOPLE).values(_row(person)))
            except IntegrityError:
                raise PersonKnown from None

    def give(self, person: Person) -> None:
        """Keep what a person was given, by one of us from now on. Raises PersonNotFound."""
        given = {**_given(person), "beside": rights_text(person.beside), "by_claims": False}
        if not self._changed(given, *_is(person.org_id, person.id)):
            raise PersonNotFound

    def switch(self, org_id: str, person_id: str, disabled_at: datetime | None) -> None:
        """Switch a person's access off, or on again with None. Raises PersonNotFound."""
        if not self._changed({"disabled_at": disabled_at}, *_is(org_id, person_id)):
            raise PersonNotFound

    def follow(self, person: Person) -> bool:
        """Keep what claims give a person, unless that isn't theirs to say any more.

        Return whether it is kept: neither switched off meanwhile, nor changed by one of us.
        """
        told = {**_given(person), "name": person.name}
        still = _P.disabled_at.is_(None), _P.by_claims.is_(True)
        return self._changed(told, *_is(person.org_id, person.id), *still)

    def claim(self, person: Person) -> bool:
        """Keep by which identity one who was added has signed in first, unless there is one.

        Return whether it is kept. Raises PersonKnown when there is another of this identity.
        """
        told = {"identity": person.identity, "name": person.name}
        still = _P.disabled_at.is_(None), _P.identity.is_(None)
        return self._changed(told, *_is(person.org_id, person.id), *still)

    def get(self, org_id: str, person_id: str) -> Person:
        """Return a person of the organisation. Raises PersonNotFound."""
        found = self._one(_P.org_id == org_id, _P.id == person_id)
        if found is None:
            raise PersonNotFound
        return found

    def of_identity(self, identity: str) -> Person | None:
        """Return whom the sign-in service knows by this, of whichever organisation."""
        return self._one(_P.identity == identity)

    def invited(self, email: str) -> builtins.list[Person]:
        """Return those added by this address who have not signed in yet, of all organisations."""
        query = select(PEOPLE).where(_P.email == email.lower(), _P.identity.is_(None))
        with reading(self._engine) as connection:
            return [_person(row) for row in connection.execute(query).mappings()]

    def list(self, org_id: str) -> builtins.list[Person]:
        """Return the people of an organisation by name."""
        query = select(PEOPLE).where(_P.org_id == org_id)
        with reading(self._engine) as connection:
            found = [_person(row) for row in connection.execute(query).mappings()]
        return sorted(found, key=lambda person: (person.name.casefold(), person.id))

    def begin(self, sign_in: SignIn) -> bool:
        """Keep a sign-in; return whether it was not there yet.

        Raises AccessEnded, and NotSignedIn for one from before its person was signed out.
        """
        # The row is locked: who switches a person off meanwhile comes before this, or ends it.
        query = select(_P.disabled_at, _P.signed_out_at).where(
            *_is(sign_in.org_id, sign_in.person_id)
        )
        with writing(self._engine) as connection:
            person = connection.execute(query.with_for_update()).first()
            if person is None:
                raise NotSignedIn
            if person.disabled_at is not None:
                raise AccessEnded
            if is_from_before(sign_in.began_at, person.signed_out_at):
                raise NotSignedIn
            return insert_new(connection, SIGN_INS, vars(sign_in), key=("id",))

    def sign_in(self, sign_in_id: str) -> SignIn | None:
        """Return a sign-in of whomever."""
        query = select(SIGN_INS).where(_S.id == sign_in_id)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else SignIn(**row)

    def see(self, sign_in: SignIn, at: datetime) -> None:
        """Note that the person of a sign-in did something."""
        with writing(self._engine) as connection:
            mine = update(SIGN_INS).where(_S.id == sign_in.id)
            connection.execute(mine.values(seen_at=at))
            person = update(PEOPLE).where(_P.id == sign_in.person_id)
            connection.execute(person.values(seen_at=at))

    def end(self, sign_in_id: str, at: datetime) -> bool:
        """End a sign-in; return whether it was still going on."""
        mine = update(SIGN_INS).where(_S.id == sign_in_id, _S.ended_at.is_(None))
        with writing(self._engine) as connection:
            return bool(connection.execute(mine.values(ended_at=at)).rowcount)

    def sign_out(self, org_id: str, person_id: str, at: datetime) -> None:
        """End all sign-ins of a person; none from before counts. Raises PersonNotFound."""
        person = update(PEOPLE).where(_P.id == person_id, _P.org_id == org_id)
        theirs = update(SIGN_INS).where(_S.person_id == person_id, _S.ended_at.is_(None))
        with writing(self._engine) as connection:
            if not connection.execute(person.values(signed_out_at=at)).rowcount:
                raise PersonNotFound
            connection.execute(theirs.values(ended_at=at))

    def shut_out(self, org_id: str, person_id: str, at: datetime) -> None:
        """End all sign-ins of a person that began by then, unless that was done already."""
        person = update(PEOPLE).where(
            *_is(org_id, person_id), _P.signed_out_at.is_(None) | (_P.signed_out_at < at)
        )
        theirs = update(SIGN_INS).where(
            _S.person_id == person_id,
            _S.org_id == org_id,
            _S.began_at <= at,
            _S.ended_at.is_(None),
        )
        with writing(self._engine) as connection:
            if connection.execute(person.values(signed_out_at=at)).rowcount:
                connection.execute(theirs.values(ended_at=at))

    def forget_sign_ins(self, before: datetime) -> None:
        """Drop those that began before."""
        with writing(self._engine) as connection:
            connection.execute(delete(SIGN_INS).where(_S.began_at < before))

    def _changed(self, values: dict[str, Any], *where: Any) -> bool:
        with writing(self._engine) as connection:
            try:
                change = update(PEOPLE).where(*where).values(values)
                return bool(connection.execute(change).rowcount)
            except IntegrityError:
                raise PersonKnown from None

    def _one(self, *where: Any) -> Person | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(PEOPLE).where(*where)).mappings().first()
        return None if row is None else _person(row)


def _is(org_id: str, person_id: str) -> tuple[Any, Any]:
    return _P.org_id == org_id, _P.id == person_id


def _given(person: Person) -> dict[str, Any]:
    return {"role": person.role, **reach_columns(person.reach)}


def _row(person: Person) -> dict[str, Any]:
    plain = {name: value for name, value in vars(person).items() if name in _P}
    return {
        **plain,
        **reach_columns(person.reach),
        "email": person.email and person.email.lower(),
        "beside": rights_text(person.beside),
    }


def _person(row: RowMapping) -> Person:
    kept = {name: row[name] for name in Person.__dataclass_fields__ if name in row}
    return Person(
        **{
            **kept,
            "role": Role(row["role"]),
            "beside": rights_of(row["beside"]),
            "reach": reach_of(row),
        }
    )
