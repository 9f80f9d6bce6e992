"""What can be set about how much one recording may take to decode; app/settings.py reads it."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from services.audio.apart.limits import MEBIBYTE, DecodeLimits

# Libraries alone take about half of it.
LEAST_MEMORY_BYTES = 512 * MEBIBYTE


class DecodingSettings(BaseSettings):
    """The bounds of the process that decodes a recording."""

    decode_memory_bytes: Annotated[
        int, Field(validation_alias="PARTYLINE_DECODE_MEMORY_BYTES", ge=LEAST_MEMORY_BYTES)
    ] = DecodeLimits().memory_bytes
    decode_time_ms: Annotated[int, Field(validation_alias="PARTYLINE_DECODE_TIME_MS", ge=1_000)] = (
        DecodeLimits().time_ms
    )

    @property
    def decode_limits(self) -> DecodeLimits:
        """How much one recording may take."""
        return DecodeLimits(memory_bytes=self.decode_memory_bytes, time_ms=self.decode_time_ms)
