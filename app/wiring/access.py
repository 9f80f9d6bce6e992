"""Who signs in and what they may do, put together from the settings."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from app.settings import Settings
from app.wiring.parts import authority_on, master_key_of
from services.access.api_tokens import ApiTokens
from services.access.authority import Authority
from services.access.people import PeopleDesk
from services.access.sign_ins import SignIns
from services.access.token_desk import TokenDesk
from services.access.tokens import TokenSigner
from services.domain.people import User
from services.storage.api_tokens import ApiTokenStore
from services.storage.database import open_engine
from services.storage.keys import MasterKey
from services.storage.people import PeopleStore
from services.storage.schema import migrate

CALLBACK = "/oauth2callback"


@dataclass(frozen=True, kw_only=True)
class Access:
    """Who is who."""

    sign_ins: SignIns
    people: PeopleDesk
    token_desk: TokenDesk
    tokens: TokenSigner
    api_tokens: ApiTokens


def build_access(
    settings: Settings, engine: Engine, authority: Authority, master_key: MasterKey
) -> Access:
    """Return what tells people apart; nothing is looked up yet."""
    store, kept = PeopleStore(engine), ApiTokenStore(engine)
    sign_ins = SignIns(store, authority, settings.claim_rules, settings.sign_in_limits)

    def person_of(org_id: str, person_id: str) -> User | None:
        if settings.has_login:
            return sign_ins.person(org_id, person_id)
        local = settings.local_user
        return local if (org_id, person_id) == (local.org_id, local.id) else None

    token = settings.api_token
    # The installation's own stands for whose the phone calls are that nobody of us has begun.
    api_tokens = ApiTokens(
        token.get_secret_value() if token else None,
        settings.phone_owner,
        store=kept,
        person_of=person_of,
        authority=authority,
    )
    return Access(
        sign_ins=sign_ins,
        people=PeopleDesk(store, authority, sign_ins.forget),
        token_desk=TokenDesk(kept, authority, api_tokens.look_again),
        api_tokens=api_tokens,
        tokens=TokenSigner(
            master_key.derive("tokens"),
            standing=sign_ins.standing if settings.has_login else None,
            holding=sign_ins.holding if settings.has_login else None,
        ),
    )


def build_access_desks(settings: Settings) -> tuple[PeopleDesk, TokenDesk]:
    """Return people and tokens of this installation without anything else.

    Raises DatabaseTooNew, StorageError.
    """
    engine = open_engine(settings.database_url)
    migrate(engine)
    authority = authority_on(engine, settings)
    return PeopleDesk(PeopleStore(engine), authority), TokenDesk(ApiTokenStore(engine), authority)


def login_secrets(settings: Settings) -> dict[str, Any]:
    """Return what the pages' framework has to know to sign people in; nothing where nobody does.

    They never lie in a file. Raises WrongKey, StorageError.
    """
    secret, address = settings.oidc_client_secret, settings.sign_in_url
    if not settings.has_login or secret is None or address is None:
        return {}
    cookies = settings.cookie_secret
    derived = master_key_of(settings).derive("cookies").hex()
    return {
        "auth": {
            "redirect_uri": address + CALLBACK,
            "cookie_secret": cookies.get_secret_value() if cookies else derived,
            "client_id": settings.oidc_client_id,
            "client_secret": secret.get_secret_value(),
            "server_metadata_url": settings.metadata_url,
            "client_kwargs": {"scope": settings.oidc_scope},
        }
    }
