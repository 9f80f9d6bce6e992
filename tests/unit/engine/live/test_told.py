"""Lines that are told, and told better."""

from dataclasses import dataclass, replace

from services.domain.live import Final, LineStage, LiveEvent, Revised, SpeakerTold
from services.domain.speech import Utterance, Word
from services.engine.live.refining import RefinedLine
from services.engine.live.told import ToldLines
from services.live.captions import Captions


@dataclass(frozen=True)
class Piece:
    start_ms: int
    end_ms: int
    speaker: int


def line(text: str, start_ms: int = 0, identity: str = "one") -> Utterance:
    """A line whose words take 100 ms each."""
    words = tuple(
        Word(text=word, start_ms=start_ms + at * 100, end_ms=start_ms + at * 100 + 100)
        for at, word in enumerate(text.split())
    )
    return Utterance(
        id=identity,
        speaker=None,
        start_ms=start_ms,
        end_ms=words[-1].end_ms,
        text=text,
        words=words,
    )


def words(text: str, start_ms: int = 0) -> tuple[Word, ...]:
    return line(text, start_ms).words


def refined(text: str, identity: str = "one", start_ms: int = 0) -> RefinedLine:
    return RefinedLine(line_id=identity, words=words(text, start_ms), text=text, language="en")


def lines_in(events: list[LiveEvent]) -> list[tuple[str | None, str]]:
    captions = Captions()
    for event in events:
        assert captions.take(event)
    return [(one.speaker, one.text) for one in captions.lines]


def test_a_line_of_one_voice_is_told_as_it_is() -> None:
    events: list[LiveEvent] = []
    (told,) = ToldLines(events.append).tell(line("how can I help"), [Piece(0, 400, 1)])
    assert told.speaker == "s2"
    assert [type(event) for event in events] == [SpeakerTold, Final]
    assert lines_in(events) == [("s2", "how can I help")]


def test_a_line_is_cut_where_the_voice_changes() -> None:
    events: list[LiveEvent] = []
    parts = ToldLines(events.append).tell(
        line("how are you fine thanks"), [Piece(0, 300, 0), Piece(300, 500, 1)]
    )
    assert [(p.id == "one", p.start_ms, p.end_ms) for p in parts] == [
        (True, 0, 300),
        (False, 300, 500),
    ]
    assert lines_in(events) == [("s1", "how are you"), ("s2", "fine thanks")]


def test_speakers_are_told_once_and_before_their_lines() -> None:
    events: list[LiveEvent] = []
    told = ToldLines(events.append)
    told.tell(line("one", 0, "a"), [Piece(0, 100, 0)])
    told.tell(line("two", 200, "b"), [Piece(200, 300, 0)])
    assert [type(event) for event in events] == [SpeakerTold, Final, Final]


def test_second_thoughts_give_a_line_to_another() -> None:
    events: list[LiveEvent] = []
    told = ToldLines(events.append)
    told.tell(line("how can I help"), [Piece(0, 400, 0)])
    told.relabel("one", [Piece(0, 400, 0)])
    assert not [event for event in events if isinstance(event, Revised)]
    told.relabel("one", [Piece(0, 200, 1), Piece(200, 400, 0)])
    assert lines_in(events) == [("s2", "how can"), ("s1", "I help")]
    assert len({event.line.id for event in events if isinstance(event, Final)}) == 2


def test_better_words_replace_a_caption_once() -> None:
    events: list[LiveEvent] = []
    told = ToldLines(events.append)
    told.tell(line("how can I yelp"), [Piece(0, 400, 0)])
    told.refine([refined("how can I help")])
    told.refine([refined("and once more")])
    revised = [event for event in events if isinstance(event, Revised)]
    assert [(e.stage, e.line.text, e.line.speaker) for e in revised] == [
        (LineStage.REFINED, "how can I help", "s1")
    ]


def test_nothing_better_leaves_a_caption() -> None:
    events: list[LiveEvent] = []
    told = ToldLines(events.append)
    told.tell(line("how can I help"), ())
    told.refine([replace(refined("no"), words=())])
    told.refine([refined("hello", "unknown")])
    assert lines_in(events) == [(None, "how can I help")]


def test_better_words_go_to_the_parts_that_a_line_has_become() -> None:
    events: list[LiveEvent] = []
    told = ToldLines(events.append)
    told.tell(line("how are you fine thanks"), [Piece(0, 500, 0)])
    told.relabel("one", [Piece(0, 300, 0), Piece(300, 500, 1)])
    told.refine([refined("How are you? Fine, thanks.")])
    assert lines_in(events) == [("s1", "How are you?"), ("s2", "Fine, thanks.")]


def test_second_thoughts_after_better_words_keep_them() -> None:
    events: list[LiveEvent] = []
    told = ToldLines(events.append)
    told.tell(line("how are you fine thanks"), [Piece(0, 500, 0)])
    told.refine([refined("How are you? Fine, thanks.")])
    told.relabel("one", [Piece(0, 300, 0), Piece(300, 500, 1)])
    assert lines_in(events) == [("s1", "How are you?"), ("s2", "Fine, thanks.")]
    assert all(
        event.stage is LineStage.REFINED
        for event in events[-2:]
        if isinstance(event, Final | Revised)
    )


def test_parts_that_were_told_apart_get_each_their_own_better_words() -> None:
    events: list[LiveEvent] = []
    told = ToldLines(events.append)
    _, second = told.tell(line("how are you fine thanks"), [Piece(0, 300, 0), Piece(300, 500, 1)])
    told.refine([refined("How are you?"), refined("Fine, thanks.", second.id, 300)])
    assert lines_in(events) == [("s1", "How are you?"), ("s2", "Fine, thanks.")]
    assert sum(isinstance(event, Revised) for event in events) == 2


def test_words_that_are_less_likely_than_those_of_the_caption_are_not_told() -> None:
    events: list[LiveEvent] = []
    told = ToldLines(events.append)
    sure = tuple(replace(word, confidence=0.9) for word in line("my name is Marcus").words)
    told.tell(replace(line("my name is Marcus"), words=sure), ())
    unsure = tuple(replace(word, confidence=0.5) for word in words("my name is Mark us"))
    better = replace(refined("my name is Mark us"), words=unsure)
    told.refine([better])
    assert lines_in(events) == [(None, "my name is Marcus")]
    told.refine([better], vocabulary=["Mark us"])
    assert lines_in(events) == [(None, "my name is Mark us")]
