"""What the Rules page does with rules."""

from collections.abc import Callable

import streamlit as st

from app import session
from components._compat import polling
from components.calls_filter import preset_categories
from components.category_view import draw_evidence
from components.heading import draw_panel_title
from components.rule_form import RuleAct, RuleWish, draw_rule_form, draw_rule_yaml
from components.rules_list import RulesAct, RulesWish, draw_sweep
from components.wording import call_title, plain, plural
from services.domain.errors import BadRule, InvalidRequest, NotReady, PartylineError, RulesChanged
from services.domain.rules import Phrase, Rule
from services.rule_book import KeptRule, Origin, Trial
from services.understanding.rules.simple import simple_of
from services.understanding.rules.yaml_form import rules_from_yaml, rules_to_yaml

REFRESH_S = 1.0
MOST_YAML_MB = 1
NEW_RULE = Rule(id="new_rule", name="", condition=Phrase(any_of=()))


# --- the list ---------------------------------------------------------------------------------


def carry_out(wish: RulesWish) -> None:
    """Do what was asked for in the list."""
    user, book = session.current_user(), session.services().rule_book
    match wish.act:
        case RulesAct.EDIT:
            _told(lambda: session.begin_rule(book.get(user, wish.rule_id)))
            st.rerun()
        case RulesAct.SWITCH:
            _told(lambda: book.switch(user, wish.rule_id, on=wish.on))
            st.rerun()
        case RulesAct.CALLS:
            preset_categories((wish.rule_id,))
            st.switch_page("../pages/calls.py")


def draw_exchange(*, may_change: bool) -> None:
    """Draw what can be done with rules as a whole: a new one, files, all calls."""
    user, book = session.current_user(), session.services().rule_book
    with st.container(horizontal=True):
        if st.button("New rule", icon=":material/add:", type="primary", disabled=not may_change):
            session.begin_rule(KeptRule(rule=NEW_RULE, origin=Origin.OWN, version=0))
            st.rerun()
        if st.button(
            "Apply to all calls", icon=":material/rule:", disabled=not may_change,
            help="Look for all rules in all stored calls once more.",
        ):  # fmt: skip
            _told(lambda: book.apply_to_all(user))
        st.download_button(
            "Export",
            data=lambda: book.to_yaml(user).encode(),
            file_name="partyline_rules.yaml",
            mime="application/yaml",
            icon=":material/download:",
            on_click="ignore",
        )
        with st.popover("Import", icon=":material/upload:", disabled=not may_change):
            _draw_import()


def _draw_import() -> None:
    user, book = session.current_user(), session.services().rule_book
    given = st.file_uploader(
        "Rules as YAML", type=["yaml", "yml"], key="rules_file", max_upload_size=MOST_YAML_MB
    )
    st.caption("A rule with the id of one that is here takes its place.")
    if given is None or not st.button("Take these rules in", type="primary"):
        return
    try:
        changed = book.take_in(user, given.getvalue().decode("utf-8-sig"))
    except UnicodeDecodeError:
        st.error("The file is not text in UTF-8.")
    except PartylineError as error:
        st.error(plain(error.user_message))
    else:
        session.notify(f"{plural(changed, 'rule')} taken in." if changed else "Nothing changed.")
        st.rerun()


def follow_sweep(*, may_change: bool) -> None:
    """Draw how far applying rules to all calls is, until it is over."""
    user, book = session.current_user(), session.services().rule_book
    running = book.progress(user)
    goes_on = running is not None and not running.is_over

    def draw() -> None:
        sweep = book.progress(user)
        if draw_sweep(sweep, may_change=may_change):
            book.cancel(user)
            st.rerun()
        if goes_on and sweep is not None and sweep.is_over:
            st.rerun()

    polling(draw, every_s=REFRESH_S if goes_on else None)


# --- one rule ---------------------------------------------------------------------------------


