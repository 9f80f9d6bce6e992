"""Sessions are shared out among several recognisers."""

from services.domain.calls import ProcessingOptions
from services.live.recogniser.recognising import LiveOrder
from services.live.recogniser.sharing_out import SharedOut


class One:
    def __init__(self, name):
        self.name, self.done = name, []

    def open(self, order, listener):
        return f"sound {self.name}"

    def read(self, order, listener, known):
        return f"words {self.name}"

    def prepare(self):
        self.done.append("prepared")

    def close(self):
        self.done.append("closed")


def test_each_session_goes_to_the_next_in_turn() -> None:
    all_of_them = [One("a"), One("b")]
    shared = SharedOut(all_of_them)  # type: ignore[arg-type]
    order = LiveOrder(options=ProcessingOptions(provider="acs"))
    told: list = []
    assert [shared.read(order, told.append, []) for _ in range(3)] == [
        "words a",
        "words b",
        "words a",
    ]
    assert shared.open(order, told.append) == "sound b"
    shared.prepare()
    shared.close()
    assert [one.done for one in all_of_them] == [["prepared", "closed"]] * 2
