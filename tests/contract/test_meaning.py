"""Lines are found by what they mean, of calls that may be compared, as they are shown now."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from threading import Event
from zlib import crc32

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine

from services.domain.errors import InvalidRequest
from services.domain.folding import folded_words
from services.domain.people import LOCAL_USER
from services.domain.searching import LineFilter
from services.domain.speech import SpeakerRole, Transcript
from services.jobs.line_vectors import VectorMaker
from services.meaning import MeaningSearch
from services.storage.calls import CallStore
from services.storage.line_vectors import LineVectors
from services.storage.search_places import LAST_PLACE
from services.storage.transcripts import TranscriptStore
from tests.authorities import authority_on
from tests.builders import transcript, utterance
from tests.contract.stores import ORG, OTHER, add, analysed

SAME = {"cash": "money", "funds": "money", "angry": "upset"}
DIMENSIONS = 4_096


class KnownWords:
    """Texts are alike as far as their words are, or stand for the same."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One direction a word."""
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for at, text in enumerate(texts):
            for word in folded_words(text):
                vectors[at, crc32(SAME.get(word, word).encode()) % DIMENSIONS] += 1
        return vectors / np.maximum(1, np.linalg.norm(vectors, axis=1, keepdims=True))


class Shelf:
    def __init__(self, engine: Engine) -> None:
        self.calls, self.transcripts = CallStore(engine), TranscriptStore(engine)
        self.meaning = MeaningSearch(
            LineVectors(engine), KnownWords, authority=authority_on(engine)
        )
        self.maker = VectorMaker(LineVectors(engine), KnownWords, lambda _: nullcontext(True))

    def add(self, *lines: str, org_id: str = ORG, **changes: object) -> tuple[str, Transcript]:
        made = add(self.calls, org_id=org_id)
        said = [utterance(n, "s1" if n % 2 else "s2", n * 5_000, x) for n, x in enumerate(lines)]
        spoken = replace(transcript(*said, redacted=True), **changes)
        self.transcripts.save(org_id, made.id, 1, analysed(spoken))
        return made.id, spoken

    def found(self, typed: str, **among: object) -> list[str]:
        page = self.meaning.similar(LOCAL_USER, typed, LineFilter(**among))
        return [line.text for line in page.lines]


@pytest.fixture
def shelf(engine: Engine) -> Shelf:
    return Shelf(engine)


def test_lines_alike_are_found_of_calls_that_may_be_compared(shelf: Shelf) -> None:
    shelf.add("give the money back", "nothing alike here", "no cash")
    shelf.add("geld funds money", "money again now", language="de")
    shelf.add("unredacted money cash", redacted=False)
    shelf.add("their money cash", org_id=OTHER)
    assert shelf.found("funds") == []
    assert [shelf.maker.make(), shelf.maker.make()] == [2, 0]
    assert shelf.found("funds") == ["give the money back"]
    assert shelf.found("funds", said_by=SpeakerRole.AGENT) == []
    assert shelf.found("funds", agents=("Somebody",)) == []
    with pytest.raises(InvalidRequest):
        shelf.found("?!")


def test_of_lines_as_much_alike_those_with_the_words_come_first(shelf: Shelf) -> None:
    shelf.add("please more cash", "please more money")
    shelf.maker.make()
    page = shelf.meaning.similar(LOCAL_USER, "money")
    assert [line.text for line in page.lines] == ["please more money", "please more cash"]
    assert [line.marks for line in page.lines] == [((12, 17),), ()]
    assert page.compared == 2


def test_vectors_follow_what_is_shown_and_go_with_the_call(shelf: Shelf) -> None:
    call_id, spoken = shelf.add("give the money back", "nothing alike here")
    shelf.maker.make()
    lines = (replace(spoken.utterances[0], text="give it to nobody"), spoken.utterances[1])
    shelf.transcripts.save_figures(ORG, call_id, analysed(replace(spoken, utterances=lines)))
    assert shelf.found("money") == []
    assert shelf.maker.make() == 1
    assert shelf.found("money") == []
    assert shelf.found("nobody gives") == ["give it to nobody"]
    shelf.calls.delete(ORG, call_id)
    assert shelf.found("nobody gives") == []


def test_lines_that_change_while_they_are_read_wait_for_the_next_time(
    engine: Engine, shelf: Shelf
) -> None:
    call_id, spoken = shelf.add("give the money back", "nothing alike here")
    vectors = LineVectors(engine)
    before = vectors.lines(ORG, call_id)
    lines = (replace(spoken.utterances[0], text="give it to nobody"), spoken.utterances[1])
    shelf.transcripts.save_figures(ORG, call_id, analysed(replace(spoken, utterances=lines)))
    vectors.write(before, KnownWords().embed(before.texts))
    assert vectors.missing(LAST_PLACE, 10).calls == ((ORG, call_id),)


def test_a_filter_of_lines_comes_before_the_most_alike_are_picked(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.meaning.MOST_FOUND", 1)
    for _ in range(5):
        shelf.add("give money back", "more money now")
    shelf.maker.make()
    assert shelf.found("give money back", said_by=SpeakerRole.CUSTOMER) == ["give money back"]
    by_agents = LineFilter(said_by=SpeakerRole.AGENT)
    page = shelf.meaning.similar(LOCAL_USER, "give money back", by_agents)
    assert [line.text for line in page.lines] == ["more money now"]
    assert page.compared == 5


def test_vectors_of_older_calls_are_made_step_by_step_and_where_nobody_else_does_it(
    engine: Engine, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.jobs.line_vectors.CALLS_PER_LOOK", 2)
    for n in range(5):
        shelf.add(f"give the money back {n}")
    made: list[int] = []
    mine = VectorMaker(LineVectors(engine), KnownWords, lambda _: nullcontext(len(made) != 1))
    made += (mine.make(),)
    assert made == [2]
    made += (mine.make(),)
    assert made == [2, 0]
    assert [shelf.maker.make() for _ in range(4)] == [0, 2, 1, 0]
    assert len(shelf.found("money")) == 5
    shelf.add("give the money back anew")
    stop = Event()
    assert shelf.maker.make(lambda: True) == 0
    monkeypatch.setattr("services.jobs.line_vectors.LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(KnownWords, "embed", _stopping_after(stop, KnownWords.embed))
    shelf.maker.keep_up(stop)
    assert len(shelf.found("money")) == 6


def _stopping_after(
    stop: Event, embed: Callable[..., NDArray[np.float32]]
) -> Callable[..., NDArray[np.float32]]:
    def embed_and_stop(self: KnownWords, texts: Sequence[str]) -> NDArray[np.float32]:
        stop.set()
        return embed(self, texts)

    return embed_and_stop
