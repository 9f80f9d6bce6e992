"""What the channels of a recording are: two parties, one sound twice, a silent one, an echo."""

import math
from collections.abc import Sequence
from statistics import median

import numpy as np

from services.audio.levels import LEVEL_FRAME_MS, SILENCE_DBFS, Levels, frame_levels
from services.audio.likeness import BlockLikeness, compare_channels
from services.audio.quality import quality_findings
from services.audio.recording import SAMPLE_RATE, ChannelLayout, PcmReader
from services.domain.findings import Finding, FindingKind

# Same sound on both: alike in most of the energy, at a difference in level that stays put.
SAME_CORRELATION = 0.6
SAME_SHARE = 0.8
STEADY_DB = 6.0
CLEARLY_LOUDER_DB = 1.0
# A leak: alike while one party is this much louder, and clearly below it.
LEAK_CORRELATION = 0.4
LEAK_BELOW_DB = 12.0
LEAK_SHARE = 0.4
FEWEST_BLOCKS = 3
# A copy fainter than this is a leak, unless the channel never has anything else.
FAINTEST_SAME_DB = 15.0
OWN_VOICE_DB = 6.0
# A silent channel hardly ever rises above its own steady hiss or hum.
SILENT_DBFS = -60.0
BELOW_OTHER_DB = 40.0
ABOVE_STEADY_DB = 10.0
STEADY_PERCENTILE = 10.0
LOUDEST_STEADY_DBFS = -30.0
LOUD_PERCENTILE = 98.0
LEAST_SOUND_MS = 300
LEAST_SOUND_SHARE = 0.01


def examine_channels(
    pcm: PcmReader, *, source_rate: int = SAMPLE_RATE
) -> tuple[ChannelLayout, tuple[Finding, ...]]:
    """Say whether each party can be heard alone, and what is noticeable about the sound.

    ``source_rate`` is the file's own rate in Hz: telephone sound in an 8 kHz file is no finding.
    """
    levels = [frame_levels(pcm, channel) for channel in range(pcm.channels)]
    quality = quality_findings(pcm, levels, source_rate=source_rate)
    if pcm.channels == 1:
        return ChannelLayout.MIXED, quality
    layout, findings = _examine_pair(pcm, levels)
    return layout, (*findings, *quality)


def channel_to_hear(findings: Sequence[Finding], channels: int) -> int | None:
    """Return the one channel that holds the whole call when both parties are mixed.

    None means: take the mean of what there is. Adding up a delayed or inverted copy would
    hollow out the sound, so of equal channels the named one is taken.
    """
    if channels < 2:
        return None
    for finding in findings:
        if finding.kind is FindingKind.SILENT_CHANNEL and finding.channel is not None:
            return 1 - finding.channel
        if finding.kind is FindingKind.SAME_VOICE_ON_BOTH:
            return finding.channel
    return None


def leak_db(findings: Sequence[Finding], channel: int) -> float | None:
    """Return the level of the other party's echo on a channel against its origin, if measured."""
    for finding in findings:
        if finding.kind is FindingKind.LEAKAGE and finding.channel == channel:
            return finding.measured.get("leak_db")
    return None


def _examine_pair(
    pcm: PcmReader, levels: Sequence[Levels]
) -> tuple[ChannelLayout, tuple[Finding, ...]]:
    silent = _silent_channel(levels)
    if silent is not None:
        return ChannelLayout.MIXED, (silent,)
    blocks = compare_channels(pcm)
    same = _same_voice(blocks)
    if same is not None:
        return ChannelLayout.MIXED, (same,)
    leaks = [leak for channel in (0, 1) if (leak := _leak_onto(channel, blocks)) is not None]
    separate = Finding(
        kind=FindingKind.SEPARATE_CHANNELS,
        measured={"correlation": round(_weighted_correlation(blocks), 3)},
    )
    return ChannelLayout.SEPARATE, (separate, *leaks)


