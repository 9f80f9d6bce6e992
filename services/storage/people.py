"""The store of people and of the times they signed in."""

import builtins
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.domain.errors import PersonKnown, PersonNotFound
from services.domain.people import Role
from services.domain.persons import Person, SignIn
from services.storage.database import insert_new, reading, writing
from services.storage.people_forms import reach_columns, reach_of, rights_of, rights_text
from services.storage.people_tables import PEOPLE, SIGN_INS

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

    def change(self, person: Person) -> None:
        """Keep a person as they are now. Raises PersonNotFound, PersonKnown."""
        values = _row(person)
        change = update(PEOPLE).where(_P.id == person.id, _P.org_id == person.org_id)
        with writing(self._engine) as connection:
            try:
                if not connection.execute(change.values(values)).rowcount:
                    raise PersonNotFound
            except IntegrityError:
                raise PersonKnown from None

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
        """Keep a sign-in; return whether it was not there yet."""
        with writing(self._engine) as connection:
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

    def forget_sign_ins(self, before: datetime) -> None:
        """Drop those that began before."""
        with writing(self._engine) as connection:
            connection.execute(delete(SIGN_INS).where(_S.began_at < before))

    def _one(self, *where: Any) -> Person | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(PEOPLE).where(*where)).mappings().first()
        return None if row is None else _person(row)


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
