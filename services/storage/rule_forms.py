"""What rules ask about a call, as it is stored: figures, words, and the lines to quote from.

Words are kept as rules compare them, so that a changed rule need not fold all calls again: the
different ones of each role, which decide most rules, and all of them in a row.
"""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, overload

from services.domain.intervals import Interval
from services.domain.rules import CallFacts, Evidence, Moment, SentimentOf, SpokenPassage
from services.domain.speech import Sentiment, SentimentLabel, SpeakerRole, Utterance
from services.domain.word_places import TimedPlace, timed_places
from services.storage.forms import pack

_decode = json.JSONDecoder().decode
RoleWords = Mapping[SpeakerRole, frozenset[str]]
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


def unpack_facts(text: str, utterances: Sequence[Utterance] = ()) -> CallFacts:
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


def pack_passages(passages: Iterable[SpokenPassage]) -> bytes:
    """Return what was said, word by word: a line for each passage."""
    rows = (
        "\t".join(
            (
                passage.role.value,
                " ".join(map(str, passage.lines)),
                " ".join(map(str, passage.sizes)),
                passage.marks,
                " ".join(passage.texts),
            )
        )
        for passage in passages
    )
    return zlib.compress("\n".join(rows).encode(), 1)


def unpack_passages(packed: bytes) -> list[SpokenPassage]:
    """Return the passages that ``pack_passages`` wrote."""
    text = zlib.decompress(packed).decode()
    found = []
    for row in text.split("\n") if text else ():
        role, lines, sizes, marks, words = row.split("\t")
        found.append(
            SpokenPassage(
                _ROLES[role],
                tuple(map(int, lines.split(" "))),
                tuple(map(int, sizes.split(" "))),
                marks,
                tuple(words.split(" ")) if words else (),
            )
        )
    return found


def pack_lines(utterances: Iterable[Utterance]) -> bytes:
    """Return the lines of a call as quoting asks about them."""
    form = [
        [
            u.id,
            u.speaker,
            u.start_ms,
            u.end_ms,
            u.text,
            u.sentiment.score if u.sentiment else None,
            u.is_backchannel,
            " ".join(map(str, _timed(u))),
        ]
        for u in utterances
    ]
    return zlib.compress(pack(form).encode("utf-8", "replace"), 1)


def _timed(utterance: Utterance) -> list[int]:
    """Return for each word: blanks before it, characters, start in the line and length in ms."""
    found: list[int] = []
    behind = 0
    for start, end, start_ms, end_ms in timed_places(utterance.words, utterance.text):
        found += (start - behind, end - start, start_ms - utterance.start_ms, end_ms - start_ms)
        behind = end
    return found


class KeptLines(Sequence[Utterance]):
    """The lines that ``pack_lines`` wrote, unpacked when they are first asked for.

    They have no words; ``timed`` tells where and when these are.
    """

    def __init__(self, packed: bytes) -> None:
        """Take the lines of a call."""
        self._packed = packed
        self._read: dict[int, Utterance] = {}

    @cached_property
    def _rows(self) -> list[list[Any]]:
        rows: list[list[Any]] = _decode(zlib.decompress(self._packed).decode())
        return rows

    def __len__(self) -> int:
        """How many lines there are."""
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> Utterance: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Utterance]: ...
    def __getitem__(self, at: int | slice) -> Utterance | Sequence[Utterance]:
        """Return a line."""
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        line = self._read.get(at)
        if line is None:
            line = self._read[at] = _line(self._rows[at])
        return line

    def timed(self, at: int) -> list[TimedPlace]:
        """Return where the words of a line stand in it, and when they are said."""
        row = self._rows[at]
        start_ms, numbers = row[2], list(map(int, row[7].split()))
        found: list[TimedPlace] = []
        behind = 0
        for n in range(0, len(numbers), 4):
            blanks, size, begins_ms, lasts_ms = numbers[n : n + 4]
            start, behind = behind + blanks, behind + blanks + size
            begins = start_ms + begins_ms
            found.append((start, behind, begins, begins + lasts_ms))
        return found


def _line(row: Sequence[Any]) -> Utterance:
    utterance_id, speaker, start_ms, end_ms, text, score, is_backchannel, _ = row
    return Utterance(
        id=utterance_id,
        speaker=speaker,
        start_ms=start_ms,
        end_ms=end_ms,
        text=text,
        # Rules ask for scores; whether one counts as positive or negative is not kept with lines.
        sentiment=None if score is None else _mood(score),
        is_backchannel=is_backchannel,
    )


def _mood(score: float) -> Sentiment:
    return Sentiment(label=SentimentLabel.NEUTRAL, score=score)


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
