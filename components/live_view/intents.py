"""What a person can want done while reading along in a live call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Summarise:
    """Write a summary of what has been said so far."""


@dataclass(frozen=True, kw_only=True)
class Speak:
    """From now on this language is spoken; None: find out."""

    language: str | None


@dataclass(frozen=True, kw_only=True)
class Stop:
    """End the call. The person has been asked whether they mean it."""


@dataclass(frozen=True, kw_only=True)
class OpenCall:
    """Open the call that this one has become."""

    call_id: str


@dataclass(frozen=True, kw_only=True)
class Landed:
    """The call is over and among the calls; told once, without anybody's doing.

    ``call_id`` is None when there was too little sound to keep.
    """

    call_id: str | None


@dataclass(frozen=True, kw_only=True)
class FreshLinks:
    """The link to the events has expired; hand out a new one."""


LiveViewIntent = Summarise | Speak | Stop | OpenCall | Landed | FreshLinks


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw[name]
    if not isinstance(value, str) or not value:
        raise TypeError(name)
    return value


def _text_or_none(raw: Mapping[str, Any], name: str) -> str | None:
    return None if raw[name] is None else _text(raw, name)


_READERS: Mapping[str, Callable[[Mapping[str, Any]], LiveViewIntent]] = {
    "summarise": lambda r: Summarise(),
    "speak": lambda r: Speak(language=_text_or_none(r, "language")),
    "stop": lambda r: Stop(),
    "open_call": lambda r: OpenCall(call_id=_text(r, "call")),
    "landed": lambda r: Landed(call_id=_text_or_none(r, "call")),
    "fresh_links": lambda r: FreshLinks(),
}


def read_intent(raw: object) -> LiveViewIntent | None:
    """Return the intent the browser sent, None when there is none or it makes no sense."""
    if not isinstance(raw, Mapping):
        return None
    reader = _READERS.get(str(raw.get("kind")))
    if reader is None:
        return None
    try:
        return reader(raw)
    except (KeyError, TypeError):
        return None
