"""Both ways of a session hear the same call, so that their times can be compared."""

import pytest

from bench.layers import assemblyai, azure


@pytest.mark.parametrize(
    "made",
    [assemblyai.live, azure.live, azure.fast, lambda: azure.streamed(100, rounds=1)],
    ids=["assemblyai-live", "azure-live", "azure-fast", "azure-streamed"],
)
def test_both_ways_hear_the_same(made, monkeypatch):
    monkeypatch.setattr(azure, "WORK_S", 0.0)
    monkeypatch.setattr(azure, "FAST_SECONDS", 20)
    monkeypatch.setattr(azure, "STREAMED_SECONDS", 20)
    with made() as session:
        lines = session.bare()
        assert lines > 0
        assert session.ours() == lines
