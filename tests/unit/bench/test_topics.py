"""The bench of topics: what counts as right, wrong and missed, and what is left out."""

import json
from dataclasses import replace

from bench.topics import KnownCall, read_call, score, topics_in, without_punctuation, without_roles
from services.domain.speech import SpeakerRole
from services.domain.topics import LineTopics
from tests import builders


class Says:
    """A model that hears the same topics in every call's second line."""

    def __init__(self, **topics: float):
        self.topics = tuple(topics.items())

    def mark(self, transcript):
        return replace(
            transcript, line_topics=(LineTopics(utterance="u2", probabilities=self.topics),)
        )


def known(*topics: str, ambiguous: tuple[str, ...] = ()) -> KnownCall:
    return KnownCall(
        name="call",
        transcript=builders.transcript(),
        topics=frozenset(topics),
        ambiguous=frozenset(ambiguous),
    )


def test_right_wrong_and_missed_are_counted():
    """A topic that is ambiguous is neither right nor wrong."""
    calls = [known("fraud"), known("refund"), known("payment", ambiguous=("fraud",))]
    row = score("plain", calls, lambda t: t, Says(fraud=0.9))
    assert (row["first right"], row["abstained"]) == (1, 0)
    assert (row["topics right"], row["wrong"], row["missed"]) == (1, 1, 2)


def test_abstaining_is_no_mistake_but_a_miss():
    """Nothing claimed, nothing wrong."""
    row = score("plain", [known("fraud")], lambda t: t, Says())
    assert (row["abstained"], row["wrong"], row["missed"]) == (1, 0, 1)


def test_truth_is_read_with_roles_and_times(tmp_path):
    """Seconds become milliseconds; a file without topics is passed over."""
    truth = {
        "categories_expected": ["topic:fraud", "event:hold_used", "topic:not_ours"],
        "utterances": [
            {"speaker": "customer", "start_s": 1.25, "end_s": 2.0, "text": "It wasn't me."}
        ],
    }
    file = tmp_path / "call.json"
    file.write_text(json.dumps(truth))
    call = read_call(file)
    assert call.topics == {"fraud"}
    assert call.transcript.utterances[0].start_ms == 1_250
    assert call.transcript.role_of("customer") is SpeakerRole.CUSTOMER
    assert without_punctuation(call.transcript).utterances[0].text == "it wasn't me"
    assert without_roles(call.transcript).role_of("customer") is SpeakerRole.UNKNOWN
    file.write_text(json.dumps({"utterances": []}))
    assert read_call(file) is None
    assert topics_in(["event:fraud"]) == frozenset()
