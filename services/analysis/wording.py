"""What the wording of an utterance tells: words, questions, fillers, acknowledgements."""

import re

_WORD = re.compile(r"\[[A-Z]+\]|[^\W_]+(?:['’.\-][^\W_]+)*")

_AUXILIARY = (
    r"(?:is|are|was|were|do|does|did|can|could|will|would|should|shall|may|might|have|has|had|"
    r"isn't|aren't|wasn't|weren't|don't|doesn't|didn't|can't|couldn't|won't|wouldn't|shouldn't|"
    r"haven't|hasn't|am)"
)
_SUBJECT = r"(?:i|you|we|they|he|she|it|there|that|this|these|those|the|my|your|our|any|anyone)"
_OPENER = (
    r"(?:(?:and|so|but|okay|ok|well|um|uh|er|right|alright|now|oh|yeah|sorry|then|or)[,.]?\s+)*"
)
_QUESTION_START = re.compile(
    rf"^{_OPENER}(?:{_AUXILIARY}\s+{_SUBJECT}\b"
    rf"|(?:what|when|where|who|whom|whose|which|why|how)\s+{_AUXILIARY}\b"
    r"|(?:what|who|where|how|when|why)['’](?:s|re)\b"
    r"|how\s+(?:much|many|long|old|often|far|soon|come)\b"
    r"|(?:what|how)\s+about\b|which\s+one\b|what\s+(?:time|kind|sort|number|date|day)\b)",
    re.IGNORECASE,
)
_QUESTION_END = re.compile(r"\?[\"'”’)\s]*$")

_FILLER = re.compile(
    r"\b(?:u+m+|u+h+m*|e+r+m*|a+h+m+"
    r"|(?<!do )(?<!did )(?<!let )(?<!if )(?<!as )(?<!would )"
    r"you know(?! (?:what|how|where|when|why|if))"
    r"|i mean|sort of|kind of|basically|literally)\b",
    re.IGNORECASE,
)
_UH_HUH = re.compile(r"\b(?:uh[- ]?huh|mm[- ]?h+m+|uh[- ]?uh)\b", re.IGNORECASE)

_HUM = re.compile(r"(?:u+h|m+|h+m+|m+h+m*|u+m+|a+h+|o+h+)(?:-?(?:h+u+h+|h+m+|m+|o+h+|a+h+))?")
# fmt: off
_ACKNOWLEDGING = frozenset({
    "yeah", "yep", "yup", "yes", "right", "okay", "ok", "alright", "sure", "gotcha", "aha",
    "huh", "great", "perfect", "good", "fine", "exactly", "correct", "understood",
    "absolutely", "definitely", "true", "wow", "really", "cool", "sorry", "thanks", "sí",
    "vale", "claro", "oui", "d'accord", "ja", "genau", "bien", "lovely", "brilliant", "awesome",
    "totally", "indeed", "nice", "mhm", "mm", "hm", "yea", "ya", "goodness",
})
_ACKNOWLEDGING_PHRASES = tuple(tuple(phrase.split()) for phrase in (
    "uh huh", "all right", "i see", "got it", "of course", "no problem", "no worries", "oh no",
    "oh dear", "i'm sorry", "i know", "i understand", "that's right", "fair enough",
    "sounds good", "thank you", "thank you so much", "thanks so much", "makes sense",
    "yes that's me", "that's fine", "that's great", "that's true", "for sure", "no way", "my god",
    "my goodness", "yes sir", "yes ma'am", "yes madam", "okay sir", "okay ma'am", "i hear you",
    "go on",
))
# fmt: on
_LONGEST_ACKNOWLEDGEMENT = 60
_UNFINISHED_END = re.compile(
    r"(?:[,;:\-–—…]|\.\.\.)\s*$"
    r"|\b(?:and|or|but|so|because|the|a|an|to|of|for|with|that|which|is|are|was|i|we|you|my|your|"
    r"if|in|on|at|by|from|um|uh)\s*$"
    # No sentence ends in these, whatever full stop a recogniser puts behind them.
    r"|\b(?:and|or|but|because|the|an|my|your|our|their|if|than)[.?!]*\s*$",
    re.IGNORECASE,
)
_SEIZING = re.compile(
    r"^\W*(?:(?:no|sorry|okay|ok|yeah|yes|oh|but|well)\W+)*(?:no\W+no|wait|hang on|hold on|stop|"
    r"excuse me|just a (?:second|moment|minute)|one (?:second|moment)|let me (?:finish|just|stop)|"
    r"listen|but (?:i|you|that|it|we)|can i just|if i (?:can|could|may) just)\b",
    re.IGNORECASE,
)


def count_words(text: str) -> int:
    """Count the words of a text; a placeholder such as ``[PHONE]`` counts as one."""
    return len(_WORD.findall(text))


def is_question(text: str) -> bool:
    """Tell whether an utterance ends in a question mark or starts with the form of a question."""
    stripped = text.strip()
    return bool(_QUESTION_END.search(stripped) or _QUESTION_START.match(stripped))


def count_fillers(text: str) -> int:
    """Count the hesitations ("um", "uh", "you know", …); acknowledging "uh-huh" is none."""
    return len(_FILLER.findall(_UH_HUH.sub(" ", text)))


def is_acknowledgement(text: str) -> bool:
    """Tell whether a text consists of nothing but acknowledging words ("right, okay")."""
    if len(text) > _LONGEST_ACKNOWLEDGEMENT:
        return False
    tokens = [token.casefold().replace("’", "'") for token in _WORD.findall(text)]
    at = 0
    while at < len(tokens):
        phrase = next(
            (p for p in _ACKNOWLEDGING_PHRASES if tuple(tokens[at : at + len(p)]) == p), None
        )
        if phrase is None and not (tokens[at] in _ACKNOWLEDGING or _HUM.fullmatch(tokens[at])):
            return False
        at += len(phrase) if phrase else 1
    return bool(tokens)


def is_unfinished(text: str) -> bool:
    """Tell whether a text breaks off: ends in a comma, a dash, or a word that needs another."""
    return bool(_UNFINISHED_END.search(text.strip()))


def seizes_the_floor(text: str) -> bool:
    """Tell whether somebody starts with words that stop others: "wait", "no no", "but I …"."""
    return bool(_SEIZING.match(text))
