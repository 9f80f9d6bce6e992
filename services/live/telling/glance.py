"""A glance at a live call, from what is told of it."""

from dataclasses import replace
from typing import NamedTuple

from services.domain.live_calls import LiveGlance
from services.domain.speech import SentimentLabel, SpeakerRole
from services.live.telling.events import Kind, Told

LAST_LINE_CHARS = 200


class _Line(NamedTuple):
    """What counts of a line, however long the call becomes."""

    id: str
    start_ms: int
    speaker: str | None


class _Mood(NamedTuple):
    label: str
    score: float


class Glancing:
    """Keeps up what a list of running calls shows of one. Used by one thread at a time.

    Speakers stand under the names that they were told last. The last line is the one that begins
    last, however often earlier ones are worded anew. The mood is that of the last line that has
    any, of the agent's only as long as nobody else has said anything.
    """

    def __init__(self, before: LiveGlance | None = None) -> None:
        """Begin with nothing told, or with what an earlier process saw."""
        self._glance = before or LiveGlance()
        self._warnings_before = self._glance.warnings
        self._speakers: dict[str, Told] = {}
        self._last: _Line | None = None
        self._lines: dict[str, _Line] = {}
        self._moods: dict[str, _Mood] = {}
        self._warnings: dict[str, str] = {}

    def take(self, told: Told) -> LiveGlance:
        """Take an event and return the glance after it."""
        glance = replace(self._glance, at_ms=max(self._glance.at_ms, told["at_ms"]))
        match told["type"]:
            case Kind.SPEAKER:
                self._speakers[told["id"]] = told
                glance = self._with_speakers(glance)
            case Kind.FINAL | Kind.REVISED if told["text"].strip():
                glance = self._with_line(glance, told)
            case Kind.SENTIMENT if told.get("label"):
                self._moods[told["utterance"]] = _Mood(told["label"], told["score"])
                glance = self._with_mood(glance)
            case Kind.WARNING:
                glance = self._with_warning(glance, told)
        self._glance = glance
        return glance

    def _with_warning(self, glance: LiveGlance, told: Told) -> LiveGlance:
        name = str(told.get("id") or len(self._warnings))
        self._warnings.pop(name, None)
        if not told.get("taken_back"):
            self._warnings[name] = told["kind"]
        last = next(reversed(self._warnings.values()), None)
        return replace(
            glance, warnings=self._warnings_before + len(self._warnings), last_warning=last
        )

    def _with_speakers(self, glance: LiveGlance) -> LiveGlance:
        labels = tuple(speaker["label"] for speaker in self._speakers.values())
        last = self._label_of(self._last) if self._last else glance.last_speaker
        return self._with_mood(replace(glance, speakers=labels, last_speaker=last))

    def _with_line(self, glance: LiveGlance, told: Told) -> LiveGlance:
        line = _Line(told["id"], told["start_ms"], told["speaker"])
        self._lines[line.id] = line
        last = self._last
        if last is not None and line.id != last.id and line.start_ms < last.start_ms:
            return glance
        self._last = line
        text = told["text"].strip()[-LAST_LINE_CHARS:]
        return replace(glance, last_line=text, last_speaker=self._label_of(line))

    def _with_mood(self, glance: LiveGlance) -> LiveGlance:
        scored = [self._lines[line] for line in self._moods if line in self._lines]
        others = [line for line in scored if not self._is_agent(line)]
        last = max(others or scored, key=lambda line: line.start_ms, default=None)
        if last is None:
            return glance
        mood = self._moods[last.id]
        return replace(glance, sentiment=SentimentLabel(mood.label), score=mood.score)

    def _label_of(self, line: _Line) -> str | None:
        speaker = self._speakers.get(line.speaker or "")
        return speaker["label"] if speaker else None

    def _is_agent(self, line: _Line) -> bool:
        speaker = self._speakers.get(line.speaker or "")
        return speaker is not None and speaker.get("role") == SpeakerRole.AGENT.value
