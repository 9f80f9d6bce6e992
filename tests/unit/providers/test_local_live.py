"""A call on this machine with stand-ins for what is slow."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.audio.recording import FRAMES_PER_MS, Samples
from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest, LiveFull, LiveOver
from services.domain.live import Ended, Final, LanguageTold, LiveEvent, Partial
from services.engine.engine import EngineHolder
from services.engine.live.engine import LiveEngine
from services.engine.live.line import AIR_MS
from services.engine.live.refining import Refining
from services.engine.live.wording import CaptionWord, SoFar, Whole
from services.engine.speakers.models import SpeakerModels
from services.engine.weights import caption_weights
from services.engine.whisper import Whisper
from services.providers.live import LiveFormat
from services.providers.local_live import open_local
from tests.contract.local_call import a_call
from tests.threads import no_thread_left

ENGLISH = ProcessingOptions(language="en", redact=False)
CHUNK = 2 * LiveFormat(channels=2).bytes_per_ms * 50


class Says:
    """Hears one word over and over."""

    def __init__(self, word: str) -> None:
        self._word = word

    def so_far(self, samples: Samples, before: SoFar) -> SoFar:
        words = self._words(samples)
        return SoFar(words=words, shown=max(before.shown, len(words) - 1))

    def whole(self, samples: Samples, before: SoFar) -> Whole:
        words = self._words(samples)
        heard = SoFar(words=words, shown=len(words))
        return Whole(words=tuple(CaptionWord(text=word) for word in words), heard=heard)

    def _words(self, samples: Samples) -> tuple[str, ...]:
        return (self._word,) * max(1, len(samples) // FRAMES_PER_MS // 400)


class Languages(Whisper):
    """A Whisper that knows two languages, and of which nothing is loaded."""

    multilingual = True  # type: ignore[assignment]
    languages = frozenset({"en", "es"})  # type: ignore[assignment]


class Holder(EngineHolder):
    def __init__(self, live: LiveEngine) -> None:
        self._made = live

    def live(self) -> LiveEngine:
        return self._made


@pytest.fixture
def engine(tmp_path: Path) -> LiveEngine:
    whisper = Languages("none", 1)
    engine = LiveEngine(
        captions=caption_weights(),
        whisper=whisper,
        refiner=whisper,
        speakers=SpeakerModels(tmp_path, 1),
        threads=2,
    )
    engine.listen_with("en", Says("yes"))
    engine.listen_with("es", Says("si"))
    return engine


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    with no_thread_left():
        yield


def hold(
    engine: LiveEngine, options: ProcessingOptions, switch_to: str | None = None
) -> list[LiveEvent]:
    events: list[LiveEvent] = []
    session = open_local(Holder(engine), LiveFormat(channels=2), options, events.append)
    pcm = a_call(2)
    for at in range(0, len(pcm), CHUNK):
        if switch_to and at == len(pcm) // CHUNK // 2 * CHUNK:
            session.speak(switch_to)
        session.send(pcm[at : at + CHUNK])
    session.finish(30.0)
    return events


def test_each_channel_is_a_speaker(engine: LiveEngine) -> None:
    events = hold(engine, ENGLISH)
    finals = [event.line for event in events if isinstance(event, Final)]
    assert {(line.speaker, line.channel) for line in finals} == {("s1", 0), ("s2", 1)}
    assert [event for event in events if isinstance(event, Partial)]
    assert isinstance(events[-1], Ended)
    assert not engine.budget.used


class Given(Refining):
    """Notes what is to be refined, and refines nothing."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, int, int]] = []

    def add(
        self,
        line_id: str,
        channel: int | None,
        start_ms: int,
        end_ms: int,
        samples: Samples,
        *,
        lead_ms: int = 0,
    ) -> None:
        self.lines.append((end_ms - start_ms, lead_ms, len(samples) // FRAMES_PER_MS))

    def due(self, now_ms: int) -> None:
        return None

    def drop(self) -> None:
        pass


def test_lines_are_refined_with_the_air_around_them(
    engine: LiveEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Given()
    monkeypatch.setattr(engine, "refining", lambda language, vocabulary: given)
    hold(engine, ENGLISH)
    assert given.lines
    for voice_ms, lead_ms, sound_ms in given.lines:
        assert 100 <= lead_ms <= AIR_MS
        assert 100 <= sound_ms - voice_ms - lead_ms <= AIR_MS


def test_the_language_is_switched_in_mid_call(engine: LiveEngine) -> None:
    events = hold(engine, ENGLISH, switch_to="es")
    told = [event for event in events if isinstance(event, LanguageTold)]
    assert [(one.language, one.chosen) for one in told] == [("es", True)]
    texts = [event.line.text for event in events if isinstance(event, Final)]
    assert texts[0].startswith("yes")
    assert texts[-1].startswith("si")


def test_a_language_that_nobody_knows_is_refused(engine: LiveEngine) -> None:
    with pytest.raises(InvalidRequest):
        hold(engine, ProcessingOptions(language="xx", redact=False))
    assert not engine.budget.used


def test_a_call_too_many_is_refused_and_disturbs_nobody(engine: LiveEngine) -> None:
    share = engine.budget.enter(1.7)
    with pytest.raises(LiveFull):
        hold(engine, ENGLISH)
    share.leave()
    assert [event for event in hold(engine, ENGLISH) if isinstance(event, Final)]


def test_aborting_frees_a_sender_that_waits(engine: LiveEngine) -> None:
    """Sound comes faster than it is heard; the sender is stopped by it, then let go."""
    stuck = threading.Event()

    class Stuck(Says):
        def so_far(self, samples: Samples, before: SoFar) -> SoFar:
            stuck.wait(20.0)
            return super().so_far(samples, before)

    engine.listen_with("en", Stuck("yes"))
    session = open_local(Holder(engine), LiveFormat(channels=2), ENGLISH, lambda _: None)
    pcm = a_call(2)
    refused = threading.Event()

    def send() -> None:
        try:
            for _ in range(4):
                session.send(pcm)
        except LiveOver:
            refused.set()

    sender = threading.Thread(target=send)
    sender.start()
    sender.join(0.5)
    assert sender.is_alive()
    session.abort()
    sender.join(10.0)
    stuck.set()
    assert not sender.is_alive()
    assert refused.is_set()
