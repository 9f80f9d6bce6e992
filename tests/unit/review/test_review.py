"""What a reviewer does to a call: it shows at once, is kept, and reaches every figure."""

import itertools
from dataclasses import replace

import pytest

from services.analysis.metrics import analyse
from services.domain.calls import CallDetails
from services.domain.errors import EditConflict, InvalidRequest, NotFound, VoiceNotFound
from services.domain.metrics import AnalysedTranscript
from services.domain.people import LOCAL_USER
from services.domain.reviewed import ShownSpeaker
from services.domain.rules import Phrase, Rule
from services.domain.speech import SpeakerRole
from services.exports import ExportFormat
from services.review.composing import carried_over
from services.review.service import ReviewService
from services.storage.calls import CallStore
from services.storage.database import open_engine
from services.storage.keys import MasterKey
from services.storage.runs import RunStore
from services.storage.schema import migrate
from services.storage.transcripts import TranscriptStore
from services.understanding.personal_data.entities import Entity, EntityFinder
from services.understanding.redaction import Redactor
from tests import builders
from tests.authorities import authority_over


class OnlyJane(EntityFinder):
    """Stands in for the language model."""

    def find(self, texts):
        places = [text.find("Jane") for text in texts]
        return [[Entity("PERSON", at, at + 4)] if at >= 0 else [] for at in places]


REDACTOR = Redactor(OnlyJane())
STRANGER = replace(LOCAL_USER, org_id="elsewhere")


@pytest.fixture
def stores(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'calls.db'}")
    migrate(engine)
    yield CallStore(engine), RunStore(engine), TranscriptStore(engine)
    engine.dispose()


@pytest.fixture
def service(stores):
    calls, _, transcripts = stores
    return ReviewService(calls, transcripts, REDACTOR, authority=authority_over(calls))


@pytest.fixture
def call_id(stores, tmp_path):
    return stored(stores, tmp_path, builders.transcript())


def stored(stores, tmp_path, transcript):
    calls, runs, transcripts = stores
    call = builders.call()
    wrapped = MasterKey.load(None, tmp_path / "key").new_data_key(call.id)
    calls.add(call, builders.first_run(call), wrapped)
    runs.begin(call.id, 1)
    analysed = AnalysedTranscript(transcript=transcript, analysis=analyse(transcript))
    transcripts.save(call.org_id, call.id, 1, analysed)
    runs.finish(call.id, 1, transcript.id)
    return call.id


def line(shown, utterance_id):
    return next(u for u in shown.transcript.utterances if u.id == utterance_id)


def test_a_given_name_replaces_the_label_and_an_empty_one_gives_it_back(service, call_id):
    assert service.load(LOCAL_USER, call_id).transcript.speaker("s1").label == "Nora Fields"
    renamed = service.rename(LOCAL_USER, call_id, "s2", "  Mr.   Ode ")
    assert renamed.transcript.speaker("s2").label == "Mr. Ode"
    assert service.load(LOCAL_USER, call_id) == renamed
    assert service.rename(LOCAL_USER, call_id, "s2", "").transcript.speaker("s2").label == (
        "Customer"
    )


def test_swapping_roles_reaches_labels_figures_and_exports(service, stores, call_id):
    before = service.load(LOCAL_USER, call_id)
    swapped = service.swap_roles(LOCAL_USER, call_id)
    assert [s.role for s in swapped.transcript.speakers] == [
        SpeakerRole.CUSTOMER,
        SpeakerRole.AGENT,
    ]
    assert [s.label for s in swapped.transcript.speakers] == ["Customer", "Nora Fields"]
    old, new = before.analysis.metrics, swapped.analysis.metrics
    assert (old.patience_ms, old.response_ms) == (new.response_ms, new.patience_ms)
    assert old.patience_ms != old.response_ms
    figures = stores[2].figures("local", call_id)
    assert figures.agent_talk_ms == swapped.analysis.metrics.by_speaker["s2"].talk_ms
    text = service.export(LOCAL_USER, call_id, ExportFormat.TXT).content.decode()
    assert text.index("Customer") < text.index("Nora Fields")
    again = service.swap_roles(LOCAL_USER, call_id).transcript.speakers
    assert [(s.id, s.role, s.label) for s in again] == [
        (s.id, s.role, s.label) for s in before.transcript.speakers
    ]


