"""A YAML document with the line of everything in it, read so that no document can do harm.

Only plain mappings, lists and single values are understood: no aliases (a few lines of them can
grow without limit), no tags that make objects, no deep nesting, no key twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeVar

import yaml

from services.domain.errors import BadRule

MAX_YAML_CHARS = 512_000
MAX_NESTING = 24
MAX_VALUES = 60_000
# YAML's numbers may be sums of sixtieths and have any length; reading a long one takes minutes.
MAX_NUMBER_CHARS = 40

Plain = str | int | float | bool | None
T = TypeVar("T")
_TAGS = frozenset({"str", "int", "float", "bool", "null", "timestamp", "value", "seq", "map"})
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Given:
    """A value with the place where it stands, for whoever has to correct it."""

    value: "Mapping[str, Given] | Sequence[Given] | Plain"
    line: int

    def refuse(self, what: str) -> NoReturn:
        """Raise BadRule naming the line."""
        raise BadRule(f"Line {self.line}: {what}")

    def mapping(self, allowed: Sequence[str]) -> "Mapping[str, Given]":
        """Return a mapping with none but these keys. Raises BadRule."""
        if not isinstance(self.value, Mapping):
            self.refuse(f"here belong keys with values; known are {', '.join(allowed)}.")
        for key, given in self.value.items():
            if key not in allowed:
                given.refuse(f"“{key[:40]}” is not known here; known are {', '.join(allowed)}.")
        return self.value

    def many(self, most: int) -> "Sequence[Given]":
        """Return a list that is not empty; a single value stands for a list of it."""
        if isinstance(self.value, Mapping) or not isinstance(self.value, Sequence | str):
            self.refuse("here belongs a list.")
        if isinstance(self.value, str):
            return (self,)
        if not 1 <= len(self.value) <= most:
            self.refuse(f"here belong 1 to {most} entries.")
        return self.value

    def text(self, most: int) -> str:
        """Return a text of at most so many characters, blanks around it taken off."""
        # Words such as 911 or 24 are read as numbers by YAML.
        value = str(self.value) if type(self.value) is int else self.value
        if not isinstance(value, str) or not value.strip():
            self.refuse("here belongs a text; put it in quotation marks.")
        if len(value) > most:
            self.refuse(f"this text is longer than {most} characters.")
        return value.strip()

    def flag(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            self.refuse("here belongs true or false.")
        return self.value

    def number(self, least: float, most: float) -> float:
        """Return a number in a range; "70 %" is 0.7."""
        value = self.value
        if isinstance(value, str) and value.strip().endswith("%"):
            value = _float(value.strip()[:-1], share=100)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(f"here belongs a number from {least:g} to {most:g}.")
        if not least <= value <= most:
            self.refuse(f"this number is not between {least:g} and {most:g}.")
        return float(value)

    def count(self, most: int) -> int:
        """Return a whole number of at least 1."""
        if type(self.value) is not int or not 1 <= self.value <= most:
            self.refuse(f"here belongs a whole number from 1 to {most}.")
        return self.value

    def duration_ms(self) -> int:
        """Return a length of time: "60 s", "2 min", "500 ms", or a number of seconds."""
        amount, unit = self.value, "s"
        if isinstance(amount, str):
            text, unit = amount.strip(), "s"
            for ending in ("ms", "min", "s"):
                if text.endswith(ending):
                    text, unit = text[: -len(ending)], ending
                    break
            amount = _float(text, share=1)
        if isinstance(amount, bool) or not isinstance(amount, int | float):
            self.refuse("here belongs a length of time such as 60 s or 2 min.")
        in_ms = amount * {"ms": 1, "s": 1_000, "min": 60_000}[unit]
        if not 0 < in_ms <= 86_400_000:
            self.refuse("a length of time is more than nothing and at most a day.")
        return round(in_ms)

    def one_of(self, known: Mapping[str, T]) -> T:
        """Return what one of these words stands for."""
        if not isinstance(self.value, str) or self.value not in known:
            self.refuse(f"here belongs one of {', '.join(known)}.")
        return known[self.value]


def read_yaml(text: str) -> Given:
    """Return a document's value. Raises BadRule, naming the line, for all but plain YAML."""
    if len(text) > MAX_YAML_CHARS:
        raise BadRule(f"The YAML is longer than {MAX_YAML_CHARS:,} characters.")
    try:
        _check_events(text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"Line {mark.line + 1}: t" if mark else "T"
        raise BadRule(f"{line}his is not YAML; look at indentation and quotation marks.") from None
    except (yaml.YAMLError, ValueError):
        raise BadRule("This is not YAML that can be read.") from None
    if node is None:
        raise BadRule("There is nothing in it.")
    return _given(node, yaml.SafeLoader("").construct_object)


def _check_events(text: str) -> None:
    """Refuse aliases, deep nesting and very many values before anything is built of them."""
    depth = documents = 0
    for values, event in enumerate(yaml.parse(text, Loader=_Loader), start=1):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise BadRule(
                f"Line {line}: anchors and aliases (& and *) can't be used; put texts "
                "that start with such a sign in quotation marks."
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > MAX_NESTING or values > MAX_VALUES or documents > 1:
            raise BadRule(f"Line {line}: this goes deeper, or on for longer, than rules can.")


def _given(node: yaml.Node, construct: Callable[[yaml.Node], object]) -> Given:
    line = node.start_mark.line + 1
    if node.tag.removeprefix("tag:yaml.org,2002:") not in _TAGS:
        raise BadRule(f"Line {line}: tags (!) can't be used.")
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Given] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in found:
                raise BadRule(
                    f"Line {key.start_mark.line + 1}: this key stands here twice, or is "
                    "no plain word."
                )
            read = _given(value, construct)
            found[key.value] = Given(read.value, key.start_mark.line + 1)
        return Given(found, line)
    if isinstance(node, yaml.SequenceNode):
        return Given([_given(one, construct) for one in node.value], line)
    is_number = node.tag.endswith((":int", ":float"))
    if is_number and len(node.value) > MAX_NUMBER_CHARS:
        raise BadRule(f"Line {line}: this number is too long; put it in quotation marks.")
    try:
        value = construct(node)
    except (yaml.YAMLError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError):
        # A tag may claim anything about a value (!!timestamp never), and PyYAML believes it.
        raise BadRule(
            f"Line {line}: this value can't be read; put it in quotation marks."
        ) from None
    plain = value if isinstance(value, str | int | float | bool | None) else str(node.value)
    return Given(plain, line)


def _float(text: str, *, share: int) -> float | None:
    try:
        return float(text) / share
    except ValueError:
        return None
