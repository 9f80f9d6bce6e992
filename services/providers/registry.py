"""Which speech providers there are; each is made when it is first asked for."""

import threading
from collections.abc import Callable, Mapping, Sequence

from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest, ProviderNotConfigured, ProviderUnknown
from services.providers.base import SpeechProvider
from services.providers.capabilities import Capabilities, Readiness
from services.providers.fallback import takes

ProviderFactory = Callable[[], SpeechProvider]


class ProviderRegistry:
    """Providers by name, made once per process. Names keep the order they were given in."""

    def __init__(self, factories: Mapping[str, ProviderFactory]) -> None:
        """Take one factory per name; none is called yet."""
        self._factories = dict(factories)
        self._made: dict[str, SpeechProvider] = {}
        self._lock = threading.Lock()

    def names(self) -> tuple[str, ...]:
        """Return the names of all providers, configured or not."""
        return tuple(self._factories)

    def get(self, name: str) -> SpeechProvider:
        """Return the provider of this name. Raises ProviderUnknown."""
        factory = self._factories.get(name)
        if factory is None:
            raise ProviderUnknown
        with self._lock:
            if name not in self._made:
                self._made[name] = factory()
            return self._made[name]

    def capabilities(self, name: str) -> Capabilities:
        """Return what a provider can do. Raises ProviderUnknown."""
        return self.get(name).capabilities

    def readiness(self, name: str) -> Readiness:
        """Return whether a provider can be used now. Raises ProviderUnknown."""
        return self.get(name).readiness()

    def ready(self, name: str) -> SpeechProvider:
        """Return the provider if it can be used now.

        Raises ProviderUnknown, or ProviderNotConfigured naming the settings that are missing.
        """
        provider = self.get(name)
        missing = provider.readiness().missing
        if missing:
            raise ProviderNotConfigured(f"Set {' and '.join(missing)}.")
        return provider

    def ready_in_turn(self, options: ProcessingOptions) -> tuple[SpeechProvider, ...]:
        """Return the providers that a run asks in turn, all of which can be used now.

        Raises ProviderUnknown, ProviderNotConfigured, or InvalidRequest for one named twice and
        for an option that none of them has or that doesn't take its value.
        """
        names = (options.provider, *options.fallback)
        if len(set(names)) < len(names):
            raise InvalidRequest("A speech provider is named twice.")
        providers = tuple(map(self.ready, names))
        _check_provider_options(options, [one.capabilities for one in providers])
        return providers

    def in_turn(self, options: ProcessingOptions) -> tuple[SpeechProvider, ...]:
        """Return the providers that a run asks in turn, whether or not they can be used now.

        A fallback that isn't there any more is left out. Raises ProviderUnknown for the first.
        """
        fallback = [self.get(name) for name in options.fallback if name in self._factories]
        return (self.get(options.provider), *fallback)


def _check_provider_options(options: ProcessingOptions, asked: Sequence[Capabilities]) -> None:
    """Refuse an option that nobody has, and a value that doesn't fit who has it.

    The first provider's word goes: a fallback may have another option of the same name.
    """
    pairs = options.provider_options
    if len({name for name, _ in pairs}) < len(pairs):
        raise InvalidRequest("An option of the speech provider is given twice.")
    for name, value in pairs:
        declared = [found for one in asked if (found := one.option(name)) is not None]
        if not declared:
            raise InvalidRequest("The speech provider has no option of this name.")
        if asked[0].option(name) is not None or not any(takes(c, name, value) for c in asked):
            declared[0].check(value)
