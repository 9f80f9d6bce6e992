"""What a call is about follows from lines, roles and places; pictures draw the lines' weights."""

from dataclasses import replace

from services.analysis.topics import about_by_roles, topics_of
from services.domain.speech import SpeakerRole
from services.domain.topics import TOPIC_NAMES, LineTopics, topic_name
from tests import builders


def call(*lines: tuple[str, dict[str, float]]):
    """A call of (speaker, topics) lines, s1 the agent and s2 the customer."""
    spoken = builders.transcript(
        *(
            builders.utterance(n, who, n * 3_000, "some words here")
            for n, (who, _) in enumerate(lines)
        )
    )
    likely = tuple(
        LineTopics(utterance=f"u{n}", probabilities=tuple(topics.items()))
        for n, (_, topics) in enumerate(lines)
    )
    return replace(spoken, line_topics=likely)


def ids(transcript) -> list[str]:
    """The topics' ids, surest first."""
    return [topic.id for topic in topics_of(transcript)]


def test_customer_counts_more_than_agent():
    """The same words from the agent are weaker evidence."""
    assert ids(call(("s1", {"refund": 0.8}), ("s2", {"fraud": 0.8})))[0] == "fraud"


def test_early_lines_count_more():
    """What comes up at the end is rarely why somebody calls."""
    # customer:  fraud . . . . . . . . refund
    filler = [("s2", {"payment": 0.05})] * 8
    found = ids(call(("s2", {"fraud": 0.7}), *filler, ("s2", {"refund": 0.7})))
    assert found[0] == "fraud"


def test_vague_evidence_makes_no_topic():
    """Many topics a little likely, or next to nothing said: none."""
    assert ids(call(("s2", {"fraud": 0.2, "refund": 0.2, "payment": 0.2}))) == []
    assert ids(call(("s2", {}))) == []
    assert ids(builders.transcript()) == []


def test_two_reasons_in_one_call():
    """A second topic is told when it is nearly as strong, weaker ones are not."""
    two = call(("s2", {"fraud": 0.9}), ("s2", {"refund": 0.9}), ("s2", {"payment": 0.3}))
    assert ids(two) == ["fraud", "refund"]


def test_questions_and_complaints_need_more():
    """Every call has some of those."""
    assert ids(call(("s2", {"general_question": 0.5, "refund": 0.35}))) == []
    assert ids(call(("s2", {"general_question": 0.9}))) == ["general_question"]


def test_lines_that_carried_it_come_strongest_first():
    """Weak lines are no reason."""
    spoken = call(("s2", {"fraud": 0.5}), ("s2", {"fraud": 0.95}), ("s2", {"fraud": 0.1}))
    (topic,) = topics_of(spoken)
    assert topic.utterances == ("u1", "u0")
    assert 0.5 < topic.confidence <= 1


def test_swapped_roles_tell_topics_anew():
    """What the agent seemed to say counts in full once the agent is the customer."""
    spoken = call(("s1", {"refund": 0.8}), ("s2", {"fraud": 0.75}))
    swap = {SpeakerRole.AGENT: SpeakerRole.CUSTOMER, SpeakerRole.CUSTOMER: SpeakerRole.AGENT}
    swapped = replace(
        spoken, speakers=tuple(replace(s, role=swap[s.role]) for s in spoken.speakers)
    )
    assert about_by_roles(spoken).topics[0].id == "fraud"
    assert about_by_roles(swapped).topics[0].id == "refund"


def test_names_of_topics():
    """Every id has a name; one of another version's taxonomy is still readable."""
    assert all(name and name != topic for topic, name in TOPIC_NAMES.items())
    assert topic_name("lost_property") == "Lost property"