def test_swapping_gives_the_unknown_of_two_speakers_the_opposite_role(service, stores, tmp_path):
    known, unknown = builders.transcript().speakers
    speakers = (known, replace(unknown, role=SpeakerRole.UNKNOWN))
    call_id = stored(stores, tmp_path, replace(builders.transcript(), speakers=speakers))
    swapped = service.swap_roles(LOCAL_USER, call_id).transcript
    assert [swapped.role_of("s1"), swapped.role_of("s2")] == ["customer", "agent"]


def test_swapping_without_any_known_role_is_refused(service, stores, tmp_path):
    speakers = tuple(replace(s, role=SpeakerRole.UNKNOWN) for s in builders.transcript().speakers)
    call_id = stored(stores, tmp_path, replace(builders.transcript(), speakers=speakers))
    with pytest.raises(InvalidRequest, match="Set the role"):
        service.swap_roles(LOCAL_USER, call_id)


def test_merging_joins_talk_and_can_be_undone(service, call_id):
    before = service.load(LOCAL_USER, call_id)
    merged = service.merge(LOCAL_USER, call_id, "s2", "s1")
    assert [s.id for s in merged.transcript.speakers] == ["s1"]
    assert {u.speaker for u in merged.transcript.utterances} == {"s1"}
    assert merged.analysis.metrics.by_speaker["s1"].talk_ms == before.analysis.metrics.speech_ms
    undone = service.unmerge(LOCAL_USER, call_id, "s1")
    assert undone.transcript == before.transcript
    with pytest.raises(InvalidRequest):
        service.merge(LOCAL_USER, call_id, "s1", "s1")


def test_a_corrected_line_keeps_word_times_and_can_be_taken_back(service, call_id):
    corrected = service.correct(LOCAL_USER, call_id, "u2", "my gas bill is wrong")
    words = line(corrected, "u2").words
    assert [w.text for w in words] == ["my", "gas", "bill", "is", "wrong"]
    assert all(a.end_ms <= b.start_ms for a, b in itertools.pairwise(words))
    assert line(service.correct(LOCAL_USER, call_id, "u2", ""), "u2").text.endswith("about it")


def test_typing_does_not_bring_personal_data_back(service, stores, tmp_path):
    call_id = stored(stores, tmp_path, builders.transcript(redacted=True))
    corrected = service.correct(LOCAL_USER, call_id, "u1", "this is Jane")
    assert line(corrected, "u1").text == "this is [PERSON]"
    commented = service.comment(LOCAL_USER, call_id, "u1", "Jane should call back")
    assert commented.edits.comments[0].text == "[PERSON] should call back"


ASKED = (
    ("s1", "And who am I speaking to?"),
    ("s2", "Okonkwo."),
    ("s1", "Thank you. And your date of birth?"),
    ("s2", "The third of May."),
    ("s1", "And the security code on the back?"),
    ("s2", "One two nine."),
    ("s1", "That is all I need."),
)


def questions(*, redacted, language="en"):
    """A call in which a name, a birthday and a code are asked for; badly heard when unredacted."""
    lines = [
        builders.utterance(n, speaker, n * 4_000, text if speaker == "s1" else "mumble")
        for n, (speaker, text) in enumerate(ASKED)
    ]
    made = replace(builders.transcript(*lines), language=language)
    return REDACTOR.redact(made) if redacted else made


ANSWERS = [
    ("u1", "Okonkwo.", "[PERSON]."),
    ("u1", "okonkwo", "[PERSON]"),
    ("u3", "third of May", "[DOB]"),
    ("u5", "one two nine", "[CVV]"),
    ("u5", "Sorry, it is one two nine", "Sorry, it is [CVV]"),
]


@pytest.mark.parametrize(("utterance_id", "typed", "kept"), ANSWERS)
def test_a_typed_answer_is_read_after_its_question(
    service, stores, tmp_path, utterance_id, typed, kept
):
    call_id = stored(stores, tmp_path, questions(redacted=True))
    service.correct(LOCAL_USER, call_id, utterance_id, typed)
    service.comment(LOCAL_USER, call_id, utterance_id, typed)
    edits = stores[2].edits("local", call_id)
    assert [c.text for c in edits.corrections] == [kept]
    assert [c.text for c in edits.comments] == [kept]