def _silent_channel(levels: Sequence[Levels]) -> Finding | None:
    loud = [_percentile(row, LOUD_PERCENTILE) for row in levels]
    for channel, other in ((0, 1), (1, 0)):
        # In a very quiet recording a voice may lie below what is silence elsewhere.
        silence = min(SILENT_DBFS, loud[other] - BELOW_OTHER_DB)
        if loud[other] > loud[channel] and _never_sounds(levels[channel], silence):
            measured = {"level_dbfs": round(loud[channel], 1)}
            return Finding(kind=FindingKind.SILENT_CHANNEL, channel=channel, measured=measured)
    return None


def _never_sounds(levels: Levels, silence_dbfs: float) -> bool:
    """Tell whether a channel holds nothing but its own steady noise.

    A party who speaks for seconds only is no silence, so time is counted, not a percentile.
    """
    steady = _percentile(levels, STEADY_PERCENTILE)
    if steady > LOUDEST_STEADY_DBFS:
        return False
    sounding = int((levels > max(silence_dbfs, steady + ABOVE_STEADY_DB)).sum()) * LEVEL_FRAME_MS
    return sounding < min(LEAST_SOUND_MS, LEAST_SOUND_SHARE * len(levels) * LEVEL_FRAME_MS)


def _percentile(levels: Levels, percentile: float) -> float:
    return float(np.percentile(levels, percentile)) if len(levels) else SILENCE_DBFS


def _same_voice(blocks: Sequence[BlockLikeness]) -> Finding | None:
    alike = [b for b in blocks if b.correlation >= SAME_CORRELATION]
    if not alike or _share(alike, blocks) < SAME_SHARE:
        return None
    usual = median(b.difference_db for b in alike)
    steady = [b for b in alike if abs(b.difference_db - usual) <= STEADY_DB]
    if _share(steady, blocks) < SAME_SHARE:
        return None
    if abs(usual) > FAINTEST_SAME_DB and _has_its_own_voice(usual, steady, blocks):
        return None
    measured = {
        "correlation": round(_weighted_correlation(steady), 3),
        "gain_db": round(usual, 1),
        "delay_ms": round(median(b.delay_ms for b in steady), 2),
    }
    louder = 1 if usual > CLEARLY_LOUDER_DB else 0
    return Finding(kind=FindingKind.SAME_VOICE_ON_BOTH, channel=louder, measured=measured)


def _has_its_own_voice(
    usual_db: float, copies: Sequence[BlockLikeness], blocks: Sequence[BlockLikeness]
) -> bool:
    """Tell whether the fainter channel is ever louder than all copies of the other one in it."""

    def faint_dbfs(block: BlockLikeness) -> float:
        return block.second_dbfs if usual_db < 0 else block.first_dbfs

    loudest_copy = max(map(faint_dbfs, copies))
    return any(faint_dbfs(block) > loudest_copy + OWN_VOICE_DB for block in blocks)


def _leak_onto(channel: int, blocks: Sequence[BlockLikeness]) -> Finding | None:
    sign = 1.0 if channel == 1 else -1.0
    below = [b for b in blocks if sign * b.difference_db <= -LEAK_BELOW_DB]
    alike = [b for b in below if b.correlation >= LEAK_CORRELATION]
    if len(alike) < FEWEST_BLOCKS or len(alike) < LEAK_SHARE * len(below):
        return None
    # Only the part that is alike is echo; the rest is the channel's own hiss.
    faint = median(sign * b.difference_db + 20.0 * math.log10(b.correlation) for b in alike)
    measured = {
        "leak_db": round(faint, 1),
        "delay_ms": round(sign * median(b.delay_ms for b in alike), 2),
    }
    return Finding(kind=FindingKind.LEAKAGE, channel=channel, measured=measured)


def _energy(block: BlockLikeness) -> float:
    """Weigh a block by amplitude: loud seconds count more, but don't drown all others."""
    return float(10.0 ** (max(block.first_dbfs, block.second_dbfs) / 20.0))


def _share(part: Sequence[BlockLikeness], whole: Sequence[BlockLikeness]) -> float:
    return sum(map(_energy, part)) / max(1e-12, sum(map(_energy, whole)))


def _weighted_correlation(blocks: Sequence[BlockLikeness]) -> float:
    total = sum(map(_energy, blocks))
    return sum(_energy(b) * b.correlation for b in blocks) / total if total else 0.0
