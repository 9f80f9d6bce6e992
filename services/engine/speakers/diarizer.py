"""Who speaks when in a mixed recording, in parts of some minutes whose voices are linked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.audio.recording import FRAMES_PER_MS, PcmReader, Samples
from services.domain.calls import Stage
from services.domain.intervals import Interval, union
from services.domain.running import RunContext
from services.engine.speakers.activity import (
    HOP_FRAMES,
    STEP_MS,
    LocalVoices,
    Mask,
    hear_windows,
    local_voices,
    step_ms,
    whole_activity,
)
from services.engine.speakers.clustering import VoiceCount, group_voices, link_groups
from services.engine.speakers.models import (
    LOCAL_VOICES,
    SEGMENT_STEP,
    TRUNK_STEP,
    WINDOW_FRAMES,
    Array,
    SpeakerModels,
)
from services.engine.speakers.reassignment import reassign
from services.engine.speakers.sampling import rows_to_hear
from services.engine.speakers.voices import VoiceTrack, rows_over

PART_MS = 600_000
SURE_SECONDS = 1.5
LEAST_SECONDS = 0.4
ANY_NUMBER = VoiceCount()


@dataclass(frozen=True, kw_only=True)
class Voice:
    """One speaker of a recording: the mean voiceprint and where the voice is heard.

    In ``unsure``, which lies in ``spans``, it could as well be another voice.
    """

    voiceprint: Array
    spans: tuple[Interval, ...]
    unsure: tuple[Interval, ...] = ()

    @property
    def seconds(self) -> float:
        """How long the voice is heard."""
        return sum(end - start for start, end in self.spans) / 1000


class Diarizer:
    """Finds the speakers of a mixed recording with the two speaker networks."""

    def __init__(self, models: SpeakerModels) -> None:
        """Use ``models``, which load themselves when they are first needed."""
        self._models = models

    def diarize(
        self, pcm: PcmReader, context: RunContext, *, voices: VoiceCount = ANY_NUMBER
    ) -> tuple[Voice, ...]:
        """Return the voices in order of first appearance; their spans may overlap.

        Finished parts are kept in ``context.checkpoints``. Raises Cancelled between batches.
        """
        part = PART_MS * FRAMES_PER_MS
        count = max(1, round(pcm.frames / part))
        edges = [pcm.frames * i // count for i in range(count + 1)]
        in_a_part = voices if count == 1 else voices.in_a_part()
        parts = [
            self._remembered(pcm, edges[i : i + 2], context, in_a_part, (i / count, 1 / count))
            for i in range(count)
        ]
        found = parts[0] if count == 1 else _linked(parts, voices)
        return tuple(sorted((v for v in found if v.spans), key=lambda v: v.spans[0]))

    def _remembered(
        self,
        pcm: PcmReader,
        edges: Sequence[int],
        context: RunContext,
        count: VoiceCount,
        progress: tuple[float, float],
    ) -> tuple[Voice, ...]:
        start, stop = edges
        key = f"speakers.{start}-{stop}.{count.least}-{count.most}"
        known = context.checkpoints.get(key)
        if known is not None:
            return _voices_from_json(known)
        samples = pcm.read(start, stop)
        voices = self._part(samples, context, count, progress)
        moved = tuple(_moved(voice, start // FRAMES_PER_MS) for voice in voices)
        context.checkpoints[key] = _voices_to_json(moved)
        return moved

    def _part(
        self,
        samples: Samples,
        context: RunContext,
        count: VoiceCount,
        progress: tuple[float, float],
    ) -> tuple[Voice, ...]:
        base, share = progress
        probabilities: list[Array] = []
        for batch in hear_windows(self._models, samples):
            done = sum(len(p) for p in probabilities) * HOP_FRAMES / max(1, len(samples))
            context.report(Stage.SPEAKERS, base + share * 0.4 * min(1.0, done))
            probabilities.append(batch)
        local = local_voices(probabilities, len(samples))
        track = VoiceTrack(
            self._models,
            samples,
            rows_to_hear(local, rows_over(len(samples)) + 1),
            lambda done: context.report(Stage.SPEAKERS, base + share * (0.4 + 0.5 * done)),
        )
        context.report(Stage.SPEAKERS, base + share * 0.9)
        prints, seconds, known = _local_prints(local, track)
        centres = _centres(prints, seconds, known, count)
        if not len(centres):
            return ()
        labels = np.where(known, (prints @ centres.T).argmax(axis=-1), -1)
        active = whole_activity(local, labels, len(centres))
        found = reassign(track, active, centres)
        return tuple(
            Voice(
                voiceprint=centre,
                spans=_spans(found.active[:, speaker], len(samples)),
                unsure=_spans(found.active[:, speaker] & found.unsure, len(samples)),
            )
            for speaker, centre in enumerate(found.centres)
        )


def _local_prints(local: LocalVoices, track: VoiceTrack) -> tuple[Array, NDArray[np.float64], Mask]:
    """Return voiceprints [n, 3, 256], the seconds each stands on, and which exist."""
    count = len(local.starts)
    prints = np.zeros((count, LOCAL_VOICES, 256), np.float32)
    seconds = np.zeros((count, LOCAL_VOICES))
    known = np.zeros((count, LOCAL_VOICES), bool)
    alone = local.alone
    for window in range(count):
        for voice in range(LOCAL_VOICES):
            clean = alone[window, :, voice]
            chosen = clean if clean.sum() * STEP_MS >= 200 else local.hard[window, :, voice] > 0
            found = track.voiceprint(_rows_of(chosen, int(local.starts[window]), track.rows))
            if found is not None:
                prints[window, voice] = found
                seconds[window, voice] = clean.sum() * STEP_MS / 1000
                known[window, voice] = True
    return prints, seconds, known


def _rows_of(steps: Mask, window_start: int, rows: int) -> Mask:
    mask = np.zeros(rows, bool)
    at = (window_start + np.flatnonzero(steps) * SEGMENT_STEP) // TRUNK_STEP
    mask[at[at < rows]] = True
    return mask


def _centres(prints: Array, seconds: NDArray[np.float64], known: Mask, count: VoiceCount) -> Array:
    for least in (SURE_SECONDS, LEAST_SECONDS, 0.0):
        chosen = known & (seconds >= least)
        if chosen.sum() >= 2:
            break
    # Windows overlap, so every second of the recording is heard several times.
    heard_times = WINDOW_FRAMES / HOP_FRAMES
    return group_voices(prints[chosen], np.maximum(seconds[chosen], 0.1) / heard_times, count)


def _spans(active: Mask, frames: int) -> tuple[Interval, ...]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], active.astype(np.int8), [0]))))
    end = frames // FRAMES_PER_MS
    spans = [
        (min(step_ms(int(a)), end), min(step_ms(int(b)), end))
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]
    return tuple(union(spans))


def _linked(parts: Sequence[tuple[Voice, ...]], count: VoiceCount) -> tuple[Voice, ...]:
    spoken = [part for part in parts if part]
    if not spoken:
        return ()
    centres = [np.stack([v.voiceprint for v in part]) for part in spoken]
    seconds = [np.array([max(0.1, v.seconds) for v in part]) for part in spoken]
    count = count.over_parts(max(len(part) for part in spoken))
    labels = link_groups(centres, seconds, count)
    together: dict[int, list[Voice]] = {}
    for part, numbers in zip(spoken, labels, strict=True):
        for voice, number in zip(part, numbers, strict=True):
            together.setdefault(int(number), []).append(voice)
    return tuple(_merged(same) for same in together.values())


def _merged(voices: Sequence[Voice]) -> Voice:
    longest = max(voices, key=lambda v: v.seconds)
    return Voice(
        voiceprint=longest.voiceprint,
        spans=tuple(union(s for v in voices for s in v.spans)),
        unsure=tuple(union(s for v in voices for s in v.unsure)),
    )


def _moved(voice: Voice, by_ms: int) -> Voice:
    def moved(intervals: Sequence[Interval]) -> tuple[Interval, ...]:
        return tuple((start + by_ms, end + by_ms) for start, end in intervals)

    return replace(voice, spans=moved(voice.spans), unsure=moved(voice.unsure))


def _voices_to_json(voices: Sequence[Voice]) -> bytes:
    rows = [
        {
            "print": [round(float(x), 5) for x in v.voiceprint],
            "spans": v.spans,
            "unsure": v.unsure,
        }
        for v in voices
    ]
    return json.dumps(rows, separators=(",", ":")).encode()


def _voices_from_json(content: bytes) -> tuple[Voice, ...]:
    return tuple(
        Voice(
            voiceprint=np.array(row["print"], np.float32),
            spans=tuple((start, end) for start, end in row["spans"]),
            unsure=tuple((start, end) for start, end in row["unsure"]),
        )
        for row in json.loads(content)
    )
