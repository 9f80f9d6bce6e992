"""What stands in a redacted text in place of personal data, such as ``[PHONE]``."""

import re
from collections.abc import Iterator

from services.domain.speech import PiiMention, PiiType

_PLACEHOLDER = re.compile(r"\[(" + "|".join(PiiType) + r")\]")


def placeholder(kind: PiiType) -> str:
    """Return what stands in the text instead of personal data of this kind."""
    return f"[{kind.value}]"


def placeholders_in(text: str) -> Iterator[PiiMention]:
    """Yield the placeholders of an earlier redaction in order."""
    for found in _PLACEHOLDER.finditer(text):
        kind = PiiType(found.group(1))
        yield PiiMention(type=kind, start_char=found.start(), end_char=found.end())
