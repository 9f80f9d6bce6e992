"""What rules ask about a call, as it is stored: figures, the words of each role, and word times.

The lines' texts are not stored again: they lie in ``shown_utterances``.
"""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

from services.domain.intervals import Interval
from services.domain.rules import CallFacts, Evidence, Moment, SentimentOf
from services.domain.speech import SpeakerRole, Utterance, Word
from services.domain.word_places import word_places
from services.storage.forms import pack

_decode = json.JSONDecoder().decode
RoleWords = Mapping[SpeakerRole, frozenset[str]]
Line = tuple[str | None, list[int]]
"""A line's speaker, and for each word: blanks before it, characters, start and length in ms."""

_ROLES = {role.value: role for role in SpeakerRole}
_SENTIMENTS = {of.value: of for of in SentimentOf}


def pack_facts(facts: CallFacts) -> str:
    """Return all but the lines as text."""
    return pack(
        [
            facts.language,
            facts.covered,
            facts.starts_late,
            facts.ends_early,
            {speaker: role.value for speaker, role in facts.roles.items()},
            facts.silences,
            facts.dead_air,
            facts.holds,
            [[m.by.value, m.start_ms, m.end_ms] for m in facts.interruptions],
            {role.value: share for role, share in facts.talk_share.items()},
            [[of.value, role and role.value, x] for (of, role), x in facts.sentiment.items()],
        ]
    )


def unpack_facts(text: str, utterances: tuple[Utterance, ...] = ()) -> CallFacts:
    """Return the facts that ``pack_facts`` wrote, with these lines."""
    language, covered, late, early, roles, silences, dead_air, holds, moments, talk, moods = (
        _decode(text)
    )
    return CallFacts(
        utterances=utterances,
        roles={speaker: _ROLES[role] for speaker, role in roles.items()},
        covered=(covered[0], covered[1]),
        starts_late=late,
        ends_early=early,
        language=language,
        silences=_intervals(silences),
        dead_air=_intervals(dead_air),
        holds=_intervals(holds),
        interruptions=tuple(Moment(by=_ROLES[b], start_ms=s, end_ms=e) for b, s, e in moments),
        talk_share={_ROLES[role]: share for role, share in talk.items()},
        sentiment={(_SENTIMENTS[o], _ROLES[r] if r else None): x for o, r, x in moods},
    )


def _intervals(pairs: Iterable[Sequence[int]]) -> tuple[Interval, ...]:
    return tuple((start, end) for start, end in pairs)


def pack_words(spoken: RoleWords) -> str:
    """Return the words of each role: a line each, the role before them."""
    return "\n".join(" ".join((role.value, *sorted(words))) for role, words in spoken.items())


def unpack_words(text: str) -> dict[SpeakerRole, frozenset[str]]:
    """Return the words that ``pack_words`` wrote."""
    found: dict[SpeakerRole, frozenset[str]] = {}
    for line in text.split("\n") if text else ():
        role, *words = line.split(" ")
        found[_ROLES[role]] = frozenset(words)
    return found


def pack_lines(utterances: Iterable[Utterance]) -> bytes:
    """Return who says each line, and when its words are said."""
    form = [[u.speaker, _timed(u)] for u in utterances]
    return zlib.compress(pack(form).encode(), 1)


def unpack_lines(packed: bytes) -> list[Line]:
    """Return the lines that ``pack_lines`` wrote."""
    found: list[Line] = _decode(zlib.decompress(packed).decode())
    return found


def _timed(utterance: Utterance) -> list[int]:
    places = word_places(utterance.words, utterance.text) if utterance.words else None
    found: list[int] = []
    behind = 0
    for word, (start, end) in zip(utterance.words, places or (), strict=False):
        start_ms = word.start_ms - utterance.start_ms
        found += (start - behind, end - start, start_ms, word.end_ms - word.start_ms)
        behind = end
    return found


class TimedWords(Sequence[Word]):
    """The words of a stored line, read when they are first asked for."""

    def __init__(self, text: str, start_ms: int, timed: Sequence[int]) -> None:
        """Take a line's text, its start, and its words as ``pack_lines`` wrote them."""
        self._text, self._start_ms, self._timed = text, start_ms, timed
        self._words: list[Word] | None = None

    def __len__(self) -> int:
        """How many words there are."""
        return len(self._timed) // 4

    @overload
    def __getitem__(self, at: int) -> Word: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Word]: ...
    def __getitem__(self, at: int | slice) -> Word | Sequence[Word]:
        """Return a word."""
        if self._words is None:
            self._words = self._read()
        return self._words[at]

    def _read(self) -> list[Word]:
        words, at = [], 0
        for n in range(0, len(self._timed), 4):
            blanks, size, start_ms, lasts_ms = self._timed[n : n + 4]
            start, at = at + blanks, at + blanks + size
            begins = self._start_ms + start_ms
            words.append(Word(text=self._text[start:at], start_ms=begins, end_ms=begins + lasts_ms))
        return words


def pack_evidence(evidence: Iterable[Evidence]) -> str:
    """Return why a rule applies as text."""
    return pack(
        [[e.start_ms, e.end_ms, e.why, e.utterance, e.start_char, e.end_char] for e in evidence]
    )


def unpack_evidence(text: str) -> tuple[Evidence, ...]:
    """Return the evidence that ``pack_evidence`` wrote."""
    rows: list[list[Any]] = _decode(text)
    return tuple(
        Evidence(start_ms=s, end_ms=e, why=why, utterance=u, start_char=a, end_char=b)
        for s, e, why, u, a, b in rows
    )
