"""Writes words as an organisation wants them: product names, abbreviations, names of people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.analysis.rewriting import Rewrite, rewritten
from services.domain.speech import Transcript

# Scripts that put no spaces between words, so that a word may begin and end anywhere.
_SPACELESS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_BEGIN = r"(?<!\w)(?<!\w-)"
# "acme tell's" is the same name, "can't" is not "can".
_END = r"(?!\w)(?!-\w)(?!['’](?![sS]\b)\w)"
_APOSTROPHE = r"['’]"
_BETWEEN = r"(?:\s+|\s*-\s*)"
_SENTENCE_END = re.compile(r"[.?!。？！…][\"'”’)\]]*\s*$")


def respelled(transcript: Transcript, spelling: Sequence[tuple[str, str]]) -> Transcript:
    """Return the transcript with every ``heard`` of the pairs (heard, written) as ``written``.

    Whole words are found, whatever their capitals, also where what is heard is several words; of
    several pairs the longest one counts, and what has been written is not looked at again. A
    sentence still begins with a capital, unless ``written`` has capitals of its own. Lines whose
    personal data is marked already are left alone, because the marks name places in them.
    """
    if not spelling:
        return transcript
    pairs = _Pairs.of(spelling)
    utterances = tuple(
        u if u.pii else rewritten(u, pairs.rewrites(u.text)) for u in transcript.utterances
    )
    return replace(transcript, utterances=utterances)


@dataclass(frozen=True, kw_only=True)
class _Pairs:
    """All that is looked for as one pattern, and how each is written."""

    pattern: re.Pattern[str]
    written: Mapping[str, str]

    @classmethod
    def of(cls, spelling: Sequence[tuple[str, str]]) -> "_Pairs":
        written: dict[str, str] = {}
        for heard, writing in spelling:
            if key := _key(heard):
                written.setdefault(key, writing)
        longest_first = sorted(written, key=lambda key: (-len(key), key))
        pattern = re.compile("|".join(map(_whole_words, longest_first)), re.IGNORECASE)
        return cls(pattern=pattern, written=written)

    def rewrites(self, text: str) -> list[Rewrite]:
        found: list[Rewrite] = []
        for match in self.pattern.finditer(text):
            writing = self.written.get(_key(match[0]))
            if writing is None:
                continue
            start, end = match.span()
            if writing.endswith(".") and text[end : end + 1] == ".":
                end += 1
            writing = _with_capital(writing, match[0], text[:start])
            if writing != text[start:end]:
                found.append(Rewrite(start=start, end=end, text=writing))
        return found


def _key(heard: str) -> str:
    return " ".join(heard.replace("’", "'").replace("-", " ").lower().split())


def _whole_words(key: str) -> str:
    words = [re.escape(word).replace("'", _APOSTROPHE) for word in key.split()]
    begin = "" if _SPACELESS.match(key[0]) or not key[0].isalnum() else _BEGIN
    end = "" if _SPACELESS.match(key[-1]) or not key[-1].isalnum() else _END
    return begin + _BETWEEN.join(words) + end


def _with_capital(written: str, heard: str, before: str) -> str:
    """Return what is written, with a capital where it begins a sentence as what was heard did."""
    begins = not before.strip() or _SENTENCE_END.search(before) is not None
    if begins and heard[:1].isupper() and written.islower():
        return written[:1].upper() + written[1:]
    return written
