"""A glance at a live call: who speaks, the last line, the customer's mood, the warnings."""

from services.domain.speech import SentimentLabel
from services.live.telling.glance import Glancing


def speaker(number, label, role="unknown"):
    return {"type": "speaker", "at_ms": 0, "id": f"s{number}", "label": label, "role": role}


def line(number, by, text, kind="final"):
    start_ms = number * 1_000
    return {
        "type": kind, "at_ms": start_ms + 900, "id": f"u{number}", "speaker": f"s{by}",
        "start_ms": start_ms, "end_ms": start_ms + 900, "text": text,
    }  # fmt: skip


def mood(number, label, score):
    at_ms = number * 1_000 + 900
    return {
        "type": "sentiment",
        "at_ms": at_ms,
        "utterance": f"u{number}",
        "label": label,
        "score": score,
    }


def glance(*events):
    glancing = Glancing()
    return [glancing.take(event) for event in events][-1]


def test_speakers_stand_under_their_last_names():
    seen = glance(
        speaker(1, "Speaker 1"),
        speaker(2, "Speaker 2"),
        line(1, 2, "hello"),
        speaker(1, "Nora", "agent"),
        speaker(2, "Customer", "customer"),
    )
    assert seen.speakers == ("Nora", "Customer")
    assert (seen.last_speaker, seen.last_line) == ("Customer", "hello")


def test_the_last_line_is_the_one_that_begins_last():
    events = [speaker(1, "A"), line(1, 1, "one"), line(2, 1, "two"), line(1, 1, "One.", "revised")]
    assert glance(*events).last_line == "two"
    assert glance(*events, line(2, 1, "Two.", "revised")).last_line == "Two."


def test_the_mood_is_the_customers():
    events = [
        speaker(1, "A", "agent"), speaker(2, "B", "customer"),
        line(1, 2, "bad"), line(2, 1, "I see"), mood(1, "negative", -0.8),
    ]  # fmt: skip
    seen = glance(*events, mood(2, "positive", 0.5))
    assert (seen.sentiment, seen.score) == (SentimentLabel.NEGATIVE, -0.8)
    assert glance(*events, line(3, 2, "good"), mood(3, "positive", 0.9)).score == 0.9


def test_the_mood_of_an_agent_counts_while_nobody_else_has_any():
    assert glance(speaker(1, "A", "agent"), line(1, 1, "x"), mood(1, "neutral", 0.1)).score == 0.1


def test_a_warning_that_is_told_again_counts_once():
    warning = {"type": "warning", "at_ms": 5, "id": "silence-1-all", "kind": "silence"}
    seen = glance(warning, warning, {**warning, "id": "rule-x", "kind": "rule"})
    assert (seen.warnings, seen.last_warning) == (2, "rule")


def test_figures_and_partials_only_move_time():
    seen = glance({"type": "figures", "at_ms": 7_000}, line(1, 1, "half", "partial"))
    assert (seen.at_ms, seen.last_line, seen.speakers) == (7_000, None, ())


def test_a_warning_that_is_taken_back_counts_no_more():
    def warning(name, kind, **more):
        return {"type": "warning", "at_ms": 9_000, "id": name, "kind": kind, **more}

    monologue, silence = warning("m", "monologue"), warning("s", "silence")
    back = warning("s", "silence", taken_back=True)
    seen = glance(monologue, silence, back)
    assert (seen.warnings, seen.last_warning) == (1, "monologue")
    assert (glance(silence, back).warnings, glance(silence, back).last_warning) == (0, None)


def test_the_last_line_is_shown_as_it_is_worded_though_it_begins_earlier_by_then():
    earlier = {**line(2, 1, "And two.", "revised"), "start_ms": 1_950}
    assert glance(speaker(1, "A"), line(1, 1, "one"), line(2, 1, "two"), earlier).last_line == (
        "And two."
    )


def test_of_earlier_lines_no_words_are_kept():
    glancing = Glancing()
    for event in (speaker(1, "A"), line(1, 1, "swordfish"), mood(1, "neutral", 0.0)):
        glancing.take(event)
    glancing.take(line(2, 1, "and so on"))
    assert "swordfish" not in repr(vars(glancing))
