"""Talk shares, roles, overlap and numbers of speakers against the truth."""

from dataclasses import replace

import pytest

from bench.scoring.parties import (
    Overlap,
    Roles,
    SpeakerCount,
    compare_overlap,
    compare_talk_shares,
    count_roles,
    count_speakers,
)
from services.domain.speech import SpeakerRole
from tests.builders import transcript
from tests.unit.bench.rulers import spans

PAIRS = {"agent": "s1", "customer": "s2"}
KNOWN = {"agent": SpeakerRole.AGENT, "customer": SpeakerRole.CUSTOMER}


class TestTalkShare:
    def test_is_compared_for_the_one_who_talks_most(self) -> None:
        true = spans("agent     ######....\n customer  ......####")
        heard = spans("s1        #####.....\n s2        .....#####")
        share = compare_talk_shares(true, heard, PAIRS)
        assert share is not None
        assert share.mean_points == pytest.approx(10.0)

    def test_a_party_that_was_not_heard_has_a_share_of_nothing(self) -> None:
        true = spans("agent     ######....\n customer  ......####")
        share = compare_talk_shares(true, spans("s2  ..........##"), {})
        assert share is not None
        assert share.mean_points == pytest.approx(60.0)

    def test_one_party_alone_has_no_share(self) -> None:
        assert compare_talk_shares(spans("agent  ####"), spans("s1  ##"), PAIRS) is None

    def test_pooled_keeps_mean_and_worst(self) -> None:
        true = spans("agent     ######....\n customer  ......####")
        good = compare_talk_shares(true, spans("s1  ######....\n s2  ......####"), PAIRS)
        bad = compare_talk_shares(true, spans("s1  #####.....\n s2  .....#####"), PAIRS)
        assert good is not None
        assert bad is not None
        assert (good + bad).mean_points == pytest.approx(5.0)
        assert (good + bad).worst_points == pytest.approx(10.0)


class TestRoles:
    def test_right_wrong_and_abstained(self) -> None:
        made = transcript()
        assert count_roles(KNOWN, made, PAIRS) == Roles(right=2, wrong=0, abstained=0)
        swapped = {"agent": "s2", "customer": "s1"}
        assert count_roles(KNOWN, made, swapped) == Roles(right=0, wrong=2, abstained=0)
        unsure = replace(
            made, speakers=tuple(replace(s, role=SpeakerRole.UNKNOWN) for s in made.speakers)
        )
        assert count_roles(KNOWN, unsure, PAIRS) == Roles(right=0, wrong=0, abstained=2)

    def test_a_party_that_was_not_heard_is_abstained(self) -> None:
        found = count_roles(KNOWN, transcript(), {"agent": "s1"})
        assert found == Roles(right=1, wrong=0, abstained=1)


def test_errors_in_number_and_overlap_do_not_cancel_out() -> None:
    few = count_speakers(spans("a  ##..\n b  ..##"), spans("x  ####"))
    many = count_speakers(spans("a  ####"), spans("x  ##..\n y  ..##"))
    assert few + many == SpeakerCount(files=2, true=3, heard=3, error=2)
    both = compare_overlap(1_000, 400) + compare_overlap(0, 600)
    assert both == Overlap(files=2, true_ms=1_000, error_ms=0, off_ms=1_200)
