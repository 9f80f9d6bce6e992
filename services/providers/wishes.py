"""Whether a run's choice of providers and of their options can be carried out."""

from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest
from services.providers.registry import ProviderRegistry


def read_provider_options(given: list[str]) -> tuple[tuple[str, str], ...]:
    """Return names and values of texts such as ``model=best``. Raises InvalidRequest."""
    pairs = [(name.strip(), value.strip()) for name, _, value in (g.partition("=") for g in given)]
    if not all(name and "=" in text for (name, _), text in zip(pairs, given, strict=True)):
        raise InvalidRequest("An option is given as NAME=VALUE.")
    if len({name for name, _ in pairs}) != len(pairs):
        raise InvalidRequest("An option is given twice.")
    return tuple(pairs)


def check_wishes(registry: ProviderRegistry, options: ProcessingOptions) -> None:
    """Refuse providers that can't be used now and options that the first one doesn't have.

    Raises ProviderUnknown, ProviderNotConfigured, InvalidRequest.
    """
    chain = (options.provider, *options.fallback)
    if len(set(chain)) != len(chain):
        raise InvalidRequest("A provider is named twice.")
    for name in chain:
        registry.ready(name)
    capabilities = registry.capabilities(options.provider)
    for name, value in options.provider_options:
        option = capabilities.option(name)
        if option is None or not option.recorded:
            known = ", ".join(one.name for one in capabilities.options if one.recorded)
            raise InvalidRequest(
                f"This provider's options are {known}."
                if known
                else "This provider has no options."
            )
        option.check(value)
