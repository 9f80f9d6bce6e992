"""The scripted provider while a call is held: its lines are told as the sound reaches them."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from services.domain.errors import PartylineError
from services.domain.live import Final, Gap, GapKind, Partial, Revised, SpeakerTold
from services.domain.speech import Speaker, Utterance
from services.providers.live import LiveFormat, LiveListener, LiveSession

WORDS_A_PARTIAL = 3
OPEN_END_MS = 24 * 3_600_000

ScriptOf = Callable[[int], Iterator[Utterance]]


@dataclass(frozen=True, kw_only=True)
class LiveFaults:
    """What goes wrong in a live call, for tests.

    ``fails_with`` ends it once ``after_ms`` of sound have come. Nothing that touches the interval
    ``loses`` is told, but a Gap. With ``revises_speakers`` every line is given to the other speaker
    first and put right once the next line is final.
    """

    fails_with: type[PartylineError] | None = None
    after_ms: int = 0
    loses: tuple[int, int] | None = None
    revises_speakers: bool = False


@dataclass(frozen=True)
class _Finish:
    """The sound ends here: what has begun is said to its end."""

    at_ms: int


class ScriptedLive(LiveSession):
    """Tells the script's lines in a thread of its own, word by word with the sound."""

    def __init__(
        self, sound: LiveFormat, listener: LiveListener, script: ScriptOf, faults: LiveFaults
    ) -> None:
        """Begin; ``script`` gives the lines of a call of so many milliseconds."""
        super().__init__("scripted", sound, listener)
        self._script = script
        self._faults = faults
        self._heard: queue.SimpleQueue[int | _Finish | None] = queue.SimpleQueue()
        self._coming = script(OPEN_END_MS)
        self._line: Utterance = next(self._coming)
        self._told_words = 0
        self._finals: list[Utterance] = []
        self._speakers: set[str] = set()
        self._gap_told = False
        self._thread = threading.Thread(target=self._work, name="scripted-live", daemon=True)
        self._thread.start()

    def _send_impl(self, pcm: bytes) -> None:
        self._heard.put(self.sent_ms)

    def _finish_impl(self, timeout_s: float) -> None:
        self._heard.put(_Finish(self.sent_ms))
        self._thread.join(timeout_s)

    def _close_impl(self) -> None:
        self._heard.put(None)
        if self._thread is not threading.current_thread():
            self._thread.join()

    # --- the thread that tells ----------------------------------------------------------------

    def _work(self) -> None:
        while (heard := self._heard.get()) is not None:
            now_ms = heard.at_ms if isinstance(heard, _Finish) else heard
            fault = self._faults.fails_with
            if fault is not None and now_ms >= self._faults.after_ms:
                self.fail(fault())
                return
            self._reach(now_ms)
            if isinstance(heard, _Finish):
                self._say_the_rest(now_ms)
                return

    def _reach(self, now_ms: int) -> None:
        """Tell what has been said up to now: whole lines, then a part of the one that is said."""
        while self._line.end_ms <= now_ms:
            self._tell_partials(now_ms)
            self._tell_final(self._line)
            self._line, self._told_words = next(self._coming), 0
        self._tell_partials(now_ms)
        lost = self._faults.loses
        if lost is not None and lost[1] <= now_ms:
            self._tell_gap(*lost)

    def _say_the_rest(self, now_ms: int) -> None:
        """Tell what a recording of this length would still have, and the gap so far."""
        for line in self._script(now_ms):
            if line.start_ms >= self._line.start_ms:
                self._tell_final(line)
        lost = self._faults.loses
        if lost is not None and lost[0] < now_ms:
            self._tell_gap(lost[0], min(lost[1], now_ms))

    def _tell_partials(self, now_ms: int) -> None:
        line = self._line
        said = sum(word.end_ms <= now_ms for word in line.words)
        for count in range(self._told_words + WORDS_A_PARTIAL, said + 1, WORDS_A_PARTIAL):
            self._told_words = count
            words = line.words[:count]
            text = " ".join(word.text for word in words)
            beginning = replace(
                line, text=text, words=words, end_ms=words[-1].end_ms, provider_sentiment=None
            )
            self._tell(beginning, Partial)

    def _tell_final(self, line: Utterance) -> None:
        if self._tell(line, Final):
            self._finals.append(line)
            if self._faults.revises_speakers and len(self._finals) > 1:
                self.tell(Revised(line=self._finals[-2]))

    def _tell(self, line: Utterance, kind: type[Partial] | type[Final]) -> bool:
        if self._is_lost(line):
            return False
        if self._faults.revises_speakers:
            line = replace(line, speaker=_other(line.speaker))
        self._tell_speaker(line)
        self.tell(kind(line=line))
        return True

    def _tell_speaker(self, line: Utterance) -> None:
        for speaker in speakers_of([line]):
            if speaker.id not in self._speakers:
                self._speakers.add(speaker.id)
                self.tell(SpeakerTold(speaker=speaker, at_ms=line.end_ms))

    def _tell_gap(self, start_ms: int, end_ms: int) -> None:
        if not self._gap_told:
            self._gap_told = True
            self.tell(Gap(kind=GapKind.CONNECTION_LOST, start_ms=start_ms, end_ms=end_ms))

    def _is_lost(self, line: Utterance) -> bool:
        lost = self._faults.loses
        return lost is not None and line.start_ms < lost[1] and lost[0] < line.end_ms


def speakers_of(lines: Sequence[Utterance]) -> tuple[Speaker, ...]:
    """Return the script's speakers that say one of these lines."""
    channels = {line.speaker: line.channel for line in lines if line.speaker is not None}
    return tuple(
        Speaker(id=speaker, label=f"Speaker {speaker.removeprefix('s')}", channel=channels[speaker])
        for speaker in sorted(channels)
    )


def _other(speaker: str | None) -> str:
    return "s1" if speaker == "s2" else "s2"
