"""Tells an answer that is nothing but a code: "Yeah, it's four four, one nine." """

import re
from collections.abc import Sequence

from services.understanding.personal_data.codes import Code
from services.understanding.personal_data.tokens import Token

_AROUND = re.compile(
    r"(?:it's|it|is|its|that's|that|yes|yeah|yep|sure|okay|ok|um|uh|er|erm|and|the|then|number|so|"
    r"right|of|course|hang|on|please|i|think|should|be|says|would|so|well|here|are|ready|oh|"
    r"no|sorry|actually|wait|hold|one|second|go|there|with|alright|ending|in|my|last|final|"
    r"[\W_]+)"
)


_POINTING = frozenset({
    "another", "correct", "exact", "first", "last", "new", "old", "only", "other", "right", "same",
    "second", "that", "the", "this", "wrong",
})  # fmt: skip


def points_at_one(code: Code, tokens: Sequence[Token]) -> bool:
    """Whether a code is no more than "one" in "that's the one"."""
    alone = code.first == code.last and tokens[code.first].lower == "one"
    return alone and code.first > 0 and tokens[code.first - 1].lower in _POINTING


def is_bare_code(codes: Sequence[Code], tokens: Sequence[Token]) -> bool:
    """Whether a text holds codes and beside them only words that lead to one."""
    taken = {at for code in codes for at in range(code.first, code.last + 1)}
    return bool(codes) and all(
        at in taken or _AROUND.fullmatch(token.lower) for at, token in enumerate(tokens)
    )