@pytest.mark.parametrize(("utterance_id", "typed", "kept"), ANSWERS)
def test_edits_of_an_unredacted_transcript_are_redacted_on_their_way_to_a_redacted_one(
    service, stores, tmp_path, utterance_id, typed, kept
):
    old = questions(redacted=False)
    call_id = stored(stores, tmp_path, old)
    service.correct(LOCAL_USER, call_id, utterance_id, typed)
    edited = service.comment(LOCAL_USER, call_id, utterance_id, typed)
    assert [c.text for c in edited.edits.comments] == [typed]
    new = replace(questions(redacted=True), id="new")
    carried = carried_over(edited.call, edited.edits, old, new, REDACTOR).edits
    assert [c.text for c in (*carried.corrections, *carried.comments)] == [kept, kept]
    parked = replace(new, utterances=tuple(replace(u, id="x" + u.id) for u in new.utterances))
    parked = replace(parked, utterances=parked.utterances[:1] + parked.utterances[-1:])
    carried = carried_over(edited.call, edited.edits, old, parked, REDACTOR).edits
    assert [c.text for c in (*carried.corrections, *carried.comments)] == [kept, kept]
    assert all("/" in c.utterance_id for c in carried.corrections)
    carried = carried_over(edited.call, edited.edits, None, new, REDACTOR).edits
    assert [c.text for c in (*carried.corrections, *carried.comments)] == [kept, kept]


def test_a_corrected_question_is_heard_as_corrected(service, stores, tmp_path):
    mumbled = builders.transcript(redacted=True)
    call_id = stored(stores, tmp_path, mumbled)
    service.correct(LOCAL_USER, call_id, "u3", "What is the security code?")
    answered = service.correct(LOCAL_USER, call_id, "u4", "one two nine")
    assert line(answered, "u4").text == "[CVV]"


def test_an_answer_typed_before_its_question_does_not_stay(service, stores, tmp_path):
    call_id = stored(stores, tmp_path, builders.transcript(redacted=True))
    early = service.correct(LOCAL_USER, call_id, "u4", "one two nine")
    service.comment(LOCAL_USER, call_id, "u4", "one two nine?")
    assert line(early, "u4").text == "one two nine"
    answered = service.correct(LOCAL_USER, call_id, "u3", "What is the security code?")
    assert line(answered, "u4").text == "[CVV]"
    assert [c.text for c in answered.edits.comments] == ["[CVV]?"]


def test_typing_the_recognised_text_takes_a_correction_back(service, stores, tmp_path):
    call_id = stored(stores, tmp_path, questions(redacted=True))
    service.correct(LOCAL_USER, call_id, "u5", "one two nine")
    assert service.correct(LOCAL_USER, call_id, "u5", "mumble").edits.corrections == ()


def test_typed_text_is_read_in_the_language_of_the_call(service, stores, tmp_path):
    call_id = stored(stores, tmp_path, questions(redacted=True, language="es-MX"))
    told = service.correct(LOCAL_USER, call_id, "u6", "Seis uno dos, cinco cinco cero uno")
    assert line(told, "u6").text == "[PHONE]"
    named = service.comment(LOCAL_USER, call_id, "u6", "Dice:\nme llamo Juan Pérez")
    assert named.edits.comments[-1].text == "Dice:\nme llamo [PERSON]"


def test_comments_come_and_go(service, call_id):
    commented = service.comment(LOCAL_USER, call_id, "u3", " well handled ")
    (comment,) = commented.edits.comments
    assert (comment.text, comment.author, comment.utterance_id) == ("well handled", "You", "u3")
    assert service.delete_comment(LOCAL_USER, call_id, comment.id).edits.comments == ()
    with pytest.raises(InvalidRequest):
        service.comment(LOCAL_USER, call_id, "u3", "   ")


def test_reviewed_mark_carries_who_and_goes_again(service, call_id):
    assert service.mark_reviewed(LOCAL_USER, call_id, True).call.reviewed_by == "You"
    assert service.mark_reviewed(LOCAL_USER, call_id, False).call.reviewed_at is None


def test_a_changed_agent_name_is_the_agents_label_and_in_the_figures(service, stores, call_id):
    changed = service.set_details(LOCAL_USER, call_id, CallDetails(agent_name="Ben Ash"))
    assert changed.transcript.speaker("s1").label == "Ben Ash"
    assert stores[2].figures("local", call_id).agent_name == "Ben Ash"


