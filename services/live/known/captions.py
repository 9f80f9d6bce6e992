"""What has been understood of a live call so far, built from the events of its session."""

from collections.abc import Mapping
from dataclasses import replace

from services.domain.ids import new_id
from services.domain.live import (
    Ended,
    Final,
    Gap,
    LiveEvent,
    Partial,
    Revised,
    SpeakerTold,
)
from services.domain.speech import Sentiment, Span, Speaker, Transcript, Utterance


class Captions:
    """Takes a session's events one after the other; every line stands at its last wording.

    A final line is changed by Revised alone, nothing is taken after Ended. Used by one thread.
    """

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self._speakers: dict[str, Speaker] = {}
        self._lines: dict[str, Utterance] = {}
        self._in_order: tuple[Utterance, ...] | None = None
        self._partials: dict[str, Utterance] = {}
        self._gaps: list[Gap] = []
        self._ended: Ended | None = None
        self._at_ms = 0

    @property
    def at_ms(self) -> int:
        """Up to where the events reach, from the start of the call."""
        return self._at_ms

    @property
    def ended(self) -> Ended | None:
        """How the session ended, None while it runs."""
        return self._ended

    @property
    def speakers(self) -> tuple[Speaker, ...]:
        """The speakers in the order in which they were first heard."""
        return tuple(self._speakers.values())

    @property
    def lines(self) -> tuple[Utterance, ...]:
        """The final lines that say something, ordered by start."""
        if self._in_order is None:
            spoken = (line for line in self._lines.values() if line.text.strip())
            self._in_order = tuple(sorted(spoken, key=lambda line: (line.start_ms, line.end_ms)))
        return self._in_order

    @property
    def partials(self) -> tuple[Utterance, ...]:
        """The lines that are not final yet, ordered by start."""
        return tuple(sorted(self._partials.values(), key=lambda line: line.start_ms))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The stretches that were not transcribed, in the order in which they were told."""
        return tuple(self._gaps)

    def take(self, event: LiveEvent) -> bool:
        """Take an event; return whether it counts.

        What doesn't: a partial or another final of a line that is final, and all after the end.
        """
        if self._ended is not None:
            return False
        match event:
            case Partial(line=line):
                if line.id in self._lines:
                    return False
                self._partials[line.id] = line
            case Final(line=line):
                if line.id in self._lines:
                    return False
                self._put(line)
            case Revised(line=line):
                self._put(line)
            case SpeakerTold(speaker=speaker):
                self._speakers[speaker.id] = speaker
            case Gap():
                self._gaps.append(event)
            case Ended():
                self._ended = event
        self._at_ms = max(self._at_ms, event.at_ms)
        return True

    def before(self, line: Utterance) -> Utterance | None:
        """Return the final line that was begun last before this one."""
        earlier = [
            other
            for other in self._lines.values()
            if other.id != line.id and other.start_ms <= line.start_ms and other.text.strip()
        ]
        return max(earlier, key=lambda other: other.start_ms, default=None)

    def transcript(
        self,
        provider: str,
        *,
        duration_ms: int,
        language: str | None = None,
        sentiments: Mapping[str, Sentiment] | None = None,
    ) -> Transcript:
        """Return the final lines as the transcript of a call of this length.

        ``sentiments`` are those found so far, by the line's id. A line of a speaker who was never
        told belongs to nobody. The time between a line's first and last word counts as spoken.
        """
        known = sentiments or {}
        lines = tuple(
            replace(
                line,
                speaker=line.speaker if line.speaker in self._speakers else None,
                sentiment=known.get(line.id, line.sentiment),
            )
            for line in self.lines
        )
        return Transcript(
            id=new_id(),
            provider=provider,
            duration_ms=max([duration_ms, *(line.end_ms for line in lines)]),
            speakers=self.speakers,
            utterances=lines,
            spans=tuple(
                Span(speaker=line.speaker, start_ms=line.start_ms, end_ms=line.end_ms)
                for line in lines
                if line.speaker is not None and line.end_ms > line.start_ms
            ),
            language=language,
            stages={"recognition": f"{provider} live", "speakers": f"{provider} live"},
        )

    def _put(self, line: Utterance) -> None:
        self._partials.pop(line.id, None)
        self._lines[line.id] = line
        self._in_order = None
