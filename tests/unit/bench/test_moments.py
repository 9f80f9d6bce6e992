"""Interruptions, holds and dead air against the truth."""

from bench.scoring.moments import Coverage, Matches, cover, match_interruptions
from services.domain.metrics import Interruption

PAIRS = {"agent": "s1", "customer": "s2"}


def by(speaker: str, *starts_ms: int) -> list[Interruption]:
    return [Interruption(by=speaker, start_ms=at, end_ms=at + 500) for at in starts_ms]


class TestInterruptions:
    def test_starts_within_a_second_of_the_same_speaker_match(self) -> None:
        true = [*by("customer", 10_000, 20_000), *by("agent", 30_000)]
        claimed = [*by("s2", 11_000, 21_001), *by("s2", 30_000)]
        # 10 s: exactly a second off, 20 s: a millisecond too far, 30 s: the other speaker
        found = match_interruptions(true, claimed, PAIRS)
        assert found == Matches(true=3, claimed=3, matched=1)

    def test_each_is_matched_once(self) -> None:
        found = match_interruptions(by("agent", 1_000), by("s1", 800, 1_200), PAIRS)
        assert found == Matches(true=1, claimed=2, matched=1)
        assert (found.precision, found.recall) == (0.5, 1.0)
        assert found.f1 == 2 / 3

    def test_a_speaker_who_was_not_heard_matches_nobody(self) -> None:
        found = match_interruptions(by("agent", 1_000), by("s1", 1_000), {})
        assert found.matched == 0

    def test_no_interruption_at_all_has_no_rate(self) -> None:
        found = match_interruptions([], [], PAIRS)
        assert (found.precision, found.recall, found.f1) == (None, None, None)


class TestCoverage:
    def test_counts_time_that_both_cover(self) -> None:
        # true     ....########....##..
        # claimed  ..######....##......
        found = cover([(2_000, 6_000), (8_000, 9_000)], [(1_000, 4_000), (6_000, 7_000)])
        assert found == Coverage(true_ms=5_000, claimed_ms=4_000, common_ms=2_000)
        assert found.recall == 0.4

    def test_nothing_to_find_has_no_recall(self) -> None:
        assert cover([], [(0, 1_000)]).recall is None
