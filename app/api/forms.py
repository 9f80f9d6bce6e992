"""What forms of the API have in common."""

from pydantic import BaseModel, ConfigDict


class Form(BaseModel):
    """Takes the fields it has, of the kinds they have, and no others."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
