"""Finds personal data over a whole call and takes it out of text and words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from services.domain.intervals import difference
from services.domain.placeholders import placeholder, placeholders_in
from services.domain.speech import PiiMention, Statement, Summary, Transcript, Utterance
from services.understanding.personal_data.entities import EntityFinder
from services.understanding.personal_data.introductions import INTRODUCED_LANGUAGES
from services.understanding.personal_data.scanning import CallScanner
from services.understanding.personal_data.words import redacted_words

ENGLISH = "en"


@dataclass(frozen=True, kw_only=True)
class RedactedText:
    """A text without its personal data, and where the placeholders stand in it."""

    text: str
    mentions: tuple[PiiMention, ...]


class Redactor:
    """Recognises and removes personal data; loads its language model at the first English text.

    In English, names and places come from spaCy and from the way people are
    introduced; everything else, and every other language, from patterns and context alone: there
    a name is only known once somebody is introduced with it (:meth:`stage` says so).
    """

    def __init__(self, entities: EntityFinder | None = None) -> None:
        """Take another finder of people and places, mostly for tests."""
        self._entities = entities or EntityFinder()

    def find(
        self, utterances: Sequence[Utterance], language: str | None = ENGLISH
    ) -> list[tuple[PiiMention, ...]]:
        """Return the mentions of each utterance, in characters of its text, without overlaps.

        The utterances are read as one conversation in their order: an answer is understood by
        the question before it, and a name once heard is known everywhere.
        """
        return CallScanner(self._entities, language=base_language(language)).scan(utterances)

    def find_text(self, text: str, language: str | None = ENGLISH) -> tuple[PiiMention, ...]:
        """Return the mentions of a text that stands alone."""
        return self.find([_standing_alone(text)], language)[0]

    def find_texts(
        self,
        texts: Sequence[str],
        language: str | None = ENGLISH,
        *,
        previous: Sequence[str | None] | None = None,
    ) -> list[tuple[PiiMention, ...]]:
        """Return the mentions of unrelated texts; faster than one at a time.

        ``previous`` holds for each text what somebody else said right before it, where known.
        """
        scanner = CallScanner(self._entities, language=base_language(language))
        before = previous or [None] * len(texts)
        return scanner.scan_apart(
            [_standing_alone(text) for text in texts],
            [None if text is None else _said_before(text) for text in before],
        )

    def redact_text(self, text: str, language: str | None = ENGLISH) -> str:
        """Return a text with placeholders such as ``[PHONE]`` in place of personal data."""
        return with_placeholders(text, self.find_text(text, language)).text

    def redact_texts(self, texts: Sequence[str], language: str | None = ENGLISH) -> list[str]:
        """Return unrelated texts without personal data; placeholders in them stay as they are."""
        found = self.find_texts(texts, language)
        return [
            with_placeholders(text, beside_placeholders(text, mentions)).text
            for text, mentions in zip(texts, found, strict=True)
        ]

    def redact_line(self, transcript: Transcript, utterance_id: str, text: str) -> str:
        """Return what was typed in place of this utterance's text without personal data.

        It is read as part of the call, in its language. What the line itself held before tells
        what may stand there again. An unknown utterance means: the text stands alone.
        """
        lines = transcript.utterances
        at = next((n for n, u in enumerate(lines) if u.id == utterance_id), None)
        if at is None:
            return self.redact_text(text, transcript.language)
        line = replace(lines[at], text=_with_blanks(text), words=(), pii=())
        return self._redact_typed(transcript, at, line, text)

    def redact_comment(self, transcript: Transcript, utterance_id: str, text: str) -> str:
        """Return a text written about this utterance, read as a line right after it."""
        lines = transcript.utterances
        at = next((n for n, u in enumerate(lines) if u.id == utterance_id), None)
        if at is None:
            return self.redact_text(text, transcript.language)
        return self._redact_typed(transcript, at + 1, _standing_alone(_with_blanks(text)), text)

    def mark(self, transcript: Transcript) -> Transcript:
        """Return the transcript with ``pii`` set and nothing removed."""
        found = self.find(transcript.utterances, transcript.language)
        return self._signed(_marked(transcript, found))

    def redact(self, transcript: Transcript) -> Transcript:
        """Return the transcript without personal data in texts, words and summary.

        ``pii`` then says where the placeholders stand; a run of words becomes one word over
        their times. ``redacted`` is set. Placeholders of an earlier redaction stay as they are.
        """
        found = self.find(transcript.utterances, transcript.language)
        utterances = tuple(
            without_mentions(u, beside_placeholders(u.text, mentions))
            for u, mentions in zip(transcript.utterances, found, strict=True)
        )
        summary = transcript.summary and self._summary_in_its_call(
            transcript.summary, _marked(transcript, found)
        )
        return self._signed(
            replace(transcript, utterances=utterances, summary=summary, redacted=True)
        )

    def redact_summary(self, summary: Summary, language: str | None = ENGLISH) -> Summary:
        """Return the summary without personal data; placeholders in it stay as they are."""
        texts = [s.text for s in summary.statements]
        clean = dict(zip(texts, self.redact_texts(texts, language), strict=True))
        return _with_texts(summary, lambda statement: clean[statement.text])

    def stage(self, language: str | None) -> str:
        """Say what recognises personal data in this language."""
        if base_language(language) == ENGLISH:
            return "local patterns + spacy en_core_web_sm"
        if base_language(language) in INTRODUCED_LANGUAGES:
            return "local patterns (names are recognised only when introduced)"
        return "local patterns (names are not recognised in this language)"

    def _redact_typed(self, transcript: Transcript, at: int, line: Utterance, text: str) -> str:
        scanner = CallScanner(self._entities, language=base_language(transcript.language))
        return with_placeholders(text, scanner.scan_typed(transcript.utterances, at, line)).text

    def _signed(self, transcript: Transcript) -> Transcript:
        stages = {**transcript.stages, "personal_data": self.stage(transcript.language)}
        return replace(transcript, stages=stages)

    def _summary_in_its_call(self, summary: Summary, marked: Transcript) -> Summary:
        """Return the summary read in its call: a name that is known there is one here as well."""
        last = [u.id for u in marked.utterances[-1:]]

        def clean(statement: Statement) -> str:
            place = next(iter((*statement.utterances, *last)), "")
            return self.redact_comment(marked, place, statement.text)

        return _with_texts(summary, clean)


def _with_texts(summary: Summary, text_of: Callable[[Statement], str]) -> Summary:
    """Return the summary with other texts in its statements."""

    def rewritten(statements: Sequence[Statement]) -> tuple[Statement, ...]:
        return tuple(replace(s, text=text_of(s)) for s in statements)

    reason, outcome = summary.reason, summary.outcome
    return replace(
        summary,
        reason=reason and replace(reason, text=text_of(reason)),
        outcome=outcome and replace(outcome, text=text_of(outcome)),
        actions=rewritten(summary.actions),
        promises=rewritten(summary.promises),
        action_items=rewritten(summary.action_items),
        next_steps=rewritten(summary.next_steps),
    )


def base_language(language: str | None) -> str:
    """Return the language without region; a language nobody told is taken as English."""
    return (language or ENGLISH).casefold().replace("_", "-").split("-")[0]


def _marked(transcript: Transcript, found: Sequence[tuple[PiiMention, ...]]) -> Transcript:
    utterances = tuple(
        replace(u, pii=mentions) for u, mentions in zip(transcript.utterances, found, strict=True)
    )
    return replace(transcript, utterances=utterances)


def beside_placeholders(text: str, found: Sequence[PiiMention]) -> list[PiiMention]:
    """Return the placeholders that a text has already, with what was found beside them.

    What was found across a placeholder counts on either side of it.
    """
    kept = list(placeholders_in(text))
    taken = [(m.start_char, m.end_char) for m in kept]
    for mention in found:
        for start, end in difference([(mention.start_char, mention.end_char)], taken):
            bare = text[start:end].strip()
            if any(c.isalnum() for c in bare):
                at = text.index(bare, start)
                kept.append(replace(mention, start_char=at, end_char=at + len(bare)))
    return sorted(kept, key=lambda m: m.start_char)


def with_placeholders(text: str, mentions: Sequence[PiiMention]) -> RedactedText:
    """Replace mentions (sorted, disjoint) by placeholders and say where these stand."""
    pieces: list[str] = []
    moved: list[PiiMention] = []
    at = length = 0
    for mention in mentions:
        kept, mark = text[at : mention.start_char], placeholder(mention.type)
        length += len(kept)
        moved.append(replace(mention, start_char=length, end_char=length + len(mark)))
        length += len(mark)
        pieces += [kept, mark]
        at = mention.end_char
    return RedactedText(text="".join([*pieces, text[at:]]), mentions=tuple(moved))


def without_mentions(utterance: Utterance, mentions: Sequence[PiiMention]) -> Utterance:
    """Return the utterance with placeholders in its text and words; they are its ``pii`` then."""
    clean = with_placeholders(utterance.text, mentions)
    words = redacted_words(utterance.words, utterance.text, mentions, clean.text)
    return replace(utterance, text=clean.text, words=words, pii=clean.mentions)


def _with_blanks(text: str) -> str:
    """Return the text on one line; every character keeps its place."""
    return "".join(" " if c.isspace() else c for c in text)


def _standing_alone(text: str) -> Utterance:
    return Utterance(id="text", speaker=None, start_ms=0, end_ms=0, text=text)


def _said_before(text: str) -> Utterance:
    return Utterance(id="before", speaker="other", start_ms=0, end_ms=0, text=text)
