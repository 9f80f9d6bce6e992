"""``partyline text``: models over single texts, line by line."""

from collections.abc import Sequence
from typing import Any

from app.commands.json_lines import TextLine, answer_lines
from app.settings import Settings
from app.wiring import build_models
from services.domain.speech import PiiMention
from services.understanding.redaction import with_placeholders


def answer_sentiment(settings: Settings, language: str) -> int:
    """Answer lines with their sentiment; the exit status. Raises BadLine, WeightsMissing.

    Label and score are null where the line's language can't be scored.
    """
    model = build_models(settings).sentiment

    def answers(lines: Sequence[TextLine]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [{"label": None, "score": None} for _ in lines]
        for spoken in {line.language or language for line in lines}:
            if not model.speaks(spoken):
                continue
            places = [at for at, x in enumerate(lines) if (x.language or language) == spoken]
            scored = model.score(
                [lines[at].text for at in places], [lines[at].previous for at in places], spoken
            )
            for at, sentiment in zip(places, scored, strict=True):
                found[at] = {"label": sentiment.label.value, "score": sentiment.score}
        return found

    return answer_lines(answers)


def answer_pii(settings: Settings, language: str) -> int:
    """Answer lines with the personal data in them; the exit status. Raises BadLine."""
    redactor = build_models(settings).redactor

    def answers(lines: Sequence[TextLine]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [{} for _ in lines]
        for spoken in {line.language or language for line in lines}:
            places = [at for at, x in enumerate(lines) if (x.language or language) == spoken]
            mentions = redactor.find_texts(
                [lines[at].text for at in places],
                spoken,
                previous=[lines[at].previous for at in places],
            )
            for at, own in zip(places, mentions, strict=True):
                found[at] = _with_spans(lines[at].text, own)
        return found

    return answer_lines(answers)


def _with_spans(text: str, mentions: Sequence[PiiMention]) -> dict[str, Any]:
    return {
        "spans": [
            {"type": m.type.value, "start": m.start_char, "end": m.end_char} for m in mentions
        ],
        "redacted": with_placeholders(text, mentions).text,
    }
