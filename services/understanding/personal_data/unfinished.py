"""Tells from where on a line that is still being spoken can't be shown yet.

The beginning of a number, a name or an address is not known as such before the rest is heard. So
what could become one is held back until enough follows it, or until the line is finished.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import cache

from services.domain.speech import PiiMention, PiiType
from services.understanding.personal_data.numbers_elsewhere import number_words
from services.understanding.personal_data.reading import ENGLISH
from services.understanding.personal_data.subjects import Subject
from services.understanding.personal_data.tokens import (
    LETTER_NAMES,
    OH,
    PHONETIC,
    REPEATS,
    SCALES,
    Token,
    is_number,
    tokenise,
)
from services.understanding.personal_data.word_lists import first_names, surnames

WORDS_AFTER = 6
"""So many words after a number show that it is no part of something longer."""
_ANYTHING = frozenset({Subject.EMAIL, Subject.ADDRESS})
_JOINS = frozenset({"dot", "underscore", "hyphen", "dash", "slash", "@", "_"})
_ORDINALS = frozenset({
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
    "eighteenth", "nineteenth", "twentieth", "thirtieth",
})  # fmt: skip
_I = frozenset({"i", "i'm", "i've", "i'd", "i'll"})
_ENGLISH_WORDS = (PHONETIC, REPEATS, SCALES, OH, LETTER_NAMES, _ORDINALS)
_NO_LETTERS = frozenset({"a", "i"})
_SENTENCE_ENDS = frozenset({".", "?", "!", "…"})


def uncertain_from(
    text: str,
    mentions: Sequence[PiiMention],
    *,
    asked: Collection[Subject],
    cased: bool,
    language: str,
) -> int:
    """Return the place in the text from which on it is held back; its length when nothing is.

    ``mentions`` are what is found in it so far, ``asked`` what the call is waiting for. In an
    answer to a question for an e-mail address or an address, or for a name where names have no
    capitals, nothing is certain.
    """
    if _ANYTHING & set(asked) or (Subject.PERSON in asked and not cased):
        return 0
    tokens = [t for t in tokenise(text) if not _is_known(t, mentions)]
    awaited = any(subject is not Subject.PERSON for subject in asked)
    held = [_held_number(tokens, language, awaited=awaited), _held_name(tokens)]
    starts = [token.start for token in held if token is not None]
    return min([len(text), *starts, *_growing(tokens, mentions, awaited=awaited)])


def _growing(
    tokens: Sequence[Token], mentions: Sequence[PiiMention], *, awaited: bool
) -> Iterator[int]:
    """Yield the ends of mentions that may go on in the words after them.

    A single letter is no name yet: "K as in kilo".
    """
    for mention in mentions:
        if mention.end_char - mention.start_char == 1:
            yield mention.start_char
        if mention.type is PiiType.PERSON and not awaited:
            continue
        after = sum(t.start >= mention.end_char and t.text[0].isalnum() for t in tokens)
        if after < WORDS_AFTER:
            yield mention.end_char


def _is_known(token: Token, mentions: Sequence[PiiMention]) -> bool:
    return any(m.start_char < token.end and token.start < m.end_char for m in mentions)


def _held_number(tokens: Sequence[Token], language: str, *, awaited: bool) -> Token | None:
    """Return the first token of the earliest number that may go on; any, where one is awaited."""
    for at, token in enumerate(tokens):
        joins = token.lower in _JOINS
        if not joins and not _may_spell(token, language):
            continue
        words_after = sum(
            t.text[0].isalnum() and not _may_spell(t, language) for t in tokens[at + 1 :]
        )
        if awaited or words_after < WORDS_AFTER:
            return tokens[max(0, at - 1)] if joins else token
    return None


def _may_spell(token: Token, language: str) -> bool:
    """Whether a token can be a part of something that is read out in digits and letters."""
    if is_number(token) or any(c.isdigit() for c in token.text):
        return True
    low = token.lower
    if len(low) == 1 and low.isalpha():
        return low not in _NO_LETTERS
    if language != ENGLISH:
        return low in _number_words(language)
    return any(low in words for words in _ENGLISH_WORDS)


@cache
def _number_words(language: str) -> frozenset[str]:
    return frozenset(word for said in number_words(language) for word in said)


def _held_name(tokens: Sequence[Token]) -> Token | None:
    """Return the first of the capitalised words at the end that may be a name or part of one."""
    held: Token | None = None
    for at in range(len(tokens) - 1, -1, -1):
        token = tokens[at]
        if not token.is_word:
            if held is None and token.lower in _SENTENCE_ENDS | {","}:
                continue
            break
        if not token.is_capitalised or token.lower in _I:
            break
        opens = at == 0 or tokens[at - 1].lower in _SENTENCE_ENDS
        if opens and token.lower not in first_names() and token.lower not in surnames():
            break
        held = token
    return held
