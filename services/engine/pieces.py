"""A transcript's words as pieces that stay whole, and new lines made of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from services.domain.placeholders import placeholders_in
from services.domain.speech import PiiMention, Utterance, Word
from services.domain.word_places import Place, word_places


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What no new line may part: a word, or several that a mention of personal data spans.

    ``plain`` is its text as the utterance ``origin`` has it, ``lead`` the space before it;
    ``mentions`` count in characters of ``plain``. An utterance whose words are not known
    (``words`` empty), or are not those of its text, is one piece.
    """

    plain: str
    lead: str
    start_ms: int
    end_ms: int
    words: tuple[Word, ...]
    mentions: tuple[PiiMention, ...]
    origin: Utterance
    is_whole: bool

    @property
    def is_one_word(self) -> bool:
        """Whether this is a word like any other, and no personal data."""
        return len(self.words) == 1 and not (self.mentions or any(placeholders_in(self.plain)))


def pieces_of(utterances: Sequence[Utterance], *, until_ms: int) -> list[Piece]:
    """Cut utterances into pieces, in order of time; none reaches beyond ``until_ms``.

    Words of one utterance that all bear the same times have none of their own: they are spread
    over the utterance.
    """
    joint = _joint(utterances)
    pieces = [p for u in utterances for p in _cut(_within(u, until_ms), joint)]
    return sorted(pieces, key=lambda p: (p.start_ms, p.end_ms))


def line_of(pieces: Sequence[Piece], speaker: str | None, channel: int | None) -> Utterance:
    """Return the utterance that these pieces of one speaker make, without an id.

    It says how sure recognition was only where that is known: for an utterance that stayed as it
    was, or when every word has a confidence of its own.
    """
    text, mentions = "", []
    for piece in pieces:
        text += piece.lead if text else ""
        mentions += [_moved(m, len(text)) for m in piece.mentions]
        text += piece.plain
    words = tuple(word for piece in pieces for word in piece.words)
    origin = pieces[0].origin
    unchanged = text == origin.text and all(p.origin is origin for p in pieces)
    places = [(p.start_ms, p.end_ms) for p in pieces]
    places += [(origin.start_ms, origin.end_ms)] if unchanged else []
    start_ms = min(start for start, _ in places)
    return Utterance(
        id="",
        speaker=speaker,
        channel=channel,
        start_ms=start_ms,
        end_ms=max(start_ms + 1, *(end for _, end in places)),
        text=text,
        confidence=origin.confidence if unchanged else _mean_confidence(words),
        words=words,
        provider_sentiment=origin.provider_sentiment if unchanged else None,
        pii=tuple(mentions),
    )


def _within(utterance: Utterance, until_ms: int) -> Utterance:
    """Return the utterance with its text bare and all its times before ``until_ms``."""
    start, end = _clipped(utterance.start_ms, utterance.end_ms, until_ms)
    words = []
    for word in utterance.words:
        word_start, word_end = _clipped(word.start_ms, word.end_ms, until_ms)
        words.append(replace(word, start_ms=word_start, end_ms=word_end))
    indent = len(utterance.text) - len(utterance.text.lstrip())
    return replace(
        utterance,
        start_ms=start,
        end_ms=end,
        text=utterance.text.strip(),
        words=tuple(words),
        pii=tuple(_moved(m, -indent) for m in utterance.pii),
    )


def _clipped(start_ms: int, end_ms: int, until_ms: int) -> tuple[int, int]:
    start = max(0, min(start_ms, until_ms - 1))
    return start, max(start, min(end_ms, until_ms))


def _cut(utterance: Utterance, joint: str) -> Iterable[Piece]:
    text = utterance.text
    if not text:
        return
    words = _timed(utterance)
    places = word_places(words, text)
    if not words or not places:
        yield _piece(utterance, words, (0, len(text)), joint, is_whole=True)
        return
    edges = [0, *(start for start, _ in places[1:]), len(text)]
    mentions = [(m.start_char, m.end_char) for m in (*utterance.pii, *placeholders_in(text))]
    firsts = [n for n in range(len(words)) if not any(a < edges[n] < b for a, b in mentions)]
    for first, following in zip(firsts, [*firsts[1:], len(words)], strict=True):
        place = (edges[first], edges[following])
        lead = text[places[first - 1][1] : edges[first]] if first else joint
        yield _piece(utterance, words[first:following], place, lead, is_whole=False)


def _piece(
    utterance: Utterance, words: Sequence[Word], place: Place, lead: str, *, is_whole: bool
) -> Piece:
    start, end = place
    return Piece(
        plain=utterance.text[start:end].rstrip(),
        lead=lead,
        start_ms=min((w.start_ms for w in words), default=utterance.start_ms),
        end_ms=max((w.end_ms for w in words), default=utterance.end_ms),
        words=tuple(words),
        mentions=tuple(_moved(m, -start) for m in utterance.pii if start <= m.start_char < end),
        origin=utterance,
        is_whole=is_whole,
    )


def _timed(utterance: Utterance) -> tuple[Word, ...]:
    """Return the words with times: spread by their length where they have none of their own."""
    words = utterance.words
    if len(words) < 2 or len({(w.start_ms, w.end_ms) for w in words}) > 1:
        return words
    start, length = utterance.start_ms, utterance.end_ms - utterance.start_ms
    whole = max(1, sum(len(w.text) for w in words))
    spread, passed = [], 0
    for word in words:
        begin = start + length * passed // whole
        passed += len(word.text)
        spread.append(replace(word, start_ms=begin, end_ms=start + length * passed // whole))
    return tuple(spread)


def _joint(utterances: Sequence[Utterance]) -> str:
    """Return what stands between two utterances that become one: nothing in unspaced writing."""
    several = [u.text.split() for u in utterances if len(u.words) > 1]
    return "" if several and all(len(tokens) == 1 for tokens in several) else " "


def _moved(mention: PiiMention, by: int) -> PiiMention:
    return replace(mention, start_char=mention.start_char + by, end_char=mention.end_char + by)


def _mean_confidence(words: Sequence[Word]) -> float | None:
    known = [w.confidence for w in words if w.confidence is not None]
    return round(sum(known) / len(known), 3) if known and len(known) == len(words) else None