def test_two_people_editing_at_once_lose_nothing(service, stores, call_id, monkeypatch):
    transcripts = stores[2]
    real_save, interfered = transcripts.save_edits, []

    def save_after_somebody_else(org_id, call, edits, **kept):
        if not interfered:
            interfered.append(True)
            service.rename(LOCAL_USER, call_id, "s1", "First")
        return real_save(org_id, call, edits, **kept)

    monkeypatch.setattr(transcripts, "save_edits", save_after_somebody_else)
    service.rename(LOCAL_USER, call_id, "s2", "Second")
    labels = [s.label for s in service.load(LOCAL_USER, call_id).transcript.speakers]
    assert labels == ["First", "Second"]


def test_endless_interference_ends_in_a_clear_error(service, stores, call_id, monkeypatch):
    def always_late(*_, **__):
        raise EditConflict

    monkeypatch.setattr(stores[2], "save_edits", always_late)
    with pytest.raises(EditConflict):
        service.rename(LOCAL_USER, call_id, "s2", "Second")


@pytest.mark.parametrize(
    ("change", "arguments"),
    [
        ("rename", ("s9", "X")),
        ("set_role", ("s9", SpeakerRole.AGENT)),
        ("merge", ("s1", "s9")),
        ("correct", ("u99", "x")),
        ("comment", ("u99", "x")),
    ],
)
def test_what_is_not_in_the_call_cannot_be_changed(service, call_id, change, arguments):
    with pytest.raises(InvalidRequest):
        getattr(service, change)(LOCAL_USER, call_id, *arguments)
    assert service.load(LOCAL_USER, call_id).edits.version == 0


def test_a_loaded_call_is_not_read_again_until_something_changes(
    service, stores, call_id, monkeypatch
):
    reads = []
    real = stores[2].active
    monkeypatch.setattr(stores[2], "active", lambda *a: reads.append(a) or real(*a))
    first = service.load(LOCAL_USER, call_id)
    assert service.load(LOCAL_USER, call_id) == first
    assert len(reads) == 1
    service.rename(LOCAL_USER, call_id, "s2", "Mr. Ode")
    assert service.load(LOCAL_USER, call_id).transcript.speaker("s2").label == "Mr. Ode"
    with pytest.raises(NotFound):
        service.load(STRANGER, call_id)


def test_a_call_is_kept_once_and_let_go_when_it_is_deleted(service, stores, call_id):
    for name in ("A", "B", "C"):
        service.rename(LOCAL_USER, call_id, "s2", name)
        service.load(LOCAL_USER, call_id)
    assert len(service._recent._kept) == 1
    stores[0].delete("local", call_id)
    with pytest.raises(NotFound):
        service.load(LOCAL_USER, call_id)
    assert not service._recent._kept


def test_a_stranger_does_not_find_the_call(service, call_id):
    with pytest.raises(NotFound):
        service.load(STRANGER, call_id)
    with pytest.raises(NotFound):
        service.rename(STRANGER, call_id, "s1", "X")


def test_edits_are_carried_to_another_transcript_whose_speakers_have_other_ids(service, call_id):
    service.rename(LOCAL_USER, call_id, "s2", "Mr. Ode")
    edited = service.comment(LOCAL_USER, call_id, "u2", "the reason")
    old = builders.transcript(transcript_id=edited.transcript.id)
    names = {"s1": "b", "s2": "a"}
    new = replace(
        old,
        id="new",
        speakers=tuple(replace(s, id=names[s.id]) for s in reversed(old.speakers)),
        utterances=tuple(
            replace(u, id=f"n{u.id}", speaker=names[u.speaker]) for u in old.utterances
        ),
        spans=tuple(replace(s, speaker=names[s.speaker]) for s in old.spans),
    )
    shown = carried_over(edited.call, edited.edits, old, new, REDACTOR)
    assert shown.transcript.speaker("a").label == "Mr. Ode"
    assert shown.edits.comments[0].utterance_id == "nu2"
    assert shown.edits.transcript_id == "new"


# --- known voices ------------------------------------------------------------------------------


class Names(dict):
    """Known voices of the local organisation: id -> name."""

    def names(self, org_id):
        return dict(self) if org_id == LOCAL_USER.org_id else {}


@pytest.fixture
def names():
    return Names(v1="Nora Price")


@pytest.fixture
def naming(stores, names):
    calls, _, transcripts = stores
    return ReviewService(calls, transcripts, REDACTOR, names, authority=authority_over(calls))


