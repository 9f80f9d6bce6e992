"""What the transcript component fetches, and what it sends back."""

import json
from dataclasses import replace

import pytest

from components.call_review import SCRIPTS
from components.call_review import intents as wish
from components.call_review.payload import Flag, review_payload, shown_version, word_places
from services.domain.edits import TextCorrection
from services.domain.metrics import Gap, Interruption
from services.domain.people import LOCAL_USER
from services.domain.reviewed import ReviewedCall
from services.domain.speech import Hold, HoldKind, Speaker, SpeakerRole, Utterance, Word
from services.understanding import sentiment
from tests.pages.samples import sample_transcript
from tests.pages.staging import Staged


@pytest.fixture
def reviewed(staged: Staged) -> ReviewedCall:
    """A call under review."""
    return staged.review.load(LOCAL_USER, staged.add_ready(agent_name="Dana").id)


def test_payload_is_compact_json(reviewed):
    """Rows are arrays; words point into the text of their line."""
    payload = json.loads(json.dumps(review_payload(reviewed)))
    line = payload["utterances"][1]
    assert line[:5] == ["u1", 1, line[2], line[3], "My bill is wrong again. This is the third "
                        "time I have to call."]  # fmt: skip
    assert line[5:8] == [3, -0.8, 0]
    words = [line[8][n : n + 5] for n in range(0, len(line[8]), 5)]
    assert [line[4][w[2] : w[2] + w[3]] for w in words] == line[4].split()
    assert words[1][:2] == [300, 300]
    assert words[1][4] == 90


def test_lines_say_which_words_spoke_for_their_sentiment(reviewed):
    """Only where our own model gave it, and to the text that is shown."""
    ours = replace(
        reviewed, transcript=replace(reviewed.transcript, stages={"sentiment": sentiment.STAGE})
    )
    (why,) = [row[10] for row in review_payload(ours)["utterances"] if row[0] == "u1"]
    assert "third time" in " | ".join(why)
    theirs = replace(
        reviewed, transcript=replace(reviewed.transcript, stages={"sentiment": "azure"})
    )
    assert {row[10] for row in review_payload(theirs)["utterances"]} == {None}


def test_a_corrected_line_is_not_explained_by_its_new_words(reviewed):
    """What was scored is the text before."""
    correction = TextCorrection(
        utterance_id="u1", start_ms=0, end_ms=1_000, text="This is a disgrace."
    )
    changed = replace(
        reviewed,
        transcript=replace(reviewed.transcript, stages={"sentiment": sentiment.STAGE}),
        edits=replace(reviewed.edits, corrections=(correction,)),
    )
    (why,) = [row[10] for row in review_payload(changed)["utterances"] if row[0] == "u1"]
    assert why is None


def test_speakers_keep_their_roles_colours(reviewed):
    """The first of a role keeps its colour, whatever the order; others get further ones."""
    people = (
        Speaker(id="a", label="A"),
        Speaker(id="b", label="B", role=SpeakerRole.CUSTOMER),
        Speaker(id="c", label="C", role=SpeakerRole.CUSTOMER),
        Speaker(id="d", label="D", role=SpeakerRole.AGENT),
    )
    changed = replace(reviewed, transcript=replace(reviewed.transcript, speakers=people))
    assert review_payload(changed)["colours"] == ["violet", "customer", "green", "agent"]


def test_words_that_the_text_lacks_are_left_out():
    """A provider may write the text differently from its words.

    words  four  hundred  dollars
    text   $400, dollars!
    """
    line = Utterance(
        id="u",
        speaker=None,
        start_ms=1000,
        end_ms=2000,
        text="$400, Dollars!",
        words=tuple(
            Word(text=t, start_ms=1000 + 100 * n, end_ms=1100 + 100 * n)
            for n, t in enumerate(("four", "hundred", "dollars"))
        ),
    )
    assert word_places(line) == [200, 100, 6, 7, -1]


def test_lines_are_marked(reviewed):
    """Overlaps, interruptions, backchannels and corrections are told apart.

    agent     |----u0----|     |--u2--|
    customer             |-u1-|
    overlap          xx
    """
    lines = reviewed.transcript.utterances
    at = lines[1].start_ms
    analysis = replace(
        reviewed.analysis,
        overlaps=(Gap(start_ms=at - 50, end_ms=at + 400), Gap(start_ms=at + 900, end_ms=at + 950)),
        interruptions=(Interruption(by="s2", start_ms=at + 100, end_ms=at + 400),),
    )
    marks = [u[7] for u in review_payload(replace(reviewed, analysis=analysis))["utterances"]]
    assert marks[0] == 0
    assert marks[1] == Flag.OVERLAP | Flag.INTERRUPTS
    assert marks[3] == Flag.BACKCHANNEL


