"""Takes personal data out of a call while it is held, line by line, partials too."""

from collections.abc import Sequence
from dataclasses import replace

from services.domain.speech import PiiMention, Utterance
from services.domain.word_places import word_places
from services.understanding.personal_data.entities import EntityFinder
from services.understanding.personal_data.running import RunningScanner
from services.understanding.redaction import base_language, beside_placeholders, without_mentions

LOOKS_BACK = 60
"""Lines in which what was just learnt is looked for."""


class RunningRedaction:
    """One call's lines without personal data, as far as what was heard so far tells it."""

    def __init__(self, entities: EntityFinder, language: str | None) -> None:
        """Begin a call in this language; None is taken as English."""
        self._scanner = RunningScanner(
            entities, language=base_language(language), is_guess=language is None
        )
        self._heard: dict[str, Utterance] = {}
        self._shown: dict[str, Utterance] = {}

    def speak(self, language: str | None, at_ms: int) -> None:
        """Read what follows this moment of the call in another language; None is English.

        Lines that were given before are read as they were then.
        """
        self._scanner.speak(base_language(language), at_ms)

    def partial(self, line: Utterance) -> Utterance | None:
        """Return what of an unfinished line can be shown; None when that is nothing.

        It ends before whatever could be the beginning of something personal.
        """
        certain, found = self._scanner.peek(line)
        mentions = beside_placeholders(line.text, found)
        end = _whole_words(line.text, certain, mentions)
        inside = [m for m in mentions if m.end_char <= end]
        shown = without_mentions(_beginning(line, end), inside)
        return shown if shown.text else None

    def final(self, line: Utterance) -> tuple[Utterance, ...]:
        """Return a finished line, then the earlier ones that read otherwise by what it tells.

        A line that was given before is read anew.
        """
        learnt = self._scanner.read(line)
        shown = self._show(line)
        # One that can't be shown is not looked at again: it would cost the lines after it, too.
        self._heard[line.id] = line
        if not learnt:
            return (shown,)
        changed = []
        for earlier_id in list(self._heard)[-LOOKS_BACK:]:
            before = self._shown[earlier_id]
            if earlier_id != line.id and self._show(self._heard[earlier_id]).text != before.text:
                changed.append(self._shown[earlier_id])
        return (shown, *changed)

    def _show(self, line: Utterance) -> Utterance:
        mentions = beside_placeholders(line.text, self._scanner.mentions(line.id))
        self._shown[line.id] = shown = without_mentions(line, mentions)
        return shown


def _whole_words(text: str, end: int, mentions: Sequence[PiiMention]) -> int:
    """Return the last place up to ``end`` that cuts neither a word nor a mention in two.

    Marks that follow a word belong to it.
    """
    while end < len(text) and not (text[end].isspace() or text[end].isalnum()):
        end += 1
    while True:
        if 0 < end < len(text) and not text[end].isspace():
            end -= len(text[:end]) - text.rfind(" ", 0, end) - 1
        crossed = [m.start_char for m in mentions if m.start_char < end < m.end_char]
        if not crossed:
            return end
        end = min(crossed)


def _beginning(line: Utterance, end_char: int) -> Utterance:
    """Return the line up to a character; a word that goes beyond it is left out."""
    if end_char >= len(line.text):
        return line
    places = word_places(line.words, line.text) or ()
    kept = tuple(
        word for word, place in zip(line.words, places, strict=False) if place[1] <= end_char
    )
    return replace(line, text=line.text[:end_char].rstrip(), words=kept)
