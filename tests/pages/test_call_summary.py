"""The panel of what happened in a call: who wrote it, where it was said, writing it again."""

from dataclasses import replace

import pytest

from components.call_view.summary import origin_words
from services.domain.captions import captions_by
from services.domain.errors import LanguageModelTimeout
from services.domain.speech import SpeakerRole, Statement, Summary, SummaryOrigin
from tests.pages.conftest import press, texts
from tests.pages.samples import sample_transcript

MODEL = SummaryOrigin(
    name="small-*1*", took_ms=2_140, tokens_in=1_000, tokens_out=203, cost=0.0021, left_out=1
)
SUMMARY = Summary(
    reason=Statement(text="My bill is *wrong* again.", utterances=("u1",)),
    promises=(
        Statement(
            text="I will call you.", utterances=("u4",), who=SpeakerRole.AGENT, due="by Friday"
        ),
    ),
    action_items=(Statement(text="I will look.", utterances=("u5",), who=SpeakerRole.CUSTOMER),),
    resolved=True,
    evidence=("u4", "u5"),
    origin=MODEL,
)


def open_with(staged, open_page, summary):
    call = staged.add_ready(replace(sample_transcript(), summary=summary))
    return call, open_page("call", open_call=call.id)


def test_statements_have_owners_and_time_limits(staged, open_page):
    """Behind each stands who has it to do and until when, in the call's words."""
    _, page = open_with(staged, open_page, SUMMARY)
    told = texts(page)
    assert "I will call you\\. :gray[Agent, by Friday]" in told
    assert "I will look\\. :gray[Customer]" in told
    assert "\\*wrong\\*" in told


def test_the_verdict_leads_to_the_words_that_say_so(staged, open_page):
    """Resolved is a word, and each piece of evidence a click away from its sound."""
    _, page = open_with(staged, open_page, SUMMARY)
    assert "**Resolved**" in texts(page)
    evidence = [b for b in page.button if b.key.startswith("said_verdict")]
    assert len(evidence) == 2
    evidence[1].click()
    page.run()
    starts = {u.id: u.start_ms for u in sample_transcript().utterances}
    assert page.session_state["seek"].ms == starts["u5"]


@pytest.mark.parametrize(
    ("resolved", "words"), [(False, "Not resolved"), (None, "Not clear whether resolved")]
)
def test_other_verdicts_are_words_too(staged, open_page, resolved, words):
    """Nobody has to read colours."""
    _, page = open_with(staged, open_page, replace(SUMMARY, resolved=resolved, evidence=()))
    assert f"**{words}**" in texts(page)


def test_a_quiet_line_says_who_wrote_it_and_what_that_took(staged, open_page):
    """Time, tokens and cost, and what was not believed."""
    _, page = open_with(staged, open_page, SUMMARY)
    assert (
        "Written by small\\-\\*1\\* in 2.1 s, 1,203 tokens, about \\$0.0021. "
        "1 statement was left out because the call does not bear it out." in texts(page)
    )


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        (None, "Written by the speech provider."),
        (SummaryOrigin(name="local structure"), "Taken from the call's own words."),
        (SummaryOrigin(name="m", took_ms=900), "Written by m in 0.9 s."),
        (SummaryOrigin(name="m", took_ms=900, cost=2.5), "Written by m in 0.9 s, about \\$2.50."),
        (
            SummaryOrigin(name="m", cost=0.00001, left_out=2),
            "Written by m in 0.0 s, under \\$0.0001. "
            "2 statements were left out because the call does not bear them out.",
        ),
    ],
)
def test_origins(origin, words):
    """Every writer is told in one sentence."""
    assert origin_words(origin) == words


@pytest.mark.parametrize("origin", [None, SummaryOrigin(name="local structure")])
def test_of_captions_no_provider_has_written(staged, open_page, origin):
    """What a live call's captions are summarised by is Partyline, whoever heard the words."""
    captions = replace(sample_transcript(), provider=captions_by("azure"))
    summary = replace(SUMMARY, origin=origin)
    call = staged.add_ready(replace(captions, summary=summary))
    told = texts(open_page("call", open_call=call.id))
    assert "Taken from the words of the live captions." in told
    assert "speech provider" not in told


def test_a_model_that_did_not_answer_is_told(staged, open_page):
    """The local summary stands in, and the page says why."""
    origin = SummaryOrigin(name="local structure", instead_of=LanguageModelTimeout().user_message)
    _, page = open_with(staged, open_page, replace(SUMMARY, origin=origin))
    told = texts(page)
    assert "did not answer in time" in told
    assert "taken from the call's own words instead" in told


def test_without_a_model_nothing_is_offered(staged, open_page):
    """A button that can't work isn't there."""
    _, page = open_with(staged, open_page, SUMMARY)
    assert "Write again" not in [b.label for b in page.button]


def test_an_empty_summary_leaves_no_empty_panel(staged, open_page):
    """Unless a model could fill it."""
    _, page = open_with(staged, open_page, Summary())
    assert "What happened" not in texts(page)
    staged.summaries.can_write = True
    _, page = open_with(staged, open_page, Summary())
    assert "Nothing to tell" in texts(page)


def test_writing_again(staged, open_page):
    """It is asked for once, and the page says that it is done."""
    staged.summaries.can_write = True
    call, page = open_with(staged, open_page, SUMMARY)
    press(page, "Write again")
    assert staged.summaries.asked == [call.id]
    assert "written again" in "".join(t.value for t in page.toast)


def test_writing_again_may_fail(staged, open_page):
    """One clear sentence, and the old summary stays."""
    staged.summaries.can_write = True
    staged.summaries.refusal = LanguageModelTimeout()
    _, page = open_with(staged, open_page, SUMMARY)
    press(page, "Write again")
    assert [t.value for t in page.toast] == ["The language model did not answer in time."]
    assert "I will call you" in texts(page)
