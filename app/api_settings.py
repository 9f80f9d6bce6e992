"""What can be set about the HTTP API; app/settings.py reads it."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

SHORTEST_TOKEN_CHARS = 32


def _token(secret: SecretStr | None) -> SecretStr | None:
    """Take a token that can't be guessed and that a header can carry; an empty one is none."""
    text = secret.get_secret_value().strip() if secret else ""
    if not text:
        return None
    if len(text) < SHORTEST_TOKEN_CHARS or not all("!" <= c <= "~" for c in text):
        raise ValueError
    return SecretStr(text)


class ApiSettings(BaseSettings):
    """Who may use the HTTP API: whoever brings the token; nobody where none is set."""

    api_token: Annotated[
        SecretStr | None,
        Field(validation_alias="PARTYLINE_API_TOKEN"),
        AfterValidator(_token),
    ] = None
