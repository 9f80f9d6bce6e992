"""Recordings with truth beside them, found in folders."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from bench.scoring.truth import NO_SPEECH, BadTruth, Truth
from bench.scoring.truth_files import truth_beside

SOUND_ENDINGS = frozenset(
    {".aac", ".amr", ".au", ".flac", ".g722", ".m4a", ".mka", ".mp3", ".mp4", ".ogg", ".opus"}
    | {".wav", ".webm", ".wma"}
)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A recording, its truth, and the variant of the call that it is ("mono8k"), if it has one."""

    audio: Path
    truth: Truth
    variant: str | None = None


@dataclass(frozen=True, kw_only=True)
class Search:
    """Which recordings to take: file names by pattern, and those known to hold no speech."""

    only: str = "*"
    no_speech: Sequence[str] = ()


def find_examples(
    folders: Sequence[Path], search: Search, refuse: Callable[[Path, BadTruth], None]
) -> Iterator[Example]:
    """Yield the recordings that have truth, by folder and name.

    ``refuse`` is told of each recording whose truth can't be understood.
    """
    for folder in folders:
        for audio in sorted(folder.iterdir()):
            if audio.suffix.lower() not in SOUND_ENDINGS or not fnmatch(audio.name, search.only):
                continue
            try:
                example = _example(audio, search.no_speech)
            except BadTruth as error:
                refuse(audio, error)
                continue
            if example is not None:
                yield example


def _example(audio: Path, no_speech: Sequence[str]) -> Example | None:
    """Look for truth under the recording's name, then without ``.variant`` at its end."""
    if any(fnmatch(audio.name, pattern) for pattern in no_speech):
        return Example(audio=audio, truth=NO_SPEECH)
    name, variant = audio.stem, ""
    while name:
        truth = truth_beside(audio.with_name(name))
        if truth is not None:
            return Example(audio=audio, truth=truth, variant=variant or None)
        name, _, cut = name.rpartition(".")
        variant = f"{cut}.{variant}".strip(".")
    return None
