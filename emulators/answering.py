"""Fills a JSON schema with lines of the call that was sent, as a well-behaved model would."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_LINE = re.compile(r"^L(?P<number>\d+) (?P<role>[^:\n]{1,40}): (?P<text>.+)$", re.MULTILINE)
_QUESTION = re.compile(r"^\d+\. ", re.MULTILINE)
LEAST_WORDS = 5
INVENTED = "We will refund nine thousand dollars before midnight"


@dataclass(frozen=True, kw_only=True)
class SentLine:
    """One numbered line of a call, as a prompt has it."""

    number: int
    role: str
    text: str


def lines_in(messages: Sequence[Mapping[str, Any]]) -> list[SentLine]:
    """Return the numbered lines of the call in what people said to the model."""
    said = "\n".join(str(m.get("content", "")) for m in messages if m.get("role") == "user")
    return [
        SentLine(number=int(m["number"]), role=m["role"].strip().casefold(), text=m["text"].strip())
        for m in _LINE.finditer(said)
    ]


def questions_in(messages: Sequence[Mapping[str, Any]]) -> int:
    """Return how many numbered questions people put to the model."""
    said = "\n".join(str(m.get("content", "")) for m in messages if m.get("role") == "user")
    _, _, listed = said.partition("<questions>")
    return len(_QUESTION.findall(listed.partition("</questions>")[0]))


def schema_in(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema a request asks for: in its response format, or written in a message."""
    asked = request.get("response_format") or {}
    if asked.get("type") == "json_schema":
        schema: Mapping[str, Any] = asked["json_schema"]["schema"]
        return schema
    for message in request.get("messages", ()):
        for found in _objects_in(str(message.get("content", ""))):
            if "properties" in found:
                return found
    return None


def _objects_in(text: str) -> Iterator[Mapping[str, Any]]:
    decoder, at = json.JSONDecoder(), text.find("{")
    while at >= 0:
        try:
            found, end = decoder.raw_decode(text, at)
        except ValueError:
            end = at + 1
        else:
            yield found
        at = text.find("{", end)


class Answer:
    """Fills one schema; with ``invented`` every quote is something that nobody said."""

    def __init__(
        self,
        schema: Mapping[str, Any],
        lines: Sequence[SentLine],
        *,
        invented: bool = False,
        questions: int = 1,
    ) -> None:
        """Quote these lines; so many numbered questions are answered."""
        self._questions = questions
        self._schema = schema
        self._invented = invented
        long = [line for line in lines if len(line.text.split()) >= LEAST_WORDS] or list(lines)
        self._agent = [line for line in long if line.role == "agent"] or long
        self._customer = [line for line in long if line.role == "customer"] or long

    def value(self) -> Any:
        """Return the answer."""
        return self._fill(self._schema, "", None)

    def _fill(self, schema: Mapping[str, Any], name: str, line: SentLine | None) -> Any:
        if name in {"who", "due"}:
            return None
        schema = self._resolved(schema)
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type")
        if kind == "object":
            fields = schema.get("properties", {})
            if "quote" in fields:
                line = self._line_for(name)
            if "quote" in fields and line is None:
                return None
            return {key: self._fill(part, key, line) for key, part in fields.items()}
        if kind == "array" and "question" in self._resolved(schema["items"]).get("properties", {}):
            return [self._answer(schema["items"], n) for n in range(1, self._questions + 1)]
        if kind == "array":
            return [one] if (one := self._fill(schema["items"], name, line)) is not None else []
        return self._scalar(kind, name, line)

    def _answer(self, schema: Mapping[str, Any], number: int) -> Any:
        return {**self._fill(schema, "answers", None), "question": number}

    def _scalar(self, kind: str | None, name: str, line: SentLine | None) -> Any:
        if kind in {"integer", "number"}:
            return line.number if line else 1
        if kind == "boolean":
            return True
        if kind == "null":
            return None
        if name == "quote" and self._invented:
            return INVENTED
        return line.text if line else "Nothing was said."

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" in schema:
            schema = self._schema["$defs"][schema["$ref"].rpartition("/")[2]]
        if "anyOf" in schema:
            schema = self._resolved(schema["anyOf"][0])
        return schema

    def _line_for(self, name: str) -> SentLine | None:
        if name == "reason":
            return self._customer[0] if self._customer else None
        if name in {"outcome", "resolved"}:
            return self._agent[-1] if self._agent else None
        return self._agent[min(1, len(self._agent) - 1)] if self._agent else None
