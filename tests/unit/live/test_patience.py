"""How long a call is waited for, by its state."""

import pytest

from services.domain.live_calls import LiveState
from services.live.patience import HoldingLimits, Patience

LIMITS = HoldingLimits(away_end_s=60.0, pause_end_s=600.0, most_ms=5_000)
BEGAN_S = 1_000.0


def at_end(patience: Patience, state: LiveState, after_s: float, *, has_page: bool = True) -> bool:
    return patience.is_at_end(state, BEGAN_S + after_s, has_page=has_page)


def test_without_sound_a_call_is_late_then_away_then_at_its_end() -> None:
    patience = Patience(LIMITS, BEGAN_S)
    patience.heard(BEGAN_S + 10)
    moments = (10.9, 12, 16, 71)
    assert [patience.is_late(BEGAN_S + s) for s in moments] == [False, True, True, True]
    assert [patience.is_away(BEGAN_S + s) for s in moments] == [False, False, True, True]
    assert [at_end(patience, LiveState.AWAY, s) for s in moments] == [False, False, False, True]


@pytest.mark.parametrize(("has_page", "lasts_s"), [(True, 600), (False, 60)])
def test_a_pause_lasts_longer_with_its_page(has_page: bool, lasts_s: int) -> None:
    patience = Patience(LIMITS, BEGAN_S)
    patience.paused(BEGAN_S)
    patience.page_seen(BEGAN_S)
    assert not at_end(patience, LiveState.PAUSED, lasts_s, has_page=has_page)
    assert at_end(patience, LiveState.PAUSED, lasts_s + 1, has_page=has_page)


def test_an_end_that_is_asked_for_again_comes_no_later() -> None:
    patience = Patience(LIMITS, BEGAN_S)
    patience.want_end(BEGAN_S)
    patience.heard(BEGAN_S + 20)
    patience.want_end(BEGAN_S + 20)
    assert not at_end(patience, LiveState.RECORDING, 30)
    assert at_end(patience, LiveState.RECORDING, 31)


def test_last_words_are_given_up_once() -> None:
    patience = Patience(LIMITS, BEGAN_S)
    assert not patience.gives_up(BEGAN_S + 999)
    patience.finishing(BEGAN_S)
    assert not patience.gives_up(BEGAN_S + 120)
    assert patience.gives_up(BEGAN_S + 121)
    assert not patience.gives_up(BEGAN_S + 122)


def test_a_call_has_so_much_sound_at_most() -> None:
    patience = Patience(LIMITS, BEGAN_S)
    assert [patience.is_too_long(ms) for ms in (4_999, 5_000)] == [False, True]
