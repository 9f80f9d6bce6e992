"""Lines that were streamed, as a transcript."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from services.audio.recording import ChannelLayout, Recording
from services.domain.ids import new_id
from services.domain.speech import Speaker, Transcript, Utterance
from services.domain.voices import VoiceSignature
from services.providers.azure_speech.lines import Line
from services.providers.azure_speech.phrases import spans_of

RECOGNISED_BY = "azure conversation transcription"
BY_CHANNEL = "azure channels"
BY_VOICE = "azure voices"
BY_SIGNATURE = "azure voice signatures"

Party = int | str
"""Who speaks: a channel, or what the service calls a voice."""


def party_of(line: Line, *, is_separate: bool) -> Party | None:
    """Return who speaks a line: on separate channels the channel, else the voice."""
    if is_separate and line.channel is not None:
        return line.channel
    return line.voice


class Speakers:
    """Our speakers, by who the service says it is, numbered as they are first heard.

    On separate channels a speaker has the number of the channel.
    """

    def __init__(self, *, is_separate: bool, participants: Iterable[VoiceSignature] = ()) -> None:
        """Know nobody yet; ``participants`` are shown by their names."""
        self._is_separate = is_separate
        self._names = {one.voice_id: one.name for one in participants}
        self._known: dict[Party, Speaker] = {}

    @property
    def all(self) -> tuple[Speaker, ...]:
        """Everybody heard so far."""
        return tuple(sorted(self._known.values(), key=lambda one: int(one.id[1:])))

    def of(self, line: Line) -> Speaker | None:
        """Return who speaks a line, None when that isn't known."""
        party = party_of(line, is_separate=self._is_separate)
        if party is None:
            return None
        if party not in self._known:
            self._known[party] = self._made(party)
        return self._known[party]

    def _made(self, party: Party) -> Speaker:
        taken = {one.id for one in self._known.values()}
        # Where channels are told, the first numbers are theirs.
        first = 3 if self._is_separate else 1
        number = next(n for n in range(first, first + len(taken) + 1) if f"s{n}" not in taken)
        if isinstance(party, int):
            return Speaker(id=f"s{party + 1}", label=f"Speaker {party + 1}", channel=party)
        name = self._names.get(party)
        return Speaker(
            id=f"s{number}",
            label=name or f"Speaker {number}",
            voice_id=party if name else None,
        )


def utterance_of(line: Line, line_id: str, speaker: Speaker | None) -> Utterance:
    """Return a line as an utterance."""
    return Utterance(
        id=line_id,
        speaker=speaker.id if speaker else None,
        start_ms=line.start_ms,
        end_ms=line.end_ms,
        text=line.text,
        channel=speaker.channel if speaker else None,
        confidence=line.confidence,
        words=line.words,
    )


def transcript_of(
    lines: Sequence[Line],
    recording: Recording,
    language: str | None,
    participants: Sequence[VoiceSignature] = (),
) -> Transcript:
    """Return the transcript of a recording. ``language`` is a code, None when it was detected."""
    is_separate = recording.layout is ChannelLayout.SEPARATE and not is_one_channel(lines)
    speakers = Speakers(is_separate=is_separate, participants=participants)
    ordered = sorted(lines, key=lambda line: (line.start_ms, line.end_ms))
    utterances = tuple(
        utterance_of(line, f"u{number}", speakers.of(line))
        for number, line in enumerate(ordered, start=1)
    )
    return Transcript(
        id=new_id(),
        provider="azure",
        duration_ms=recording.duration_ms,
        speakers=speakers.all,
        utterances=utterances,
        spans=spans_of(utterances),
        language=language or _heard_language(lines),
        stages=_stages(speakers.all),
    )


def is_one_channel(lines: Sequence[Line]) -> bool:
    """Whether several voices are told on one channel: then the service has mixed the channels."""
    channels = {line.channel for line in lines}
    voices = {line.voice for line in lines if line.voice is not None}
    return len(channels) == 1 and len(voices) > 1


def _stages(speakers: Sequence[Speaker]) -> Mapping[str, str]:
    stages = {"recognition": RECOGNISED_BY}
    if any(one.voice_id for one in speakers):
        stages["speakers"] = BY_SIGNATURE
    elif speakers:
        by_channel = all(one.channel is not None for one in speakers)
        stages["speakers"] = BY_CHANNEL if by_channel else BY_VOICE
    return stages


def _heard_language(lines: Sequence[Line]) -> str | None:
    """Return the language in which most was said."""
    spoken: Counter[str] = Counter()
    for line in lines:
        if line.language:
            spoken[line.language] += line.duration_ms
    return spoken.most_common(1)[0][0] if spoken else None
