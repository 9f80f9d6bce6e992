"""Who speaks in a live call, as far as that is known by now.

With a channel for each party the channel tells who speaks. Should the service answer as if both
were one channel, its voices do; that shows as soon as a second voice is told on the only channel.
"""

from collections.abc import Iterable, Sequence

from services.domain.speech import Speaker, Utterance
from services.domain.voices import VoiceSignature
from services.providers.azure_speech.lines import Line
from services.providers.azure_speech.streamed import Speakers, is_one_channel, utterance_of


class LiveSpeakers:
    """Tells speakers of lines, and which earlier lines a new one puts in another light."""

    def __init__(self, *, is_separate: bool, participants: Iterable[VoiceSignature] = ()) -> None:
        """Know nobody yet; ``participants`` are shown by their names."""
        self._participants = tuple(participants)
        self._speakers = Speakers(is_separate=is_separate, participants=self._participants)
        self._by_channel = is_separate
        # Final lines by id, for as long as it is open whether the channels are told apart.
        self._finals: dict[str, Line] | None = {} if is_separate else None

    def of(self, line: Line) -> Speaker | None:
        """Return who speaks a line, None when that isn't known."""
        return self._speakers.of(line)

    def settle(
        self, line_id: str, line: Line, *, is_final: bool
    ) -> Sequence[tuple[Utterance, Speaker | None]]:
        """Take a line; return the earlier ones that somebody else is told to speak now.

        Voices of a line under way may still be guessed, its channel is not.
        """
        if self._finals is None:
            return ()
        earlier = dict(self._finals)
        if is_final:
            self._finals[line_id] = line
        known = (*earlier.values(), line)
        has_channels = len({one.channel for one in known}) > 1
        by_channel = has_channels or not is_one_channel(tuple(self._finals.values()))
        if has_channels:
            self._finals = None
        if by_channel == self._by_channel:
            return ()
        before = self._speakers
        self._by_channel = by_channel
        self._speakers = Speakers(is_separate=by_channel, participants=self._participants)
        told = [(i, one, before.of(one), self._speakers.of(one)) for i, one in earlier.items()]
        return [(utterance_of(one, i, new), new) for i, one, old, new in told if old != new]
