"""Which ids have come already."""

from services.telephony.streaming.seen import SeenIds


def test_an_id_counts_once():
    now_s = [0.0]
    seen = SeenIds(most=3, kept_s=100.0, clock=lambda: now_s[0])
    assert seen.is_new("a")
    assert not seen.is_new("a")
    now_s[0] = 100.0
    assert seen.is_new("a")
    assert [seen.is_new(one) for one in "bcd"] == [True, True, True]
    assert seen.is_new("a")
