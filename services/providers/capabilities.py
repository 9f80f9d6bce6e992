"""What a speech provider can do and be asked for, declared as data."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
YES, NO = "yes", "no"


class OptionKind(StrEnum):
    """How an option of a provider is chosen."""

    CHOICE = "choice"
    TOGGLE = "toggle"
    NUMBER = "number"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class ProviderOption:
    """Something a provider can be asked for beyond what all providers share.

    ``choices`` are values with the words people read; toggles take ``yes`` and ``no``. Values are
    texts everywhere, so that rows, command line and pages carry any provider's options unread. An
    empty ``default`` means: nothing is asked for, and the provider's own default holds.
    ``recorded`` and ``live`` say for which kind of call it is offered. ``redacts`` says that
    choosing it asks for words without personal data, whoever ends up delivering them;
    ``leaves_copy`` that what was asked for lies at the service until somebody fetches it.
    """

    name: str
    title: str
    help: str
    kind: OptionKind = OptionKind.CHOICE
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""
    least: float | None = None
    most: float | None = None
    recorded: bool = True
    live: bool = False
    redacts: bool = False
    leaves_copy: bool = False

    def check(self, value: str) -> None:
        """Raise InvalidRequest for a value that can't be chosen."""
        if value == self.default:
            return
        if self.kind is OptionKind.TOGGLE:
            self._refuse_unless(value in (YES, NO), "yes or no")
        elif self.kind is OptionKind.CHOICE:
            offered = [one for one, _ in self.choices]
            self._refuse_unless(value in offered, f"one of {', '.join(offered)}")
        elif self.kind is OptionKind.NUMBER:
            self._refuse_unless(self._is_in_range(value), self._range)

    @property
    def _range(self) -> str:
        return f"a number from {self.least:g} to {self.most:g}" if self._is_bounded else "a number"

    @property
    def _is_bounded(self) -> bool:
        return self.least is not None and self.most is not None

    def _is_in_range(self, value: str) -> bool:
        try:
            number = float(value)
        except ValueError:
            return False
        low = self.least if self.least is not None else float("-inf")
        high = self.most if self.most is not None else float("inf")
        return low <= number <= high

    def _refuse_unless(self, fits: bool, wanted: str) -> None:
        if not fits:
            raise InvalidRequest(f"The option {self.name} takes {wanted}.")


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a provider can do; pages and pipeline ask this record, never the provider's name.

    ``live_language_switch``: it goes on in another language when it is told to, in mid-call.
    ``languages`` None means: any. What is False here the pipeline adds on this machine.
    What is longer than ``max_duration_ms`` is refused before anything is sent. ``cost_per_hour`` is
    the price of an hour of sound as this installation has set it, in its own currency.
    """

    name: str
    title: str
    recorded: bool = True
    live: bool = False
    live_channels: int = 1
    live_language_switch: bool = False
    separate_channels: bool = False
    diarization: bool = False
    expected_speakers: bool = False
    language_detection: bool = False
    languages: tuple[str, ...] | None = None
    vocabulary: bool = False
    sentiment: bool = False
    redaction: bool = False
    summary: bool = False
    holds: bool = False
    loudness: bool = False
    max_duration_ms: int | None = None
    leaves_machine: bool = True
    keeps_copies: bool = False
    cost_per_hour: float | None = None
    options: tuple[ProviderOption, ...] = ()

    @property
    def longest(self) -> str | None:
        """How long a recording may be, as people read it; None where any length is taken."""
        if self.max_duration_ms is None:
            return None
        if self.max_duration_ms < HOUR_MS:
            return f"{self.max_duration_ms / MINUTE_MS:g} min"
        return f"{self.max_duration_ms / HOUR_MS:g} h"

    def option(self, name: str) -> ProviderOption | None:
        """Return the option of this name, or None when the provider has no such option."""
        return next((one for one in self.options if one.name == name), None)


class OptionValues:
    """What a run asks of one provider's options; those it doesn't have are passed over."""

    def __init__(self, capabilities: Capabilities, options: ProcessingOptions) -> None:
        """Read a run's options by what the provider declares."""
        given: Mapping[str, str] = dict(options.provider_options)
        self._values = {one.name: given.get(one.name, one.default) for one in capabilities.options}

    def text(self, name: str) -> str | None:
        """Return the value, or None when nothing is asked for."""
        return self._values[name] or None

    def flag(self, name: str) -> bool:
        """Return whether a toggle is on."""
        return self._values[name] == YES

    def number(self, name: str) -> float | None:
        """Return a number, or None when nothing is asked for."""
        value = self._values[name]
        return float(value) if value else None

    def parts(self, name: str) -> tuple[str, ...]:
        """Return the parts of a text that lists things between commas."""
        return tuple(part for one in self._values[name].split(",") if (part := one.strip()))


def redacting(capabilities: Capabilities, options: ProcessingOptions) -> ProcessingOptions:
    """Return the options with redaction on where the provider was asked for it.

    A fallback doesn't know that option, so what it delivers has to be redacted here.
    """
    asked = any(one.redacts for one in _chosen(capabilities, options))
    return replace(options, redact=options.redact or asked)


def leaves_copy(capabilities: Capabilities, options: ProcessingOptions) -> bool:
    """Return whether something was asked for that lies at the service for somebody to fetch."""
    return any(one.leaves_copy for one in _chosen(capabilities, options))


def _chosen(capabilities: Capabilities, options: ProcessingOptions) -> list[ProviderOption]:
    """Return the options that are asked for: toggles that are on, and values but the default."""
    declared = ((capabilities.option(name), value) for name, value in options.provider_options)
    return [one for one, value in declared if one and value not in ("", NO, one.default)]


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """Whether a provider can be used now; ``missing`` names the settings that are not set."""

    ready: bool
    missing: tuple[str, ...] = ()
    hint: str | None = None
