"""What can be set about recordings that come in by themselves; app/settings.py reads it."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings


class IngestSettings(BaseSettings):
    """How much is taken in ahead of the work, and what is kept of uploads that pause."""

    ingest_waiting: Annotated[int, Field(validation_alias="PARTYLINE_INGEST_WAITING", ge=1)] = 100
    uploads_open: Annotated[int, Field(validation_alias="PARTYLINE_UPLOADS_OPEN", ge=1)] = 20
    upload_kept_hours: Annotated[
        int, Field(validation_alias="PARTYLINE_UPLOAD_KEPT_HOURS", ge=1, le=24 * 30)
    ] = 24
