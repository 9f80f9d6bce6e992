"""Who speaks in a live call on one channel: a guess at once, and second thoughts now and then.

Speakers are numbered as they are first heard, from 0. A guess compares a stretch with the mean
voices so far; that alone can get stuck at too few speakers, so ``regroup`` groups everything
heard so far anew, and tells what then belongs to somebody else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from services.audio.recording import FRAMES_PER_MS, Samples
from services.domain.intervals import overlap_ms
from services.engine.live.exchange import WINDOW_MS, RecentSound, Run, exchange_in
from services.engine.live.guessing import guess, local_prints
from services.engine.live.numbering import renumbered
from services.engine.live.said import RecentVoices, Said
from services.engine.speakers.clustering import VoiceCount, group_voices
from services.engine.speakers.models import Array, SpeakerModels, unit

ANY_NUMBER = VoiceCount()
# So much new speech makes grouping everything anew worth while.
REGROUP_AFTER_MS = 12_000
# Runs shorter than this don't form voices where there are longer ones, and are not taken from
# the voice around them.
TELLING_MS = 900
LEAST_MS = 400
# Another voice must be this much closer before a run changes hands: of short ones the prints
# scatter.
MARGIN = 0.03
GUESSING_MARGIN = 0.08
# The longest runs are grouped when there are more, so that hours take no longer than minutes.
MOST_GROUPED = 400
# How far back a window's local voices can have been heard.
RECENT_RUNS = 40
SHORTEST_COMMON_MS = 300


@dataclass(frozen=True, kw_only=True)
class VoicePiece:
    """[start_ms, end_ms) of a call in which the speaker with this number speaks."""

    start_ms: int
    end_ms: int
    speaker: int


@dataclass(frozen=True, kw_only=True)
class Relabelled:
    """A stretch heard before that was said by others than it was given to."""

    stretch: str
    pieces: tuple[VoicePiece, ...]


class LiveVoices:
    """The voices of one call. Not safe across threads; ``hear`` takes about 0.1 s."""

    def __init__(self, models: SpeakerModels, count: VoiceCount = ANY_NUMBER) -> None:
        """Expect ``count`` voices; the models load themselves at the first stretch.

        Models with one thread are cheapest here: short sounds don't gain from a second.
        """
        self._models = models
        self._count = count
        self._recent = RecentSound()
        self._said: dict[str, list[Said]] = {}
        self._latest: list[Said] = []
        self._sums: dict[int, Array] = {}
        self._new_ms = 0

    @property
    def is_due(self) -> bool:
        """Whether enough was said since the last time for ``regroup`` to be worth while."""
        return self._new_ms >= REGROUP_AFTER_MS

    def hear(self, stretch: str, start_ms: int, samples: Samples) -> tuple[VoicePiece, ...]:
        """Return who speaks in a stretch of speech at 16 kHz that begins at ``start_ms``.

        The pieces cover it without a gap; usually there is one. Stretches come in order of time;
        ``stretch`` names it when it is told about again. Raises WeightsMissing, WeightsDamaged.
        """
        duration_ms = len(samples) // FRAMES_PER_MS
        parts = max(1, -(-duration_ms // WINDOW_MS))
        edges = [duration_ms * part // parts for part in range(parts + 1)]
        for first, last in pairwise(edges):
            part = samples[first * FRAMES_PER_MS : last * FRAMES_PER_MS]
            self._hear_part(stretch, start_ms + first, part)
        self._new_ms += duration_ms
        return self._pieces(stretch)

    def regroup(self) -> tuple[Relabelled, ...]:
        """Group all voices heard so far anew; return the stretches that change hands.

        Speakers keep their numbers as far as what they said stays together.
        """
        self._new_ms = 0
        told = [said for row in self._said.values() for said in row]
        known = [said for said in told if said.voiceprint is not None]
        centres = self._centres(known)
        if not len(centres):
            return ()
        likeness = np.stack([_print(said) for said in known]) @ centres.T
        groups = likeness.argmax(axis=1)
        numbers = renumbered(
            (said.speaker, int(group), said.run.duration_ms)
            for said, group in zip(known, groups, strict=True)
        )
        changed = {
            said.stretch: None
            for said, group, row in zip(known, groups, likeness, strict=True)
            if _gives_away(said, int(group), row, numbers)
        }
        self._sums = {number: _sum_of(known, number) for number in {s.speaker for s in known}}
        return tuple(Relabelled(stretch=name, pieces=self._pieces(name)) for name in changed)

    def _hear_part(self, stretch: str, start_ms: int, samples: Samples) -> None:
        self._recent.add(start_ms, samples)
        whole = (start_ms, start_ms + len(samples) // FRAMES_PER_MS)
        exchange = exchange_in(self._models, self._recent, whole)
        voices = {number: unit(total) for number, total in self._sums.items()}
        heard = RecentVoices(self._models, self._recent, whole).hear(exchange.runs, voices)
        prints = local_prints(self._by_local(heard, exchange.before))
        guessed = guess(prints, voices, self._count.usual)
        speaker = self._latest[-1].speaker if self._latest else 0
        for run, voiceprint in heard:
            speaker = guessed.get(run.local, speaker)
            said = Said(stretch=stretch, run=run, voiceprint=voiceprint, speaker=speaker)
            said.speaker = _second_guess(said, voices)
            self._keep(said)

    def _by_local(
        self, heard: Iterable[tuple[Run, Array | None]], before: Iterable[Run]
    ) -> dict[int, list[tuple[Array, float]]]:
        """Return what each local voice of the window said, in the stretch and before it."""
        found: dict[int, list[tuple[Array, float]]] = {}
        for run, voiceprint in heard:
            if voiceprint is not None:
                found.setdefault(run.local, []).append((voiceprint, run.duration_ms / 1000))
        for run in before:
            place = (run.start_ms, run.end_ms)
            for said in self._latest:
                common = overlap_ms(place, (said.run.start_ms, said.run.end_ms))
                if said.voiceprint is not None and common >= SHORTEST_COMMON_MS:
                    found.setdefault(run.local, []).append((said.voiceprint, common / 1000))
        return found

    def _keep(self, said: Said) -> None:
        self._said.setdefault(said.stretch, []).append(said)
        self._latest = [*self._latest, said][-RECENT_RUNS:]
        if said.voiceprint is not None:
            before = self._sums.get(said.speaker, np.float32(0.0))
            self._sums[said.speaker] = before + said.voiceprint * said.weight

    def _centres(self, known: Iterable[Said]) -> Array:
        """Return the mean voiceprint of each voice that the runs with a print make."""
        longest = sorted(known, key=lambda said: -said.run.duration_ms)[:MOST_GROUPED]
        for least_ms in (TELLING_MS, LEAST_MS, 0):
            chosen = [said for said in longest if said.run.duration_ms >= least_ms]
            if len(chosen) > 1:
                break
        if not chosen:
            return np.zeros((0, 0), np.float32)
        seconds = np.array([float(said.weight) for said in chosen])
        return group_voices(np.stack([_print(s) for s in chosen]), seconds, self._count)

    def _pieces(self, stretch: str) -> tuple[VoicePiece, ...]:
        """Return who speaks in a stretch, neighbours of one voice as one."""
        pieces: list[VoicePiece] = []
        for said in self._said[stretch]:
            start_ms = said.run.start_ms
            if pieces and pieces[-1].speaker == said.speaker:
                start_ms = pieces.pop().start_ms
            pieces.append(
                VoicePiece(start_ms=start_ms, end_ms=said.run.end_ms, speaker=said.speaker)
            )
        return tuple(pieces)


def _second_guess(said: Said, voices: Mapping[int, Array]) -> int:
    """Return the speaker of a run: the local voice's, unless another is clearly nearer."""
    if said.voiceprint is None or said.run.duration_ms < TELLING_MS or said.speaker not in voices:
        return said.speaker
    likeness = {number: float(voice @ said.voiceprint) for number, voice in voices.items()}
    best = max(likeness, key=lambda number: likeness[number])
    is_clear = likeness[best] - likeness[said.speaker] > GUESSING_MARGIN
    return best if is_clear else said.speaker


def _gives_away(said: Said, group: int, row: Array, numbers: Mapping[int, int]) -> bool:
    """Give a run to another speaker when that is clear enough; say whether it was."""
    shown = next((g for g, number in numbers.items() if number == said.speaker), None)
    margin = MARGIN if said.run.duration_ms >= TELLING_MS else GUESSING_MARGIN
    if shown is not None and row[group] - row[shown] <= margin:
        return False
    said.speaker, before = numbers[group], said.speaker
    return said.speaker != before


def _print(said: Said) -> Array:
    assert said.voiceprint is not None
    return said.voiceprint


def _sum_of(known: Iterable[Said], number: int) -> Array:
    own = [_print(said) * said.weight for said in known if said.speaker == number]
    return np.asarray(np.sum(own, axis=0), dtype=np.float32)
