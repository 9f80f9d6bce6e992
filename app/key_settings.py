"""What can be set about the master key and where backups lie; app/settings.py reads it."""

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class KeySettings(BaseSettings):
    """Where the master key comes from, and what else has to follow when something is erased."""

    partyline_key: Annotated[SecretStr | None, Field(validation_alias="PARTYLINE_KEY")] = None
    key_command: Annotated[SecretStr | None, Field(validation_alias="PARTYLINE_KEY_COMMAND")] = None
    previous_keys: Annotated[SecretStr | None, Field(validation_alias="PARTYLINE_KEY_PREVIOUS")] = (
        None
    )
    backups: Annotated[str, Field(validation_alias="PARTYLINE_BACKUPS")] = ""

    @property
    def has_given_key(self) -> bool:
        """Whether the master key is set, or a command gives it, so that no file holds it."""
        return bool(self.partyline_key or self.key_command)

    @property
    def backup_places(self) -> tuple[str, ...]:
        """Where backups lie that erasing and rotating keys have to reach."""
        return tuple(place for part in self.backups.split(",") if (place := part.strip()))
