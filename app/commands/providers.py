"""``partyline providers``: what is ready, what is missing, what each can do."""

import json
from dataclasses import asdict
from typing import Any

from app.commands.console import EXIT_BAD_INPUT
from app.settings import Settings
from app.wiring import build_providers
from services.providers.abilities import abilities, added_here, state_words
from services.providers.base import SpeechProvider
from services.providers.capabilities import Capabilities
from services.providers.checking import CheckOutcome, check_provider


def list_providers(settings: Settings, *, check: bool, as_json: bool) -> int:
    """Write all providers; the exit status, 2 when one that is set up fails its check.

    Names of missing settings are written, never the values of any.
    """
    registry = build_providers(settings)
    failed = False
    for name in registry.names():
        provider = registry.get(name)
        outcome = check_provider(provider) if check and provider.readiness().ready else None
        failed = failed or (outcome is not None and not outcome.works)
        if as_json:
            print(json.dumps(_as_json(provider, settings, outcome), ensure_ascii=False))
        else:
            _write(provider, settings, outcome)
    return EXIT_BAD_INPUT if failed else 0


def _write(provider: SpeechProvider, settings: Settings, outcome: CheckOutcome | None) -> None:
    capabilities = provider.capabilities
    usual = ", used unless another is named" if capabilities.name == settings.provider else ""
    print(f"{capabilities.name:12}{capabilities.title}: {state_words(provider.readiness())}{usual}")
    if outcome is not None:
        said = "works" if outcome.works else outcome.refusal
        _write_more("check", f"{said} ({outcome.took_ms / 1000:.1f} s)")
    _write_more("can do", ", ".join(abilities(capabilities)))
    if added := added_here(capabilities):
        _write_more("added here", ", ".join(added))
    if capabilities.options:
        _write_more("options", ", ".join(_option_words(capabilities)))
    limits = settings.limits_of(capabilities.name)
    if limits is not None:
        begun = f", {limits.per_minute} begun a minute" if limits.per_minute else ""
        _write_more("at most", f"{limits.at_once} at once{begun}")
    if capabilities.cost_per_hour is not None:
        _write_more("price", f"{capabilities.cost_per_hour:g} per hour of sound, as set here")


def _write_more(title: str, words: str) -> None:
    print(f"{'':12}{title + ':':12}{words}")


def _option_words(capabilities: Capabilities) -> list[str]:
    return [
        f"{option.name} ({'|'.join(value for value, _ in option.choices) or option.kind})"
        for option in capabilities.options
    ]


def _as_json(
    provider: SpeechProvider, settings: Settings, outcome: CheckOutcome | None
) -> dict[str, Any]:
    readiness, limits = provider.readiness(), settings.limits_of(provider.capabilities.name)
    return {
        **asdict(provider.capabilities),
        "is_default": provider.capabilities.name == settings.provider,
        "ready": readiness.ready,
        "missing": list(readiness.missing),
        "hint": readiness.hint,
        "at_once": limits.at_once if limits else None,
        "per_minute": limits.per_minute if limits else None,
        "check": asdict(outcome) | {"works": outcome.works} if outcome else None,
    }
