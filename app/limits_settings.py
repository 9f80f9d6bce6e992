"""What can be set about how much one caller may ask for; app/settings.py reads it."""

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings


def _networks(text: str) -> str:
    """Take a list of addresses and networks."""
    for part in filter(None, map(str.strip, text.split(","))):
        ip_network(part, strict=False)
    return text


class LimitsSettings(BaseSettings):
    """How fast one address may ask, and which proxies say truly for whom they ask."""

    requests_per_s: Annotated[
        float, Field(validation_alias="PARTYLINE_REQUESTS_PER_S", ge=0, le=100_000)
    ] = 50.0
    proxies: Annotated[
        str, Field(validation_alias="PARTYLINE_PROXIES"), AfterValidator(_networks)
    ] = ""