def test_edits_travel_along(staged, reviewed):
    """Comments, corrections and merges reach the browser; text stays as typed."""
    call = reviewed.call.id
    staged.review.comment(LOCAL_USER, call, "u1", "<b>note</b>")
    staged.review.correct(LOCAL_USER, call, "u0", "Hello.")
    edited = staged.review.merge(LOCAL_USER, call, "s2", "s1")
    payload = review_payload(edited)
    assert payload["comments"][0][1:3] == ["u1", "You"]
    assert payload["comments"][0][4] == "<b>note</b>"
    assert payload["utterances"][0][4] == "Hello."
    assert payload["utterances"][0][7] & Flag.CORRECTED
    assert payload["merges"] == [["s2", "s1"]]
    assert {u[1] for u in payload["utterances"]} == {0}


def test_version_follows_everything_shown(staged, reviewed):
    """An edit changes it, and so does a label that comes from the call's details."""
    renamed = staged.review.rename(LOCAL_USER, reviewed.call.id, "s2", "Marcus")
    assert shown_version(renamed) != shown_version(reviewed)
    details = replace(reviewed.call.details, agent_name="Nora")
    changed = staged.review.set_details(LOCAL_USER, reviewed.call.id, details)
    assert shown_version(changed) != shown_version(renamed)


def test_gaps_in_order(reviewed):
    """Holds and dead air stand between the lines in the order of time."""
    transcript = replace(
        reviewed.transcript, holds=(Hold(start_ms=900, end_ms=950, kind=HoldKind.MUSIC),)
    )
    analysis = replace(reviewed.analysis, dead_air=(Gap(start_ms=100, end_ms=6000),))
    payload = review_payload(replace(reviewed, transcript=transcript, analysis=analysis))
    assert payload["gaps"] == [[100, 6000, "dead_air"], [900, 950, "music"]]


def test_line_of_nobody(reviewed):
    """A line that can't be given to anybody has speaker index -1."""
    lines = (replace(reviewed.transcript.utterances[0], speaker=None),)
    payload = review_payload(
        replace(reviewed, transcript=replace(reviewed.transcript, utterances=lines))
    )
    assert payload["utterances"][0][1] == -1


def test_empty_transcript(staged):
    """No words, no rows."""
    call = staged.add_ready(sample_transcript(()))
    payload = review_payload(staged.review.load(LOCAL_USER, call.id))
    assert (payload["utterances"], payload["gaps"]) == ([], [])


@pytest.mark.parametrize(
    ("raw", "intent"),
    [
        ({"kind": "rename", "speaker": "s1", "name": "X"}, wish.Rename(speaker="s1", name="X")),
        (
            {"kind": "set_role", "speaker": "s1", "role": "agent"},
            wish.SetRole(speaker="s1", role=SpeakerRole.AGENT),
        ),
        ({"kind": "swap_roles", "sent": 1}, wish.SwapRoles()),
        ({"kind": "merge", "speaker": "a", "into": "b"}, wish.Merge(speaker="a", into="b")),
        ({"kind": "unmerge", "speaker": "a"}, wish.Unmerge(speaker="a")),
        (
            {"kind": "correct", "utterance": "u", "text": ""},
            wish.Correct(utterance="u", text=""),
        ),
        (
            {"kind": "comment", "utterance": "u", "text": "t"},
            wish.AddComment(utterance="u", text="t"),
        ),
        ({"kind": "delete_comment", "comment": "c"}, wish.DeleteComment(comment="c")),
        ({"kind": "fresh_links"}, wish.FreshLinks()),
        ({"kind": "rename", "speaker": "s1"}, None),
        ({"kind": "rename", "speaker": "s1", "name": 3}, None),
        ({"kind": "set_role", "speaker": "s1", "role": "boss"}, None),
        ({"kind": "format_disk"}, None),
        ("rename", None),
        (None, None),
    ],
)
def test_what_the_browser_sends_is_checked(raw, intent):
    """Known wishes are read strictly; anything else counts as nothing."""
    assert wish.read_intent(raw) == intent


def test_text_never_becomes_markup():
    """No script of the browser pieces uses a way that would read text as HTML."""
    from components import call_review, file_drop

    for piece, names in ((call_review, SCRIPTS), (file_drop, file_drop.SCRIPTS)):
        folder = piece.Path(piece.__file__).parent
        for name in names:
            script = (folder / name).read_text(encoding="utf-8")
            for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
                assert way not in script, (name, way)
