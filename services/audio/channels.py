"""What the channels of a recording are: two parties, one sound twice, a silent one, an echo."""

import math
from collections.abc import Sequence
from statistics import median

import numpy as np

from services.audio.levels import SILENCE_DBFS, Levels, frame_levels
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
# A silent channel: its loud moments lie below this, or it has no moments, only a steady hiss.
SILENT_DBFS = -60.0
HISS_DBFS = -45.0
HISS_RANGE_DB = 8.0
FAR_BELOW_DB = 40.0
LOUD_PERCENTILE = 98.0
USUAL_PERCENTILE = 30.0


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
    usual = [_percentile(row, USUAL_PERCENTILE) for row in levels]
    for channel, other in ((0, 1), (1, 0)):
        silent = loud[channel] < SILENT_DBFS
        steady = loud[channel] - usual[channel] < HISS_RANGE_DB and loud[channel] < HISS_DBFS
        far_below = loud[channel] < loud[other] - FAR_BELOW_DB
        if loud[other] > loud[channel] and (silent or (steady and far_below) or steady):
            measured = {"level_dbfs": round(loud[channel], 1)}
            return Finding(kind=FindingKind.SILENT_CHANNEL, channel=channel, measured=measured)
    return None


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
    measured = {
        "correlation": round(_weighted_correlation(steady), 3),
        "gain_db": round(usual, 1),
        "delay_ms": round(median(b.delay_ms for b in steady), 2),
    }
    louder = 1 if usual > CLEARLY_LOUDER_DB else 0
    return Finding(kind=FindingKind.SAME_VOICE_ON_BOTH, channel=louder, measured=measured)


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
