"""The store of vocabularies: the words of each organisation, and how they are to be written."""

import json
from datetime import UTC, datetime

from sqlalchemy import Engine, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.domain.errors import VocabularyChanged
from services.domain.vocabulary import Vocabulary
from services.storage.database import reading, writing
from services.storage.forms import pack
from services.storage.models import VOCABULARIES


class VocabularyStore:
    """Keeps one vocabulary for each organisation. Raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def get(self, org_id: str) -> Vocabulary:
        """Return the organisation's vocabulary, an empty one of version 0 when there is none."""
        query = select(VOCABULARIES).where(VOCABULARIES.c.org_id == org_id)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
        return Vocabulary() if row is None else _from_row(row)

    def save(self, org_id: str, vocabulary: Vocabulary) -> Vocabulary:
        """Keep a vocabulary that was made from the version it names; return it with its new one.

        Raises VocabularyChanged when another version has been kept in the meantime.
        """
        table, based_on = VOCABULARIES, vocabulary.version
        row = {
            "terms": pack(vocabulary.terms),
            "spelling": pack(vocabulary.spelling),
            "version": based_on + 1,
            "changed_at": datetime.now(UTC),
        }
        known = (table.c.org_id == org_id, table.c.version == based_on)
        with writing(self._engine) as connection:
            if based_on:
                found = connection.execute(update(table).where(*known).values(row)).rowcount
            else:
                try:
                    found = connection.execute(insert(table).values(org_id=org_id, **row)).rowcount
                except IntegrityError:
                    found = 0
            if not found:
                raise VocabularyChanged
        return Vocabulary(
            terms=vocabulary.terms, spelling=vocabulary.spelling, version=based_on + 1
        )


def _from_row(row: RowMapping) -> Vocabulary:
    return Vocabulary(
        terms=tuple(json.loads(row["terms"])),
        spelling=tuple((heard, written) for heard, written in json.loads(row["spelling"])),
        version=row["version"],
    )
