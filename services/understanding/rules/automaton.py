"""Phrases as one machine that reads words: all ways of all phrases are followed at once.

States stand for sets of places in the phrases and come into being when they are first reached, as
in RE2; then a word costs one look-up, however many phrases there are. No way is tried again, and no
match is longer than its phrase, so reading takes time in proportion to the text. What has come into
being is bounded: when there is too much of it, it is forgotten and begun anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from services.understanding.rules.patterns import InOrder
from services.understanding.rules.phrase_net import PhraseNet, Test
from services.understanding.rules.spoken_numbers import may_begin_number

Ends = Mapping[int, int]
"""Where a phrase starts, in order, and the place behind the longest match from there."""

# Places, steps and words, of about 130 bytes each; on very different texts the shipped rules come
# to a quarter of a million of them, a single phrase to a few hundred.
MOST_REMEMBERED = 300_000
_REMEMBERED = 2_000
_REMEMBERED_PER_PLACE = 30

# A word's code is its class, shifted, and these bits.
_CLASS = 3
_BEGINS_NUMBER = 4
_NOT_BEHIND_STOP = 2
_NOT_BEFORE_STOP = 1
_INSIDE_SENTENCE = _NOT_BEHIND_STOP | _NOT_BEFORE_STOP
_NOT_STOPPED = bytes(0 if sign == ord(".") else 1 for sign in range(256))


class Words(Protocol):
    """Words in a row, ``marks`` with a sign for what follows each: "." a sentence's end.

    ``numbers`` tells where numbers start: the place behind each, and how many digits it has.
    """

    @property
    def texts(self) -> Sequence[str]: ...
    @property
    def marks(self) -> str: ...
    @property
    def numbers(self) -> Mapping[int, tuple[int, int]]: ...


class Automaton:
    """Phrases, ready to be looked for together; made once and shared."""

    def __init__(self, phrases: Iterable[InOrder], *, most_remembered: int | None = None) -> None:
        """Take these phrases, numbered from 0; remember not many more steps and places than so."""
        self._net = PhraseNet(phrases)
        of_size = _REMEMBERED + _REMEMBERED_PER_PLACE * len(self._net.steps)
        self._most_remembered = most_remembered or min(MOST_REMEMBERED, of_size)
        self._memory = _Memory(self._net)

    def found(self, words: Words) -> Mapping[int, Ends]:
        """Return where each phrase stands: of the longest match from there, its end."""
        memory = self._with_room()
        codes, first = memory.coded(words), memory.first
        found: dict[int, dict[int, int]] = {}
        for start in range(len(codes) - 1):
            state = first[codes[start]]
            if state is _NOWHERE and not first.accepts:
                continue
            before, at = first, start
            ends = dict.fromkeys(first.accepts, start) if first.accepts else {}
            while state is not _NOWHERE:
                if state is _BY_NUMBER:
                    if before.by_number(words, at)[1]:
                        ends = _ends(memory, words, codes, start)
                        break
                    state = before[codes[at] & ~_BEGINS_NUMBER]
                    continue
                at += 1
                if state.accepts:
                    for phrase in state.accepts:
                        ends[phrase] = at
                before, state = state, state[codes[at]]
            if ends:
                for phrase, end in ends.items():
                    found.setdefault(phrase, {})[start] = end
        return found

    @property
    def remembered(self) -> int:
        """How many steps, places and words are remembered at the moment."""
        return self._memory.entries

    def _with_room(self) -> "_Memory":
        # Whoever reads with the one before keeps it: states and codes belong together.
        if self._memory.entries > self._most_remembered:
            self._memory = _Memory(self._net)
        return self._memory


def _ends(memory: "_Memory", words: Words, codes: Sequence[int], start: int) -> dict[int, int]:
    """Return the ends of the longest matches that start here, by phrase, numbers among them.

    A number is several words that are taken at once, so that ways part and meet again.
    """
    ends: dict[int, int] = {}
    waiting: dict[int, frozenset[int]] = {}
    at, state = start, memory.first
    while True:
        for phrase in state.accepts:
            ends[phrase] = at
        if at < len(codes) - 1:
            behind, thens = state.by_number(words, at) if state.numbers else (0, [])
            for place, members in (
                (at + 1, state[codes[at] & ~_BEGINS_NUMBER].members),
                (behind, memory.net.closure(thens)),
            ):
                if members:
                    waiting[place] = waiting.get(place, frozenset()) | members
        if not waiting:
            return ends
        at = min(waiting)
        state = memory.state(waiting.pop(at))


class _Memory:
    """The states and codes that have come into being; ``entries`` tells how much that is."""

    def __init__(self, net: "PhraseNet") -> None:
        self.net = net
        self.entries = 0
        self.codes = _Codes(net)
        self._states: dict[frozenset[int], _State] = {}
        self.first = _State(self, net.closure((0,)), begins=True)

    def state(self, members: frozenset[int]) -> "_State":
        """Return the state that stands for these places."""
        if not members:
            return _NOWHERE
        known = self._states.get(members)
        if known is None:
            known = self._states[members] = _State(self, members)
            self.entries += len(members)
        return known

    def coded(self, words: Words) -> list[int]:
        """Return the code of each word, and one behind them that leads nowhere."""
        before_stop = words.marks.encode().translate(_NOT_STOPPED)
        signs = zip(
            map(self.codes.__getitem__, words.texts), before_stop, b"\1" + before_stop, strict=False
        )
        coded = [code + x + y + y for code, x, y in signs]
        coded.append(0)
        self.entries += self.codes.new()
        return coded


class _State(dict[int, "_State"]):
    """A set of places in phrases, and which state each code of a word leads to."""

    __slots__ = ("_by_test", "_gaps", "_memory", "accepts", "members", "numbers")

    def __init__(self, memory: _Memory, members: frozenset[int], *, begins: bool = False) -> None:
        super().__init__()
        self._memory, self.members = memory, members
        net = memory.net
        self._by_test: dict[Test, list[int]] = {}
        for member in members:
            for test, then in net.steps[member]:
                self._by_test.setdefault(test, []).append(then)
        # Words in between stand between two words: no match starts with one of them.
        gaps = () if begins else members
        self._gaps = [then for member in gaps for then in net.gaps.get(member, ())]
        self.accepts = tuple(net.finals[member] for member in members if member in net.finals)
        self.numbers = tuple(step for member in members for step in net.numbers.get(member, ()))

    def by_number(self, words: Words, at: int) -> tuple[int, list[int]]:
        """Return the place behind a number that starts here, and the places in phrases then."""
        behind, digits = words.numbers.get(at, (0, 0))
        return behind, [
            then
            for test, then in self.numbers
            if digits >= test.least and (test.most is None or digits <= test.most)
        ]

    def __missing__(self, code: int) -> "_State":
        memory = self._memory
        if code & _BEGINS_NUMBER and self.numbers:
            state = _BY_NUMBER
        else:
            by_test = self._by_test
            tests = memory.codes.tests[code >> _CLASS]
            reached = [then for test in tests for then in by_test.get(test, ())]
            if code & _INSIDE_SENTENCE == _INSIDE_SENTENCE:
                reached += self._gaps
            state = memory.state(memory.net.closure(reached)) if reached else _NOWHERE
        self[code] = state
        memory.entries += 1
        return state


class _Codes(dict[str, int]):
    """A code for each word: words that pass the same tests have the same."""

    def __init__(self, net: "PhraseNet") -> None:
        super().__init__()
        self._net = net
        self._counted = 0
        self._classes: dict[tuple[Test, ...], int] = {(): 0}
        self.tests: list[tuple[Test, ...]] = [()]

    def new(self) -> int:
        """Return how many words have come since this was asked for the last time."""
        before, self._counted = self._counted, len(self)
        return self._counted - before

    def __missing__(self, word: str) -> int:
        net = self._net
        tests: list[Test] = [word] if word in net.words else []
        for size in range(len(word) + 1):
            tests += [form for form in net.forms.get(word[:size], ()) if form.fits(word)]
        number = self._classes.setdefault(tuple(tests), len(self.tests))
        if number == len(self.tests):
            self.tests.append(tuple(tests))
        code = number << _CLASS
        if net.numbers and may_begin_number(word):
            code |= _BEGINS_NUMBER
        self[word] = code
        return code


_NOTHING = _Memory(PhraseNet(()))
_NOWHERE, _BY_NUMBER = _State(_NOTHING, frozenset()), _State(_NOTHING, frozenset())
