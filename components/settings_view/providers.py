"""Speech providers as they are set up: ready or not, what they can do, what they may cost."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from components.heading import draw_panel_title
from components.options_form import ProviderChoice
from components.wording import duration, hourly_cost, plain, plural
from services.domain.calls import ProcessingOptions
from services.providers.abilities import abilities, added_here, state_words
from services.providers.capabilities import Capabilities
from services.providers.checking import CheckOutcome

SHORTEST_TOLD_MS = 100


@dataclass(frozen=True, kw_only=True)
class ProviderCard:
    """A provider with the limits set for it; ``per_minute`` None: as many as it takes."""

    choice: ProviderChoice
    is_usual: bool = False
    at_once: int | None = None
    per_minute: int | None = None


def draw_provider(card: ProviderCard, *, may_check: bool) -> bool:
    """Draw a provider; return whether it is to be checked."""
    capabilities, readiness = card.choice.capabilities, card.choice.readiness
    with st.container(horizontal=True, vertical_alignment="center"):
        draw_panel_title(plain(capabilities.title))
        asked = (
            readiness.ready
            and may_check
            and st.button(
                f"Check :gray[{plain(capabilities.title)}]",
                icon=":material/network_check:",
                key=f"check_{capabilities.name}",
            )
        )
    usual = " Used unless somebody chooses otherwise." if card.is_usual else ""
    if readiness.ready:
        st.markdown(f":material/check_circle: **Set up.**{usual}")
    else:
        words = plain(state_words(readiness))
        st.markdown(f":material/key_off: **Not set up:** {words}.{usual}")
    st.markdown(_facts(card))
    return asked


def draw_outcome(outcome: CheckOutcome | None) -> None:
    """Draw what came of the last check, if there was one."""
    if outcome is None:
        return
    quick = outcome.took_ms < SHORTEST_TOLD_MS
    took = f"It took {'under 0.1 s' if quick else duration(outcome.took_ms)}."
    if outcome.works:
        st.success(f"It would take a call now. {took}", icon=":material/check_circle:")
    else:
        st.error(f"{plain(outcome.refusal or '')} {took}", icon=":material/error:")


def draw_order(usual: ProcessingOptions, by_name: Mapping[str, ProviderChoice]) -> None:
    """Say who is asked in which order, and whose place in it is empty."""
    names = (usual.provider, *usual.fallback)
    titles = [
        plain(by_name[name].capabilities.title if name in by_name else name) for name in names
    ]
    if len(titles) == 1:
        st.markdown(f"Recordings go to **{titles[0]}** unless somebody chooses otherwise.")
    else:
        others = ", then to ".join(f"**{title}**" for title in titles[1:])
        st.markdown(
            f"Recordings go to **{titles[0]}** unless somebody chooses otherwise; when it can't "
            f"be reached, to {others}."
        )
    for name in names:
        if name not in by_name:
            st.warning(f"There is no speech provider called {plain(name)}.")
        elif not by_name[name].readiness.ready:
            st.warning(f"{plain(by_name[name].capabilities.title)} is not set up.")


def _facts(card: ProviderCard) -> str:
    capabilities = card.choice.capabilities
    facts = [
        ("Does by itself", ", ".join(abilities(capabilities))),
        ("Added on this machine", ", ".join(added_here(capabilities))),
        ("Can be asked for", ", ".join(option.title for option in capabilities.options)),
        ("The sound", _sound(capabilities)),
        ("At most", _limits(card)),
        ("Price", _price(capabilities)),
    ]
    return "\n".join(f"- {title}: {plain(words)}" for title, words in facts if words)


def _sound(capabilities: Capabilities) -> str:
    if not capabilities.leaves_machine:
        return "stays on this machine"
    kept = (
        ", which keeps a copy until the call is deleted here" if capabilities.keeps_copies else ""
    )
    return f"is sent to the provider{kept}"


def _limits(card: ProviderCard) -> str:
    if card.at_once is None:
        return ""
    begun = f", {card.per_minute} begun a minute" if card.per_minute else ""
    return f"{plural(card.at_once, 'call')} at once{begun}"


def _price(capabilities: Capabilities) -> str:
    if capabilities.cost_per_hour is not None:
        return hourly_cost(capabilities.cost_per_hour)
    return "not set" if capabilities.leaves_machine else ""