@pytest.fixture
def recognised_call(stores, tmp_path):
    agent, customer = builders.transcript().speakers
    speakers = (replace(agent, voice_id="v1", voice_confidence=0.87), customer)
    return stored(stores, tmp_path, replace(builders.transcript(), speakers=speakers))


def first(shown):
    speaker = shown.transcript.speaker("s1")
    return speaker.label, speaker.voice_confidence


def shown_first(naming, call_id) -> ShownSpeaker:
    version = naming.load(LOCAL_USER, call_id).version
    return ShownSpeaker(call_id=call_id, version=version, id="s1")


def test_a_recognised_voice_shows_the_name_it_has_now(naming, names, recognised_call):
    assert first(naming.load(LOCAL_USER, recognised_call)) == ("Nora Price", 0.87)
    names["v1"] = "Nora Miller"
    assert first(naming.load(LOCAL_USER, recognised_call)) == ("Nora Miller", 0.87)
    for fmt in ExportFormat:
        assert b"Nora Miller" in naming.export(LOCAL_USER, recognised_call, fmt).content


def test_a_deleted_voice_takes_its_name_off_at_once(naming, names, recognised_call):
    naming.load(LOCAL_USER, recognised_call)
    names.clear()
    assert first(naming.load(LOCAL_USER, recognised_call)) == ("Nora Fields", None)
    assert b"Price" not in naming.export(LOCAL_USER, recognised_call, ExportFormat.JSON).content


def test_a_persons_own_name_wins_and_has_no_confidence(naming, recognised_call):
    renamed = naming.rename(LOCAL_USER, recognised_call, "s1", "Dana")
    assert first(renamed) == ("Dana", None)
    assert first(naming.load(LOCAL_USER, recognised_call)) == ("Dana", None)
    back = naming.rename(LOCAL_USER, recognised_call, "s1", "")
    assert first(back) == ("Nora Price", 0.87)


def test_a_person_can_say_whose_voice_it_is(naming, names, recognised_call):
    names["v2"] = "Marcus Bell"
    naming.rename(LOCAL_USER, recognised_call, "s1", "Dana")
    said = naming.set_voice(LOCAL_USER, shown_first(naming, recognised_call), "v2")
    assert first(said) == ("Marcus Bell", None)
    del names["v2"]
    assert first(naming.load(LOCAL_USER, recognised_call)) == ("Nora Fields", None)
    with pytest.raises(VoiceNotFound):
        naming.set_voice(LOCAL_USER, shown_first(naming, recognised_call), "v2")


def test_whose_voice_it_is_counts_for_the_speaker_that_was_shown(naming, names, recognised_call):
    names["v2"] = "Marcus Bell"
    before = shown_first(naming, recognised_call)
    naming.merge(LOCAL_USER, recognised_call, "s2", "s1")
    with pytest.raises(EditConflict):
        naming.set_voice(LOCAL_USER, before, "v2")
    assert first(naming.load(LOCAL_USER, recognised_call)) == ("Nora Price", 0.87)


def test_without_known_voices_nothing_is_recognised(service, recognised_call):
    assert first(service.load(LOCAL_USER, recognised_call)) == ("Nora Fields", None)


class Book:
    """Rules that a test can change."""

    def __init__(self, *rules):
        self.kept = rules

    def rules(self, org_id):
        return self.kept


def leaving(phrase):
    condition = Phrase(any_of=(phrase,), said_by=SpeakerRole.CUSTOMER)
    return Rule(id="leaving", name="Leaving", condition=condition)


def test_categories_are_those_of_what_is_shown(stores, call_id):
    calls, _, transcripts = stores
    book = Book(leaving("want to cancel"))
    service = ReviewService(
        calls, transcripts, REDACTOR, rule_book=book, authority=authority_over(calls)
    )
    assert service.load(LOCAL_USER, call_id).categories == ()
    corrected = service.correct(LOCAL_USER, call_id, "u2", "I want to cancel")
    assert [c.rule_id for c in corrected.categories] == ["leaving"]
    assert corrected.categories[0].evidence[0].utterance == "u2"
    assert service.load(LOCAL_USER, call_id).categories == corrected.categories
    assert service.swap_roles(LOCAL_USER, call_id).categories == ()
    book.kept = (leaving("so much"),)
    assert service.load(LOCAL_USER, call_id).categories == ()
    service.swap_roles(LOCAL_USER, call_id)
    (now,) = service.load(LOCAL_USER, call_id).categories
    assert now.evidence[0].utterance == "u4"
