"""What a person can want done while reviewing a call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.domain.speech import SpeakerRole


@dataclass(frozen=True, kw_only=True)
class Rename:
    """Give a speaker a name; an empty one takes the given name away."""

    speaker: str
    name: str


@dataclass(frozen=True, kw_only=True)
class SetRole:
    """Set a speaker's role."""

    speaker: str
    role: SpeakerRole


@dataclass(frozen=True, kw_only=True)
class SwapRoles:
    """Make the agent the customer and the customer the agent."""


@dataclass(frozen=True, kw_only=True)
class Merge:
    """Treat ``speaker`` and ``into`` as one voice."""

    speaker: str
    into: str


@dataclass(frozen=True, kw_only=True)
class Unmerge:
    """Undo the merges of a speaker."""

    speaker: str


@dataclass(frozen=True, kw_only=True)
class Correct:
    """Replace the text of a line; an empty one gives back the recognised text."""

    utterance: str
    text: str


@dataclass(frozen=True, kw_only=True)
class AddComment:
    """Put a comment on a line."""

    utterance: str
    text: str


@dataclass(frozen=True, kw_only=True)
class DeleteComment:
    """Take a comment away."""

    comment: str


@dataclass(frozen=True, kw_only=True)
class FreshLinks:
    """The links to audio and transcript have expired; hand out new ones."""


@dataclass(frozen=True, kw_only=True)
class HearOriginal:
    """Play the recording as it came in, or again what everybody hears."""

    wanted: bool


ReviewIntent = (
    Rename
    | SetRole
    | SwapRoles
    | Merge
    | Unmerge
    | Correct
    | AddComment
    | DeleteComment
    | FreshLinks
    | HearOriginal
)


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


_READERS: Mapping[str, Callable[[Mapping[str, Any]], ReviewIntent]] = {
    "rename": lambda r: Rename(speaker=_text(r, "speaker"), name=_text(r, "name")),
    "set_role": lambda r: SetRole(speaker=_text(r, "speaker"), role=SpeakerRole(_text(r, "role"))),
    "swap_roles": lambda r: SwapRoles(),
    "merge": lambda r: Merge(speaker=_text(r, "speaker"), into=_text(r, "into")),
    "unmerge": lambda r: Unmerge(speaker=_text(r, "speaker")),
    "correct": lambda r: Correct(utterance=_text(r, "utterance"), text=_text(r, "text")),
    "comment": lambda r: AddComment(utterance=_text(r, "utterance"), text=_text(r, "text")),
    "delete_comment": lambda r: DeleteComment(comment=_text(r, "comment")),
    "fresh_links": lambda r: FreshLinks(),
    "hear_original": lambda r: HearOriginal(wanted=r["wanted"] is True),
}


def read_intent(raw: object) -> ReviewIntent | None:
    """Return the intent the browser sent, None when there is none or it makes no sense."""
    if not isinstance(raw, Mapping):
        return None
    reader = _READERS.get(str(raw.get("kind")))
    if reader is None:
        return None
    try:
        return reader(raw)
    except (KeyError, TypeError, ValueError):
        return None