def draw_editor(begun: KeptRule, *, may_change: bool) -> None:
    """Draw one rule to look at, try out, change, and delete or restore."""
    rule = begun.rule
    key = f"rule_{rule.id}_{begun.version}"
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("All rules", icon=":material/arrow_back:"):
            session.end_rule()
            st.rerun()
        if begun.origin is not Origin.SHIPPED and begun.version and may_change:
            _draw_removal(begun)
    draw_panel_title(plain(rule.name) or "New rule")
    wish = None
    fits = not rule.name or simple_of(rule.condition) is not None
    if fits:
        wish = draw_rule_form(rule, key=key, may_change=may_change)
    else:
        st.info("This rule says more than the form can show. Change it as YAML.")
    text = rules_to_yaml([rule]) if rule.name else ""
    if text:
        with st.expander("As YAML", icon=":material/code:", expanded=not fits):
            wish = draw_rule_yaml(text, key=key, may_change=may_change) or wish
    if wish is not None:
        _told(lambda: _carry_out_form(begun, wish))


def _carry_out_form(begun: KeptRule, wish: RuleWish) -> None:
    user, book = session.current_user(), session.services().rule_book
    rule = _wished(begun, wish)
    if wish.act is RuleAct.TRY:
        _draw_trial(rule, book.on_newest(user, rule))
        return
    book.save(user, rule, based_on=begun.version)
    session.end_rule()
    session.notify(f"Saved “{plain(rule.name)}”. It is now looked for in all stored calls.")
    st.rerun()


def _wished(begun: KeptRule, wish: RuleWish) -> Rule:
    """Return the rule that stands in the form. Raises BadRule, InvalidRequest."""
    user, book = session.current_user(), session.services().rule_book
    rule = wish.rule
    if rule is None:
        rules = rules_from_yaml(wish.yaml or "")
        if len(rules) != 1 or rules[0].id != begun.rule.id:
            raise InvalidRequest(f"Here belongs one rule, with the id “{begun.rule.id}”.")
        rule = rules[0]
    if not begun.rule.name:
        return Rule(**{**vars(rule), "id": book.free_id(user, rule.name)})
    return rule


def _draw_trial(rule: Rule, trial: Trial) -> None:
    services, user = session.services(), session.current_user()
    with st.container(border=True):
        draw_panel_title("Tried out; nothing is saved yet")
        st.markdown(
            f"Would apply to **{trial.calls:,}** of the newest {plural(trial.looked_at, 'call')}."
        )
        open_call = session.open_call()
        if open_call is not None:
            _draw_on_open_call(rule, open_call)
        for call_id, category in trial.examples:
            title = plain(call_title(services.browsing.get(user, call_id)))
            with st.expander(f":material/graphic_eq: {title}"):
                draw_evidence(category.evidence, key=f"tried_{call_id}")


def _draw_on_open_call(rule: Rule, call_id: str) -> None:
    services, user = session.services(), session.current_user()
    try:
        reviewed = services.review.load(user, call_id)
    except (NotReady, PartylineError):
        return
    title = plain(call_title(reviewed.call))
    category = services.rule_book.on_call(rule, reviewed)
    if category is None:
        st.markdown(f"Would not apply to the call that is open, {title}.")
        return
    st.markdown(f"Would apply to the call that is open, {title}, because:")
    draw_evidence(category.evidence, key="tried_open")


def _draw_removal(begun: KeptRule) -> None:
    own = begun.origin is Origin.OWN
    label = "Delete…" if own else "Take changes back…"
    with st.popover(label, icon=":material/delete:" if own else ":material/undo:"):
        st.markdown(
            "Delete this rule? Calls lose the category too."
            if own
            else "Go back to the rule as it came with Partyline?"
        )
        if st.button("Delete" if own else "Take back", type="primary", key="rule_remove"):
            user, book = session.current_user(), session.services().rule_book

            def remove() -> None:
                book.remove(user, begun.rule.id, based_on=begun.version)
                session.end_rule()
                st.rerun()

            _told(remove)


def _told(act: Callable[[], object]) -> None:
    """Do something and say below why it can't be done, if it can't."""
    try:
        act()
    except RulesChanged as error:
        st.error(plain(error.user_message))
        st.button("Show it as it is now", on_click=session.end_rule)
    except BadRule as error:
        st.error(plain(error.detail or error.user_message))
    except PartylineError as error:
        st.error(plain(error.user_message))
