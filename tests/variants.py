"""Scripted providers under other names, standing in for services elsewhere."""

from dataclasses import replace

from services.domain.errors import PartylineError
from services.providers.capabilities import ProviderOption
from services.providers.scripted import ScriptedProvider

TITLES = {"local": "This machine", "azure": "Azure Speech", "assemblyai": "AssemblyAI"}


def variant(
    name: str,
    *,
    fails_with: type[PartylineError] | None = None,
    failing_attempts: int | None = None,
    options: tuple[ProviderOption, ...] = (),
    pause_ms: int = 0,
    of: type[ScriptedProvider] = ScriptedProvider,
    **can: object,
) -> ScriptedProvider:
    """A scripted provider of this name; ``can`` are further capabilities."""
    made = of(pause_ms=pause_ms, fails_with=fails_with, failing_attempts=failing_attempts)
    made.capabilities = replace(
        made.capabilities,
        name=name,
        title=TITLES[name],
        leaves_machine=name != "local",
        options=options,
        **can,
    )
    return made
