"""How much is asked of a provider at most."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ProviderLimits:
    """How many calls a provider has at once on all workers together, and begun in a minute."""

    at_once: int
    per_minute: int | None = None
