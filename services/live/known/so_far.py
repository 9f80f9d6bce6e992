"""What is known of a call that is being held, as one reads it: lines, voices, roles, sentiments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.analysis.backchannels import mark_backchannels
from services.analysis.floor import spans_by_speaker
from services.domain.calls import CallDetails
from services.domain.intervals import Interval, union
from services.domain.live import LiveEvent
from services.domain.speech import (
    Hold,
    HoldKind,
    Sentiment,
    Span,
    Speaker,
    SpeakerRole,
    Transcript,
    Utterance,
)
from services.engine.announced import announced_silence, is_announced
from services.live.known.captions import Captions
from services.live.known.role_guess import RoleGuess

RECENT_MS = 600_000
"""What lies further back is not looked at again and again."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A call at a moment. ``recent`` is its last ten minutes, unfinished lines among the spans.

    ``last_voice_ms`` is up to when somebody has spoken, None before anybody has. ``slack_ms`` is
    how far words may lag behind the sound. ``unrecorded`` stretches are no silence. ``voiced`` is
    where voice was heard in the sound up to ``judged_ms``, which is None where nobody listens.
    """

    at_ms: int
    recent: Transcript
    last_voice_ms: int | None
    slack_ms: int
    unrecorded: tuple[Interval, ...] = ()
    voiced: tuple[Interval, ...] = ()
    judged_ms: int | None = None

    @property
    def speech(self) -> list[Interval]:
        """Where somebody spoke, by the words and by the sound."""
        return union([*((one.start_ms, one.end_ms) for one in self.recent.spans), *self.voiced])

    @property
    def known_ms(self) -> int:
        """Up to where it is known whether somebody spoke."""
        known_ms = self.at_ms if self.judged_ms is None else min(self.at_ms, self.judged_ms)
        return known_ms - self.slack_ms


class SoFar:
    """Takes what happens in a call and gives it as transcripts. Used by one thread.

    Times are the call's. What it gives but ``shown`` holds words as they were heard, which are
    for reading alone and never leave.
    """

    def __init__(
        self,
        provider: str,
        details: CallDetails,
        language: str | None,
        channel_roles: Sequence[SpeakerRole] = (),
    ) -> None:
        """Begin with nothing heard; ``channel_roles`` are who speaks where, as far as was told."""
        self.language = language
        self._provider = provider
        self._captions = Captions()
        self._shown: dict[str, Utterance] = {}
        self._sentiments: dict[str, Sentiment] = {}
        self._unrecorded: list[Interval] = []
        self._roles = RoleGuess(details, channel_roles)
        self._last_voice_ms: int | None = None
        self._sound_voiced: list[Interval] = []
        self._judged_ms: int | None = None

    @property
    def lines(self) -> tuple[Utterance, ...]:
        """The final lines that say something, as they were heard."""
        return self._captions.lines

    @property
    def speakers(self) -> tuple[Speaker, ...]:
        """The speakers with the roles they seem to have."""
        return tuple(map(self._roles.as_guessed, self._captions.speakers))

    @property
    def sentiments(self) -> Mapping[str, Sentiment]:
        """What was found so far, by the line's id."""
        return self._sentiments

    def as_guessed(self, speaker: Speaker) -> Speaker:
        """Return a speaker with the role they seem to have; may be asked by any thread."""
        return self._roles.as_guessed(speaker)

    def speak(self, language: str | None) -> None:
        """Take the language of what follows."""
        self.language = language

    def take(self, event: LiveEvent) -> None:
        """Take an event of the call."""
        self._captions.take(event)

    def show(self, line: Utterance) -> None:
        """Take a line as people see it."""
        self._shown[line.id] = line

    def mark(self, line_id: str, sentiment: Sentiment) -> None:
        """Take how a line sounds."""
        self._sentiments[line_id] = sentiment

    def not_recorded(self, start_ms: int, end_ms: int) -> None:
        """Take a stretch in which nothing was recorded, so that its silence tells nothing."""
        self._unrecorded.append((start_ms, end_ms))

    def hear_voice(self, heard: Sequence[Interval], judged_ms: int | None) -> None:
        """Take where voice was heard in the sound, which was listened to up to ``judged_ms``."""
        self._judged_ms = judged_ms
        self._sound_voiced = union([*self._sound_voiced, *heard])

    @property
    def sound_voiced(self) -> Sequence[Interval]:
        """Where voice was heard in the sound."""
        return self._sound_voiced

    def before(self, line: Utterance) -> Utterance | None:
        """Return the final line that was begun last before this one."""
        return self._captions.before(line)

    def guess_roles(self) -> tuple[Speaker, ...]:
        """Look at roles again; return the speakers that are now known otherwise than before."""
        lines = self.lines
        opening = lines[: self._roles.LINES]
        transcript = self._made(opening, opening[-1].end_ms if opening else 0)
        return self._roles.look(replace(transcript, speakers=self._captions.speakers))

    def voiced(self, at_ms: int) -> dict[str, list[Interval]]:
        """Return when each speaker was heard, with unfinished lines."""
        spans = [*_spans_of(self.lines), *self._open_spans()]
        return spans_by_speaker(spans, within=(0, at_ms))

    def scene(self, at_ms: int, slack_ms: int) -> Scene:
        """Return the call at this moment."""
        lines = [line for line in self.lines if line.end_ms > at_ms - RECENT_MS]
        recent = self._made(lines, at_ms)
        ends = [span.end_ms for span in recent.spans]
        voiced = [one for one in self._sound_voiced if one[1] > at_ms - RECENT_MS]
        ends += [end_ms for _, end_ms in voiced]
        if ends:
            self._last_voice_ms = min(at_ms, max(ends))
        return Scene(
            at_ms=at_ms,
            recent=replace(recent, holds=self._holds(recent, at_ms)),
            last_voice_ms=self._last_voice_ms,
            slack_ms=slack_ms,
            unrecorded=tuple(self._unrecorded),
            voiced=tuple(voiced),
            judged_ms=self._judged_ms,
        )

    def whole(self, at_ms: int) -> Transcript:
        """Return all of the call up to a moment, as it was heard."""
        whole = self._made(self.lines, at_ms)
        return replace(whole, holds=self._holds(whole, at_ms))

    def shown(self, at_ms: int) -> Transcript:
        """Return all of the call in the words that people have been shown."""
        lines = [self._shown[line.id] for line in self.lines if line.id in self._shown]
        return self._made(lines, at_ms)

    def _made(self, lines: Sequence[Utterance], at_ms: int) -> Transcript:
        open_spans = self._open_spans()
        transcript = Transcript(
            id="so far",
            provider=self._provider,
            duration_ms=max([at_ms, *(line.end_ms for line in lines[-2:])]),
            speakers=self.speakers,
            utterances=tuple(
                replace(line, sentiment=self._sentiments.get(line.id)) for line in lines
            ),
            spans=(*_spans_of(lines), *open_spans),
            language=self.language,
        )
        marked = mark_backchannels(transcript)
        return replace(
            marked,
            utterances=tuple(
                replace(u, sentiment=None) if u.is_backchannel else u for u in marked.utterances
            ),
        )

    def _open_spans(self) -> list[Span]:
        return _spans_of(self._captions.partials)

    def _holds(self, transcript: Transcript, at_ms: int) -> tuple[Hold, ...]:
        """Return the silences for which somebody had asked, the one that lasts among them."""
        voiced = union((span.start_ms, span.end_ms) for span in transcript.spans)
        past = announced_silence(transcript.utterances, voiced, (), at_ms)
        end_ms = voiced[-1][1] if voiced else at_ms
        if end_ms < at_ms and is_announced(end_ms, transcript.utterances):
            past = (*past, Hold(start_ms=end_ms, end_ms=at_ms, kind=HoldKind.SILENCE))
        return past


def _spans_of(lines: Sequence[Utterance]) -> list[Span]:
    """Return the lines as voiced spans: the time between first and last word counts as spoken."""
    return [
        Span(speaker=line.speaker, start_ms=line.start_ms, end_ms=line.end_ms)
        for line in lines
        if line.speaker is not None and line.end_ms > line.start_ms
    ]
