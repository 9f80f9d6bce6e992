"""Learns a voice from a recording of one person, with checks and what could be better about it."""

from collections.abc import Collection, Sequence

import numpy as np

from services.audio.levels import Levels, frame_levels
from services.audio.pcm import ArrayPcm
from services.audio.recording import FRAMES_PER_MS, PcmReader
from services.domain.errors import SeveralVoices, TooLittleSpeech
from services.domain.findings import Finding, FindingKind
from services.domain.intervals import Interval, length_ms
from services.domain.running import RunContext
from services.domain.voices import (
    ADVISED_SPEECH_MS,
    LEAST_SPEECH_MS,
    MOST_SPEECH_MS,
    Enrolment,
    EnrolmentRemark,
    VoiceQuality,
)
from services.engine.listening import listen, mask_of
from services.engine.speakers.diarizer import Diarizer
from services.engine.speakers.matching import pack_print
from services.engine.speakers.models import SpeakerModels
from services.engine.speakers.pieces import Piece, longest_spans, mean_print, pieces_of
from services.engine.voice_activity import VoiceActivity
from services.engine.voiced import noise_level

TELEPHONE_RATE_HZ = 8_000
# A second voice counts when it is heard this long, and for this share of the speech.
SECOND_VOICE_S = 3.0
SECOND_VOICE_SHARE = 0.06
# A piece less like the mean of the others than this is another mood, distance, or person.
PIECE_AGREES = 0.70
MOST_DROPPED_SHARE = 0.34
# Speech this little above the noise.
NOISY_BELOW_DB = 15.0
LOUD_PERCENTILE = 90.0

_FROM_FINDINGS = {
    FindingKind.CLIPPING: EnrolmentRemark.CLIPPING,
    FindingKind.LOW_LEVEL: EnrolmentRemark.LOW_LEVEL,
    FindingKind.NARROWBAND: EnrolmentRemark.NARROWBAND,
}
# What makes a voiceprint less reliable. Telephone sound doesn't: calls have it too.
_HARMFUL = frozenset(
    {
        EnrolmentRemark.SHORT,
        EnrolmentRemark.UNSTEADY,
        EnrolmentRemark.CLIPPING,
        EnrolmentRemark.LOW_LEVEL,
        EnrolmentRemark.NOISY,
    }
)


class Enroller:
    """Makes voiceprints of recordings with the speaker networks."""

    def __init__(self, models: SpeakerModels, activity: VoiceActivity) -> None:
        """Use models, which load themselves when they are first needed."""
        self._models = models
        self._activity = activity

    def learn(
        self,
        pcm: PcmReader,
        findings: Sequence[Finding] = (),
        *,
        source_rate: int,
        spans: Sequence[Interval] | None = None,
    ) -> Enrolment:
        """Return what one channel teaches about the one voice in it.

        ``spans`` say where that voice is heard alone (None: wherever somebody speaks);
        ``findings`` and ``source_rate`` in Hz are what is known about the recording. Raises
        TooLittleSpeech or SeveralVoices.
        """
        if spans is None:
            listened = listen(pcm, self._activity)
            levels, spoken = listened.levels, listened.spans
        else:
            levels, spoken = frame_levels(pcm), tuple(spans)
        # Scraps too short to be used are no speech to learn from either.
        used = longest_spans(spoken, MOST_SPEECH_MS)
        if length_ms(used) < LEAST_SPEECH_MS:
            raise TooLittleSpeech(f"There are {length_ms(used) / 1000:.1f} seconds.")
        self._check_one_voice(pcm, used)
        pieces = pieces_of(self._models, pcm, used)
        if not pieces:
            raise TooLittleSpeech
        kept = agreeing(pieces)
        if len(pieces) - len(kept) > MOST_DROPPED_SHARE * len(pieces):
            raise SeveralVoices
        used_ms = sum(piece.duration_ms for piece in kept)
        remarks = {_FROM_FINDINGS[f.kind] for f in findings if f.kind in _FROM_FINDINGS}
        noticed = {
            EnrolmentRemark.NARROWBAND: source_rate <= TELEPHONE_RATE_HZ,
            EnrolmentRemark.NOISY: _above_noise_db(levels, used) < NOISY_BELOW_DB,
            EnrolmentRemark.LONG: length_ms(spoken) > MOST_SPEECH_MS,
            EnrolmentRemark.UNSTEADY: len(kept) < len(pieces),
            EnrolmentRemark.SHORT: used_ms < ADVISED_SPEECH_MS,
        }
        remarks |= {remark for remark, holds in noticed.items() if holds}
        return Enrolment(
            voiceprint=pack_print(mean_print(kept)),
            quality=quality_of(remarks),
            speech_ms=used_ms,
            remarks=tuple(remark for remark in EnrolmentRemark if remark in remarks),
        )

    def _check_one_voice(self, pcm: PcmReader, spans: Sequence[Interval]) -> None:
        """Raise SeveralVoices when a second voice is heard in the speech that would be used."""
        sounds = [pcm.read(s * FRAMES_PER_MS, e * FRAMES_PER_MS) for s, e in spans]
        voices = Diarizer(self._models).diarize(ArrayPcm(np.concatenate(sounds)), RunContext())
        heard = sorted((voice.seconds for voice in voices), reverse=True)
        second = heard[1] if len(heard) > 1 else 0.0
        if second >= max(SECOND_VOICE_S, SECOND_VOICE_SHARE * sum(heard)):
            raise SeveralVoices


def agreeing(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return the pieces that sound like the others; of one or two pieces, all or none.

    The piece least like the mean of the others goes first, until all that are left agree.
    """
    kept = list(pieces)
    while len(kept) > 1:
        likeness = [
            float(piece.voiceprint @ mean_print([p for p in kept if p is not piece]))
            for piece in kept
        ]
        odd = int(np.argmin(likeness))
        if likeness[odd] >= PIECE_AGREES:
            break
        if len(kept) == 2:
            return ()
        del kept[odd]
    return tuple(kept)


def quality_of(remarks: Collection[EnrolmentRemark]) -> VoiceQuality:
    """Return how far a voiceprint can be relied on that was made with these remarks."""
    harmful = len(_HARMFUL.intersection(remarks))
    if harmful == 0:
        return VoiceQuality.GOOD
    return VoiceQuality.USABLE if harmful == 1 else VoiceQuality.POOR


def _above_noise_db(levels: Levels, spans: Sequence[Interval]) -> float:
    """Return how far the loud parts of the speech lie above what is heard between it."""
    speech = mask_of(spans, len(levels))
    return float(np.percentile(levels[speech], LOUD_PERCENTILE)) - noise_level(levels, speech)
