"""The store of tokens of the HTTP API."""

import builtins
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, RowMapping, exists, insert, select, update

from services.domain.api_tokens import ApiToken
from services.domain.errors import ApiTokenNotFound
from services.domain.people import Role
from services.storage.database import reading, writing
from services.storage.people_forms import reach_columns, reach_of, rights_of, rights_text
from services.storage.people_tables import API_TOKENS

_T = API_TOKENS.c


class ApiTokenStore:
    """Keeps tokens. Every method raises StorageError, or DiskFull, when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def add(self, token: ApiToken) -> None:
        """Add a token."""
        with writing(self._engine) as connection:
            connection.execute(insert(API_TOKENS).values(_row(token)))

    def of_hash(self, secret_hash: str) -> ApiToken | None:
        """Return the token whose secret has this hash, of whichever organisation."""
        query = select(API_TOKENS).where(_T.secret_hash == secret_hash)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _token(row)

    def list(self, org_id: str) -> builtins.list[ApiToken]:
        """Return the tokens of an organisation, the newest first."""
        query = select(API_TOKENS).where(_T.org_id == org_id)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_T.created_at.desc(), _T.id)).mappings()
            return [_token(row) for row in rows]

    def get(self, org_id: str, token_id: str) -> ApiToken:
        """Return a token of the organisation. Raises ApiTokenNotFound."""
        query = select(API_TOKENS).where(_T.org_id == org_id, _T.id == token_id)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise ApiTokenNotFound
        return _token(row)

    def any_valid(self, at: datetime) -> bool:
        """Say whether there is a token by which the API can be used."""
        valid = select(_T.id).where(_T.revoked_at.is_(None), _T.expires_at > at)
        with reading(self._engine) as connection:
            return bool(connection.execute(select(exists(valid))).scalar())

    def revoke(self, org_id: str, token_id: str, at: datetime) -> bool:
        """Have a token count no more; return whether it counted. Raises ApiTokenNotFound."""
        mine = update(API_TOKENS).where(_T.org_id == org_id, _T.id == token_id)
        still = mine.where(_T.revoked_at.is_(None))
        with writing(self._engine) as connection:
            if connection.execute(still.values(revoked_at=at)).rowcount:
                return True
        self.get(org_id, token_id)
        return False

    def use(self, token_id: str, at: datetime) -> None:
        """Note when a token was used last."""
        with writing(self._engine) as connection:
            mine = update(API_TOKENS).where(_T.id == token_id)
            connection.execute(mine.values(used_at=at))


def _row(token: ApiToken) -> dict[str, Any]:
    plain = {name: value for name, value in vars(token).items() if name in _T}
    return {**plain, **reach_columns(token.reach), "rights": rights_text(token.rights)}


def _token(row: RowMapping) -> ApiToken:
    kept = {name: row[name] for name in ApiToken.__dataclass_fields__ if name in row}
    return ApiToken(
        **{
            **kept,
            "role": Role(row["role"]),
            "rights": rights_of(row["rights"]),
            "reach": reach_of(row),
        }
    )
