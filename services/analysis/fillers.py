"""Takes hesitations out of what was said: "um", "uh" and their like, never a word with meaning."""

import re
from collections.abc import Sequence
from dataclasses import replace

from services.analysis.rewriting import Rewrite, rewritten
from services.domain.speech import Transcript, Utterance

# Hesitations in any language; next to them those that are words elsewhere ("um" is German for
# "at" and Portuguese for "a", "er" is German for "he").
_EVERYWHERE = r"u+h+m+|u+m{2,}|u+h{2,}|e+h*m{2,}|e+h+m+|e+r+m+|h+m+"
_OF_LANGUAGE = {
    "en": r"u+m+|u+h+|e+r+",
    "de": r"ä+h*m*|ö+h+m*|ö+h*m+",
    "fr": r"e+u+h+m*|h+e+u+",
    "es": r"e+m+|e{2,}h*",
    "it": r"e{2,}h*",
    "nl": r"u+h+|e+u+h+",
    "pt": r"ã+h*m*|h+u+m+|a+h+n+",
    "sv": r"ö+h+m*|e+h+|ä+h+m*",
    "no": r"ø+h+m*|e+h+|æ+h+m*",
    "da": r"ø+h+m*|e+h+|æ+h+m*",
    "fi": r"ö{2,}h*m*|ä{2,}h*m*",
    "pl": r"y{2,}|e{3,}",
    "cs": r"e{2,}h*",
    "ru": r"э+м*|х+м+",
    "uk": r"е{2,}м*|х+м+",
}
# Agreement when it answers, hesitation only amid a sentence.
_HUMMED = re.compile(r"m+-?h+m+", re.IGNORECASE)
_TOKEN = re.compile(r"\S+")
_PARTS = re.compile(r"(?P<word>[^\W\d_]+(?:-[^\W\d_]+)*)(?P<mark>[.,;:!?…–—-]*)")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*$")
_ENDING_MARK = re.compile(r"[.!?…]+")
_LOOSE_END = re.compile(r"[,;:–—-]+$")
# "uh huh" and "uh uh" are answers.
_ANSWERS_WITH_UH = frozenset({"huh", "uh"})


def without_fillers(transcript: Transcript) -> Transcript:
    """Return the transcript without hesitations, its punctuation and capitals mended.

    Which words are hesitations depends on the transcript's language. A listener's "mhm", answers
    such as "uh-huh" and a questioning "Hmm?" stay. Lines of nothing but hesitation go; times of
    all others and all spans stay, for hesitating is talking too. Lines whose personal data is
    marked already are left alone, because the marks name places in them.
    """
    fillers = _fillers_of(transcript.language)
    kept: list[Utterance] = []
    for utterance in transcript.utterances:
        tokens = [_Token(match) for match in _TOKEN.finditer(utterance.text)]
        _mark(tokens, fillers)
        if utterance.is_backchannel or utterance.pii or not any(t.is_filler for t in tokens):
            kept.append(utterance)
        elif not all(t.is_filler for t in tokens):
            kept.append(rewritten(utterance, _rewrites(tokens, len(utterance.text))))
    return replace(transcript, utterances=tuple(kept), without_fillers=True)


class _Token:
    """A word of the text with its marks, and what becomes of it."""

    def __init__(self, match: re.Match[str]) -> None:
        self.start, self.end = match.span()
        self.text = self.reading = match[0]
        parts = _PARTS.fullmatch(match[0])
        self.word, self.mark = (parts["word"], parts["mark"]) if parts else (match[0], "")
        self.is_filler = False

    @property
    def ends_sentence(self) -> bool:
        return _SENTENCE_END.search(self.reading) is not None

    @property
    def is_capitalised(self) -> bool:
        return self.reading[:1].isupper()


def _fillers_of(language: str | None) -> re.Pattern[str]:
    code = (language or "").casefold().replace("_", "-").split("-")[0]
    own = _OF_LANGUAGE.get(code)
    return re.compile(f"{_EVERYWHERE}|{own}" if own else _EVERYWHERE, re.IGNORECASE)


def _mark(tokens: Sequence[_Token], fillers: re.Pattern[str]) -> None:
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else None
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        begins = before is None or before.ends_sentence
        if _HUMMED.fullmatch(token.word):
            token.is_filler = not begins and not token.ends_sentence
        elif fillers.fullmatch(token.word):
            asks = "?" in token.mark and begins
            abbreviates = len(token.word) > 1 and token.word.isupper()
            token.is_filler = not (asks or abbreviates or _is_answer(token, before, after))


def _is_answer(token: _Token, before: _Token | None, after: _Token | None) -> bool:
    """Whether this is half of "uh huh" or "uh uh"."""
    if token.word.casefold() != "uh":
        return False
    if not token.mark and after is not None and after.word.casefold() in _ANSWERS_WITH_UH:
        return True
    return before is not None and before.text.casefold() == "uh"


def _rewrites(tokens: Sequence[_Token], length: int) -> list[Rewrite]:
    _mend(tokens)
    rewrites: list[Rewrite] = []
    for at, token in enumerate(tokens):
        if token.is_filler:
            end = tokens[at + 1].start if at + 1 < len(tokens) else length
            rewrites.append(Rewrite(start=token.start, end=end, text=""))
        elif token.reading != token.text:
            rewrites.append(Rewrite(start=token.start, end=token.end, text=token.reading))
    return rewrites


def _mend(tokens: Sequence[_Token]) -> None:
    """Hand a filler's full stop on to the word before it, its capital to the word after it."""
    kept: _Token | None = None
    capital = False
    for token in tokens:
        begins = kept is None or kept.ends_sentence
        if token.is_filler:
            capital = capital or (begins and token.is_capitalised)
            ending = _ENDING_MARK.search(token.mark)
            if ending and kept is not None and not kept.ends_sentence:
                kept.reading = _LOOSE_END.sub("", kept.reading) + ending[0]
                capital = False
            continue
        if capital and begins and token.reading.islower():
            token.reading = token.reading[:1].upper() + token.reading[1:]
        capital = False
        kept = token
