"""The words that made-up talk is filled with: a few common ones often, thousands rarely."""

import random
from bisect import bisect
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path

_FILE = Path(__file__).with_name("words.txt")
COMPANIES = ("Harbor Energy", "Northwind Insurance", "Bluebell Telecom", "Oakline Bank")


@cache
def words(kind: str) -> tuple[str, ...]:
    """Return the words of a kind, such as ``place``, the most frequent first."""
    _, _, rest = _FILE.read_text("utf-8").partition(f"[{kind}]\n")
    return tuple(rest.partition("[")[0].split())


@cache
def brands() -> tuple[str, ...]:
    """Return some thousand invented names, of products, streets and the like."""
    made = [
        (begin + middle + end).capitalize()
        for begin in words("beginning")
        for middle in words("middle")
        for end in words("ending")
    ]
    random.Random("brands").shuffle(made)
    return tuple(made)


class Ranked:
    """Things of which the first are chosen often and the last rarely, as words are (Zipf)."""

    def __init__(self, of: Sequence[str]) -> None:
        """Take them in order of how often they come."""
        self._of = of
        self._sums = list(accumulate(1 / (rank + 2.7) for rank in range(len(of))))

    def choose(self, chance: random.Random) -> str:
        """Return one of them."""
        return self._of[bisect(self._sums, chance.random() * self._sums[-1])]
