"""Lines that read well, with times that fit the voice."""

from services.engine.heard import HeardWord
from services.engine.utterances import Attributed, form_utterances


def party(speaker: str | None, *said: tuple[str, int, int], spans=(), channel=None) -> Attributed:
    return Attributed(
        speaker=speaker,
        channel=channel,
        words=tuple(
            HeardWord(text=f" {t}", start_ms=s, end_ms=e, confidence=0.5) for t, s, e in said
        ),
        spans=tuple(spans),
    )


def lines(*parties: Attributed) -> list[tuple[str | None, str]]:
    return [(u.speaker, u.text) for u in form_utterances(parties)]


def test_a_long_pause_or_a_sentence_end_with_a_pause_ends_an_utterance():
    found = lines(
        party(
            "s1",
            ("Hello.", 0, 400),
            ("My", 700, 800),
            ("name", 1_400, 1_600),
            ("is", 2_600, 2_700),
            ("Nora", 5_300, 5_700),
        )
    )
    assert found == [("s1", "Hello."), ("s1", "My name is"), ("s1", "Nora")]


def test_an_answer_in_a_pause_ends_an_utterance():
    first = party("s1", ("so", 0, 300), ("anyway", 900, 1_300))
    assert lines(first) == [("s1", "so anyway")]
    assert lines(first, party("s2", ("yes", 400, 700))) == [
        ("s1", "so"),
        ("s2", "yes"),
        ("s1", "anyway"),
    ]


def test_long_speech_is_cut_at_sentences():
    said = []
    for i in range(120):
        end = "." if i % 30 == 29 else ""
        said.append((f"word{i}{end}", i * 330, i * 330 + 330))
    found = form_utterances([party("s1", *said)])
    assert all(u.end_ms - u.start_ms <= 25_000 for u in found)
    assert all(u.text.endswith(".") for u in found)
    assert sum(len(u.words) for u in found) == 120


def test_ids_follow_the_order_of_start():
    found = form_utterances([party("s1", ("b", 500, 900)), party(None, ("a", 0, 300))])
    assert [(u.id, u.speaker, u.text) for u in found] == [("u1", None, "a"), ("u2", "s1", "b")]


def test_times_are_moved_to_where_the_voice_is():
    (found,) = form_utterances(
        [party("s1", ("well", 900, 1_300), ("yes", 1_300, 2_400), spans=[(1_050, 2_200)])]
    )
    assert (found.start_ms, found.end_ms) == (1_050, 2_200)
    assert [(w.start_ms, w.end_ms) for w in found.words] == [(1_050, 1_300), (1_300, 2_200)]
    assert found.confidence == 0.5


def test_languages_without_spaces_are_joined_as_written():
    words = tuple(
        HeardWord(text=t, start_ms=i * 200, end_ms=i * 200 + 200, confidence=0.9)
        for i, t in enumerate(["こん", "にち", "は"])
    )
    (found,) = form_utterances([Attributed(speaker="s1", channel=0, words=words, spans=())])
    assert found.text == "こんにちは"
    assert found.channel == 0
