"""What somebody might say for a phrase to be found, as a person would write it."""

from services.understanding.rules.patterns import Choice, Exactly, Gap, InOrder, Like, Part, parsed

LEFT_OUT = "…"


def example_of(text: str) -> str:
    """Return words that fit a phrase: of a choice the first, without what may be left out.

    "…" stands for words, or for the rest of a word, that may be any. Raises BadRule.
    """
    words: list[str] = []
    for word in _words(parsed(text).said):
        if not (word == LEFT_OUT and words and words[-1] == LEFT_OUT):
            words.append(word)
    return " ".join(words)


def asks_for_any_word(text: str) -> bool:
    """Whether a phrase is nothing but words that may be any. Raises BadRule."""
    return all(word == LEFT_OUT for word in _words(parsed(text).said))


def _words(part: Part) -> list[str]:
    if isinstance(part, InOrder):
        return [word for one in part.parts for word in _words(one)]
    if isinstance(part, Choice):
        may_be_left_out = any(not option.parts for option in part.options)
        return [] if may_be_left_out else _words(part.options[0])
    if isinstance(part, Exactly):
        return [part.word.upper() if part.word.startswith("[") else part.word]
    if isinstance(part, Like):
        return [LEFT_OUT.join(part.parts)]
    return [LEFT_OUT] if isinstance(part, Gap) else ["(number)"]
