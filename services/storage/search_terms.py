"""A query for words in the language of each index, and as a test on the words of one line.

Folded words are letters and digits only, so none can be taken for an operator.
"""

from sqlalchemy import ColumnElement, Text, and_, func, literal, literal_column, or_, true

from services.domain.searching import Phrase, WordQuery
from services.storage.search_tables import FTS_TABLE, SHOWN_UTTERANCES, TSVECTOR_COLUMN

_WORDS = SHOWN_UTTERANCES.c.words
# In the order in which they are put into a text, to see which words it surely has: folding parts
# words at two apostrophes, and joins what is about a single one.
_PLAINER = (("’", "'"), ("''", " "), ("'", ""), *((mark, " ") for mark in '.,?!;:-"'))


def fits_fts5(wanted: WordQuery) -> ColumnElement[bool]:
    """Return the condition that SQLite's index looks up."""

    def phrase(words: Phrase) -> str:
        *first, last = words
        plain = " ".join((*first, last.removesuffix("*")))
        return f'"{plain}"' + (" *" if last.endswith("*") else "")

    sought = " AND ".join(f"({' OR '.join(map(phrase, group))})" for group in wanted.groups)
    return literal_column(FTS_TABLE, Text).op("MATCH", is_comparison=True)(sought)


def fits_tsvector(wanted: WordQuery, *, by_index: bool = True) -> ColumnElement[bool]:
    """Return the condition that PostgreSQL's index looks up, or that it tests one line by."""

    def word(folded: str) -> str:
        return f"'{folded.removesuffix('*')}'" + (":*" if folded.endswith("*") else "")

    def phrase(words: Phrase) -> str:
        return f"({' <-> '.join(map(word, words))})"

    sought = " & ".join(f"({' | '.join(map(phrase, group))})" for group in wanted.groups)
    index = literal_column(f"{SHOWN_UTTERANCES.name}.{TSVECTOR_COLUMN}", Text)
    fits = index.op("@@", is_comparison=True)(func.to_tsquery("simple", sought))
    # An index is never used for a condition in this form.
    return fits if by_index else fits.self_group().is_(true())


def holds_words(wanted: WordQuery) -> ColumnElement[bool]:
    """Return the condition by which SQLite tests a line without its index."""
    spaced = literal(" ") + _WORDS + literal(" ")

    def phrase(words: Phrase) -> ColumnElement[bool]:
        return func.instr(spaced, _spaced(words)) > 0

    return and_(*(or_(*map(phrase, group)) for group in wanted.groups))


def lacks_words(wanted: WordQuery) -> list[ColumnElement[bool]]:
    """Return conditions that leave out most lines with words that must not occur, and no other.

    Indexed words go on into the next line, where such words may well stand: so it is the line's
    text that is looked at, and only as closely as databases can.
    """
    if not wanted.without:
        return []
    plain: ColumnElement[str] = func.lower(SHOWN_UTTERANCES.c.text)
    for written, read in _PLAINER:
        plain = func.replace(plain, written, read)
    spaced = literal(" ") + plain + literal(" ")
    return [~spaced.contains(_spaced(phrase), autoescape=True) for phrase in wanted.without]


def _spaced(phrase: Phrase) -> str:
    """Return the words of a phrase as they stand in a text with spaces around every word."""
    text = " ".join(phrase)
    return f" {text.removesuffix('*')}" + ("" if text.endswith("*") else " ")


def has_beginnings(wanted: WordQuery) -> bool:
    """Tell whether the query has words of which only the beginning is given."""
    return any(phrase[-1].endswith("*") for group in wanted.groups for phrase in group)
