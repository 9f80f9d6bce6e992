"""Whatever people, files, calls and models bring in is shown as text: no Markdown, no HTML."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1.element_tree import Block, Element

from app import session
from services.domain.asking import Answer, AnswerPart, Citation, Exchange
from services.domain.people import LOCAL_USER
from services.domain.scorecards import AnswerValue
from services.domain.speech import Statement, Summary
from services.domain.topics import Entity, EntityKind
from services.understanding.answering import AnsweringModel
from services.understanding.language_model import LanguageModel, ModelAccess
from tests.pages.conftest import press
from tests.pages.staging import UntouchedLines, sample_transcript

HOSTILE = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) **loud** :material/bomb:"
# What of it would do something if it stood there unescaped.
RAW = ("](javascript", "**loud**", ":material/bomb:")
QUOTED = HOSTILE.replace("'", "''")
RULES = f"""
rules:
- id: hostile
  name: '{QUOTED}'
  description: '{QUOTED}'
  alert: true
  when: {{said: loud}}
"""
CARDS = f"""
scorecards:
- id: hostile_card
  name: '{QUOTED}'
  description: '{QUOTED}'
  questions:
  - id: q1
    text: '{QUOTED}'
    critical: true
    rule: hostile
  - id: q2
    text: '{QUOTED}'
    when: {{said: loud}}
"""
# Fields that are drawn as Markdown, and kinds of elements whose fields by these names are not.
MARKDOWN = frozenset({"body", "label", "help", "content", "options", "text", "caption", "title"})
LITERAL = frozenset({"selectbox", "multiselect", "text_input", "text_area", "plotly_chart", "code"})


def said(message: Any, kind: str) -> Iterator[str]:
    """Yield all texts of a message that are drawn as Markdown."""
    if not hasattr(message, "ListFields"):
        return
    for field, value in message.ListFields():
        values = value if field.is_repeated else [value]
        for one in values:
            if field.message_type is not None:
                yield from said(one, kind)
            elif isinstance(one, str) and field.name in _drawn(kind):
                yield one


def _drawn(kind: str) -> frozenset[str]:
    return MARKDOWN & {"label", "help"} if kind in LITERAL else MARKDOWN


def all_of(node: Block | Element) -> Iterator[tuple[str, str]]:
    proto = getattr(node, "proto", None)
    if proto is not None:
        for text in said(proto, node.type):
            yield node.type, text
    for child in getattr(node, "children", {}).values():
        yield from all_of(child)


def check(page, *, at_least: int = 1) -> None:
    """Assert that the hostile text is on the page, and nowhere as anything but text."""
    shown = list(all_of(page._tree))
    loose = [(kind, text) for kind, text in shown if any(raw in text for raw in RAW)]
    loose += [(k, t) for k, t in shown if "<img" in t.replace("\\<img", "")]
    assert loose == []
    assert sum("onerror" in text.replace("\\", "") for _, text in shown) >= at_least


@pytest.fixture
def call(staged):
    """A call that is hostile wherever it can be, with everything that is kept about it."""
    spoken = sample_transcript((("s1", f"Good morning {HOSTILE}", 0.1), ("s2", HOSTILE, -0.5)))
    line = spoken.utterances[1]
    statement = Statement(text=HOSTILE, utterances=("u1",), due=f"due {HOSTILE}")
    entity = Entity(
        kind=EntityKind.PRODUCT,
        utterance="u1",
        start_char=0,
        end_char=len(line.text),
        text=HOSTILE,
        value=f"{HOSTILE} 2",
        start_ms=line.start_ms,
        end_ms=line.end_ms,
    )
    spoken = replace(
        spoken,
        summary=Summary(reason=statement, outcome=statement, promises=(statement,)),
        entities=(entity,),
        stages={"recognition": HOSTILE},
        speakers=tuple(replace(s, label=HOSTILE) for s in spoken.speakers),
    )
    made = staged.add_ready(spoken, source_name=f"{HOSTILE}.wav", agent_name=HOSTILE, queue=HOSTILE)
    staged.rule_book.take_in(LOCAL_USER, RULES)
    staged.sweeps.run_next()
    staged.scorecards.read_yaml(LOCAL_USER, CARDS)
    staged.rescorer.rescore()
    staged.scorecards.override(
        LOCAL_USER, made.id, "hostile_card", "q2", AnswerValue.NO, f"Because {HOSTILE}"
    )
    return made


def test_the_staged_call_is_hostile(staged, call):
    assert [c.rule_id for c in staged.categories.of_call("local", call.id)] == ["hostile"]


def test_the_page_of_a_call(staged, call, open_page):
    page = open_page("call", **{session.review._OPEN_CALL: call.id})
    check(page, at_least=12)


@pytest.mark.parametrize("name", ["rules", "scorecards", "analytics"])
def test_pages_over_calls(staged, call, open_page, name):
    check(open_page(name))


def test_the_list_of_calls_and_what_it_is_filtered_by(staged, call, open_page):
    state = {"calls_agents": [HOSTILE], "calls_queues": [HOSTILE], "calls_categories": ["hostile"]}
    page = open_page("calls", **state)
    check(page)
    shown = next(c.value for c in page.caption if c.value.startswith("1 call"))
    assert shown.replace("\\", "").count("onerror") == 3


def test_a_rule_that_is_looked_at_and_tried_out(staged, call, open_page):
    page = open_page("rules", **{session.review._OPEN_CALL: call.id})
    page.button(key="rule_edit_hostile").click()
    page.run()
    check(page)
    press(page, "Try out")
    check(page, at_least=3)
    press(page, "Save")
    check(page)


def test_a_scorecard_that_is_changed(staged, call, open_page):
    page = open_page("scorecards")
    next(b for b in page.button if b.key == "edit_hostile_card").click()
    page.run()
    check(page, at_least=2)


def test_what_is_wrong_with_a_document_is_told_as_text(staged, call, open_page):
    page = open_page("scorecards")
    page.text_area(key="scorecards_yaml_text").set_value(
        '"[x](javascript:a) **loud** <img onerror>": 1'
    )
    press(page, "Take in")
    check(page)


def test_answers_of_a_language_model(staged, call, open_page):
    model = LanguageModel(ModelAccess(base_url="http://127.0.0.1:9", model=HOSTILE))
    staged.asked_model.append(AnsweringModel(model, UntouchedLines()))
    cited = Citation(
        call_id=call.id,
        transcript_id=call.active_transcript_id,
        utterance_id="u1",
        start_ms=0,
        text=HOSTILE,
        source_name=HOSTILE,
        agent_name=HOSTILE,
        held_at=call.held_at,
    )
    answer = Answer(
        parts=(AnswerPart(text=HOSTILE, citations=(cited,)),),
        model=HOSTILE,
        lines_read=1,
        calls_read=1,
        left_out=0,
        took_ms=1,
        tokens_in=None,
        tokens_out=None,
        cost=None,
    )
    told = [Exchange(question=HOSTILE, answer=answer)]
    state = {
        session.questions._CONVERSATIONS: {call.id: list(told), session.ALL_CALLS: list(told)},
        session.questions._FAILED: {call.id: (HOSTILE, "No."), session.ALL_CALLS: (HOSTILE, "No.")},
    }
    check(open_page("ask", **state), at_least=5)
    check(open_page("call", **{session.review._OPEN_CALL: call.id}, **state), at_least=17)
