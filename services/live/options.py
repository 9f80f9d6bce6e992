"""Whether a live call can be held as it is asked for, and how it is processed afterwards."""

from dataclasses import replace

from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest, NotLive
from services.providers.capabilities import Capabilities

FINISHED_BY = "local"


def check_live(capabilities: Capabilities, options: ProcessingOptions) -> None:
    """Refuse what the provider can't do while a call is held. Raises NotLive, InvalidRequest."""
    if not capabilities.live:
        raise NotLive
    for name, value in options.provider_options:
        option = capabilities.option(name)
        if option is None or not option.live:
            known = ", ".join(one.name for one in capabilities.options if one.live)
            raise InvalidRequest(
                f"This provider's options for live calls are {known}."
                if known
                else "This provider has no options for live calls."
            )
        option.check(value)


def as_recorded(capabilities: Capabilities, options: ProcessingOptions) -> ProcessingOptions:
    """Return the options for the recording of a live call.

    What is for live calls alone is left out. Recordings of a provider that takes none go to this
    machine.
    """
    if not capabilities.recorded:
        return replace(options, provider=FINISHED_BY, provider_options=())
    kept = tuple(
        (name, value)
        for name, value in options.provider_options
        if (option := capabilities.option(name)) is not None and option.recorded
    )
    return replace(options, provider_options=kept)
