"""All rules of an organisation: on or off, to how many calls each applies, and what can be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import streamlit as st

from components.heading import draw_panel_title
from components.rule_words import ALERT_ICON, KIND_ICONS, KIND_TITLES
from components.wording import plain, plural
from services.domain.rules import RuleKind
from services.rule_book import KeptRule, Origin
from services.storage.sweeps import Sweep, SweepState

ORIGIN_WORDS = {Origin.CHANGED: "changed here", Origin.OWN: "your own"}
SWEEP_WORDS = {
    SweepState.DONE: "Rules were applied to {total:,} stored calls.",
    SweepState.CANCELLED: "Stopped. The stored calls show what was found before.",
    SweepState.FAILED: "Applying rules to the stored calls failed. Try it again.",
}  # fmt: skip


class RulesAct(StrEnum):
    """What can be done with a rule in the list."""

    EDIT = "edit"
    SWITCH = "switch"
    CALLS = "calls"


@dataclass(frozen=True, kw_only=True)
class RulesWish:
    """What the person wants done with which rule; ``on`` is what a switch now says."""

    act: RulesAct
    rule_id: str
    on: bool = True


def draw_rules(
    rules: Sequence[KeptRule],
    lately: Mapping[str, int],
    ever: Mapping[str, int],
    *,
    may_change: bool,
) -> RulesWish | None:
    """Draw the rules by kind; return what is asked for."""
    wish: RulesWish | None = None
    for kind in (RuleKind.PROBLEM, RuleKind.EVENT, RuleKind.TOPIC):
        of_kind = [kept for kept in rules if kept.rule.kind is kind]
        if not of_kind:
            continue
        with st.container(border=True, key=f"rules_{kind}"):
            draw_panel_title(f"{KIND_ICONS[kind]} {KIND_TITLES[kind]}")
            for kept in of_kind:
                counts = (lately.get(kept.rule.id, 0), ever.get(kept.rule.id, 0))
                wish = _draw_rule(kept, counts, may_change=may_change) or wish
    return wish


def _draw_rule(kept: KeptRule, counts: tuple[int, int], *, may_change: bool) -> RulesWish | None:
    rule = kept.rule
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        alert = f" {ALERT_ICON}" if rule.alert else ""
        label = f"{plain(rule.name)}{alert}"
        on = st.toggle(
            label,
            value=rule.enabled,
            key=f"rule_on_{rule.id}_{kept.version}",
            disabled=not may_change,
            help=plain(rule.description) or None,
            width=320,
        )
        notes = [ORIGIN_WORDS[kept.origin]] if kept.origin in ORIGIN_WORDS else []
        notes.append(f"{counts[0]:,} in the last 30 days")
        st.caption(" · ".join(notes), width="stretch")
        listed = st.button(
            f"{plural(counts[1], 'call')} {_unseen(f'with {rule.name}')}",
            key=f"rule_calls_{rule.id}",
            type="tertiary",
            disabled=not counts[1],
            help=f"List the calls with “{plain(rule.name)}”",
        )
        edited = st.button(
            f"Open {_unseen(rule.name)}",
            key=f"rule_edit_{rule.id}",
            icon=":material/edit:",
            type="tertiary",
            help=f"Look at or change “{plain(rule.name)}”",
        )
    if on != rule.enabled:
        return RulesWish(act=RulesAct.SWITCH, rule_id=rule.id, on=on)
    if listed:
        return RulesWish(act=RulesAct.CALLS, rule_id=rule.id)
    return RulesWish(act=RulesAct.EDIT, rule_id=rule.id) if edited else None


def _unseen(words: str) -> str:
    """Return words of a label that only those hear who don't see beside what a button stands.

    The style of the page takes what is coloured in these buttons out of sight.
    """
    return f":gray[{plain(words)}]"


def draw_sweep(sweep: Sweep | None, *, may_change: bool) -> bool:
    """Draw how far applying rules to all calls is; tell whether it is to be stopped."""
    if sweep is None:
        return False
    if sweep.is_over:
        st.caption(SWEEP_WORDS[sweep.state].format(total=sweep.total))
        return False
    done = sweep.done / sweep.total if sweep.total else 0.0
    with st.container(horizontal=True, vertical_alignment="center"):
        words = f"Looking for rules in the stored calls: {sweep.done:,} of {sweep.total:,}"
        if sweep.state is SweepState.WAITING:
            words = "Waiting for a worker to look for rules in the stored calls"
        st.progress(done, text=words)
        return st.button("Stop", key="rules_stop", icon=":material/stop:", disabled=not may_change)
