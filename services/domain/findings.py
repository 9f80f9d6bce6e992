"""Things noticed about the audio that a person should know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FindingKind(StrEnum):
    """What can be noticed about a recording."""

    SEPARATE_CHANNELS = "separate_channels"
    SAME_VOICE_ON_BOTH = "same_voice_on_both"
    SILENT_CHANNEL = "silent_channel"
    LEAKAGE = "leakage"
    CLIPPING = "clipping"
    LOW_LEVEL = "low_level"
    NARROWBAND = "narrowband"
    MANY_CHANNELS = "many_channels"
    NO_SPEECH = "no_speech"
    TRUNCATED = "truncated"
    NOT_RECORDED = "not_recorded"
    SOUND_LOST = "sound_lost"
    BROKEN_OFF = "broken_off"
    NO_RECORDING = "no_recording"
    NOT_TRANSCRIBED = "not_transcribed"


NOTICED_WHILE_HELD = frozenset(
    {
        FindingKind.NOT_RECORDED,
        FindingKind.SOUND_LOST,
        FindingKind.BROKEN_OFF,
        FindingKind.NO_RECORDING,
        FindingKind.NOT_TRANSCRIBED,
    }
)
"""What was noticed while a call was held; its recording doesn't tell, so it is kept with it."""

SENTENCES: Mapping[FindingKind, str] = {
    FindingKind.SEPARATE_CHANNELS: (
        "Each party has a channel of its own, so the channel tells who speaks."
    ),
    FindingKind.SAME_VOICE_ON_BOTH: (
        "Both channels carry the same sound, so the call was treated as mono: {channel} was "
        "listened to, and voices were told apart by how they sound."
    ),
    FindingKind.SILENT_CHANNEL: (
        "Nobody is heard on {channel}, so the call was treated as mono and voices were told apart "
        "by how they sound."
    ),
    FindingKind.LEAKAGE: (
        "The other party is heard faintly on {channel} as well; that echo was left out of the "
        "transcript and the figures."
    ),
    FindingKind.CLIPPING: "The recording is overdriven in places, so words there may be wrong.",
    FindingKind.LOW_LEVEL: "The recording is very quiet, so words may be missing.",
    FindingKind.NARROWBAND: (
        "Telephone sound in a wider file: expect the accuracy of a telephone call."
    ),
    FindingKind.MANY_CHANNELS: (
        "The file has more than two channels; they were mixed into one, and voices were told "
        "apart by how they sound."
    ),
    FindingKind.NO_SPEECH: "No speech was found in this recording, so there is no transcript.",
    FindingKind.TRUNCATED: "The file breaks off early; what could be read was processed.",
    FindingKind.NOT_RECORDED: (
        "Nothing was recorded for a while, because the page was gone; there is silence instead."
    ),
    FindingKind.SOUND_LOST: (
        "A part of what was recorded could not be read back from the disk; there is silence "
        "instead."
    ),
    FindingKind.BROKEN_OFF: (
        "What is here ends early, because Partyline was stopped while the call was being held."
    ),
    FindingKind.NOT_TRANSCRIBED: (
        "For a while there are no words, because the telephone service sent none or they could "
        "not be read here: what was said then is not in the call."
    ),
    FindingKind.NO_RECORDING: (
        "There is no recording of this call: the telephone service sent its words only. What is "
        "measured from sound is missing."
    ),
}
"""``{channel}`` stands for the channel's side in words."""

SIDES = ("the left channel", "the right channel")
"""What people call channels 0 and 1; findings about channels are made of pairs only."""

# The unit belongs to the name; what is 0 or 1 by its nature is said in words.
FIGURES: Mapping[str, str] = {
    "correlation": "likeness of the channels {value:.2f} of 1",
    "gain_db": "the right one {value:+.1f} dB against the left",
    "leak_db": "echo at {value:.0f} dB against the voice",
    "level_dbfs": "loud parts at {value:.0f} dBFS",
    "clipped_share": "{percent:.2g} % of the samples at the limit",
    "above_4khz_db": "{value:.0f} dB above 4 kHz against below",
    "channels": "{value:.0f} channels",
    "from_ms": "from {clock} on",
    "missing_ms": "{seconds:.1f} s missing",
    "bad_packets": "{value:.0f} damaged packets skipped",
}
_MS_PER_SECOND = 1_000
_UNSAID_WHEN_NONE = frozenset({"missing_ms", "bad_packets", "gain_db"})
_LEAST_SAID = 0.5


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something noticed about the audio, with the figures it was noticed by.

    ``measured`` maps a name with its unit (``level_dbfs``, ``correlation``, ``delay_ms``) to a
    value. ``channel`` is the one it is about; for the same voice on both, the one to listen to.
    """

    kind: FindingKind
    channel: int | None = None
    measured: Mapping[str, float] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The finding in one sentence for a person: what it means and what was done about it."""
        side = "one channel" if self.channel is None else SIDES[self.channel]
        return SENTENCES[self.kind].format(channel=side)

    @property
    def figures(self) -> str:
        """The measured figures in words with their units, empty where nothing was measured."""
        parts = [
            FIGURES[name].format(
                value=value,
                percent=100 * value,
                seconds=value / _MS_PER_SECOND,
                clock=_clock(value),
            )
            for name, value in self.measured.items()
            if name in FIGURES and (abs(value) >= _LEAST_SAID or name not in _UNSAID_WHEN_NONE)
        ]
        delay_ms = self.measured.get("delay_ms", 0.0)
        if abs(delay_ms) >= _LEAST_SAID:
            whose = "the right one " if self.kind is FindingKind.SAME_VOICE_ON_BOTH else ""
            parts.append(f"{whose}{abs(delay_ms):.0f} ms {'later' if delay_ms > 0 else 'earlier'}")
        return ", ".join(parts).replace("-", "\N{MINUS SIGN}")

    @property
    def sentence_with_figures(self) -> str:
        """The sentence with its figures in brackets before the full stop."""
        return f"{self.sentence[:-1]} ({self.figures})." if self.figures else self.sentence


def _clock(value_ms: float) -> str:
    minutes, seconds = divmod(int(value_ms) // _MS_PER_SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
