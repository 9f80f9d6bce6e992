"""What a provider can be asked for beyond what all share, drawn as the provider declares it."""

import streamlit as st

from components._compat import Keep
from components.wording import plain
from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest
from services.providers.capabilities import NO, YES, Capabilities, OptionKind, ProviderOption

OWN_CHOICE = "As the provider does it"
MOST_CHARS = 200
FINE_STEP, WHOLE_STEP = 0.05, 1.0
WIDE_RANGE = 10

OptionPairs = tuple[tuple[str, str], ...]


def draw_provider_options(
    capabilities: Capabilities,
    now: ProcessingOptions,
    *,
    key: str,
    keep: Keep,
    live: bool = False,
) -> OptionPairs:
    """Draw the options for recorded or ``live`` calls; return those that differ from the usual.

    What ``now`` says counts if it was meant for this provider.
    """
    offered = [
        option for option in capabilities.options if (option.live if live else option.recorded)
    ]
    if not offered:
        return ()
    given = dict(now.provider_options) if now.provider == capabilities.name else {}
    with st.expander(f"More from {plain(capabilities.title)}", icon=":material/settings_voice:"):
        values = [
            (
                option.name,
                _draw(
                    option,
                    _usable(option, given.get(option.name, option.default)),
                    f"{key}_{capabilities.name}_{option.name}",
                    keep,
                ),
            )
            for option in offered
        ]
    usual = {option.name: option.default for option in offered}
    return tuple((name, value) for name, value in values if value != usual[name])


def _usable(option: ProviderOption, value: str) -> str:
    """Return a value that may have been chosen when the provider offered others."""
    try:
        option.check(value)
    except InvalidRequest:
        return option.default
    return value


def _draw(option: ProviderOption, value: str, key: str, keep: Keep) -> str:
    match option.kind:
        case OptionKind.TOGGLE if option.default:
            on = st.toggle(
                option.title,
                value=value == YES,
                key=key,
                persist_state=keep,
                help=option.help,
            )
            return YES if on else NO
        case OptionKind.TOGGLE:
            # Off would not be the same as nothing asked for.
            return _draw_choice(option, {YES: "Yes", NO: "No"}, value, key, keep)
        case OptionKind.CHOICE:
            return _draw_choice(option, dict(option.choices), value, key, keep)
        case OptionKind.NUMBER:
            return _draw_number(option, value, key, keep)
        case OptionKind.TEXT:
            typed: str | None = st.text_input(
                option.title,
                value=value,
                placeholder=OWN_CHOICE if not option.default else None,
                key=key,
                max_chars=MOST_CHARS,
                persist_state=keep,
                help=option.help,
            )
            return " ".join((typed or "").split()) or option.default


def _draw_choice(
    option: ProviderOption, words: dict[str, str], value: str, key: str, keep: Keep
) -> str:
    if option.default not in words:
        words = {option.default: option.default or OWN_CHOICE, **words}
    offered = list(words)
    chosen = st.selectbox(
        option.title,
        offered,
        index=offered.index(value),
        format_func=lambda one: words[one],
        key=key,
        persist_state=keep,
        help=option.help,
    )
    return str(chosen)


def _draw_number(option: ProviderOption, value: str, key: str, keep: Keep) -> str:
    low, high = option.least, option.most
    wide = low is None or high is None or high - low >= WIDE_RANGE
    typed = st.number_input(
        option.title,
        value=float(value) if value else None,
        min_value=None if low is None else float(low),
        max_value=None if high is None else float(high),
        step=WHOLE_STEP if wide else FINE_STEP,
        format="%g",
        placeholder=OWN_CHOICE,
        key=key,
        persist_state=keep,
        help=option.help,
    )
    if typed is None or (value and float(value) == typed):
        # A number that was not touched stays written as it was.
        return value if typed is not None else option.default
    return f"{typed:g}"
