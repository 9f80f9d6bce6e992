"""``partyline assemblyai``: what AssemblyAI keeps, read and deleted there."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from app.settings import Settings
from app.wiring import build_assemblyai, references_of
from services.domain.errors import CopyGone, InvalidRequest, ProviderTimeout
from services.domain.part import write_clock

if TYPE_CHECKING:
    from services.providers.assemblyai.service import AssemblyAIService

SOUND_WITHIN_S = 120.0
LOOK_EVERY_S = 2.0
LONGEST_PHRASE = 5


def list_transcripts(settings: Settings, limit: int) -> int:
    """Print what the service keeps, one transcript a line."""
    with build_assemblyai(settings).service() as service:
        for kept in service.newest(limit):
            print(f"{kept.reference}  {kept.created}  {kept.status}")
    return 0


def read_transcript(settings: Settings, reference: str, wanted: str) -> int:
    """Print a transcript in ``sentences`` or ``paragraphs`` with times, or as ``srt``, ``vtt``."""
    with build_assemblyai(settings).service() as service:
        meant = _meant(settings, service, reference)
        if wanted in ("srt", "vtt"):
            print(service.subtitles(meant, vtt=wanted == "vtt"), end="")
            return 0
        read = service.paragraphs if wanted == "paragraphs" else service.sentences
        for passage in read(meant):
            print(f"{write_clock(passage.start_ms)}  {passage.text}")
    return 0


def search_words(settings: Settings, reference: str, sought: Sequence[str]) -> int:
    """Print where words and phrases are said. Raises InvalidRequest for longer phrases."""
    if any("," in one or not 1 <= len(one.split()) <= LONGEST_PHRASE for one in sought):
        raise InvalidRequest("Phrases have up to five words and no comma.")
    with build_assemblyai(settings).service() as service:
        meant = _meant(settings, service, reference)
        found = {one.text.casefold(): one.places_ms for one in service.search(meant, sought)}
    for phrase in sought:
        places = [write_clock(start_ms) for start_ms, _ in found.get(phrase.casefold(), ())]
        print(f"{phrase}: {', '.join(places) or 'not said'}")
    return 0


def fetch_sound(settings: Settings, reference: str, target: Path) -> int:
    """Write the sound without personal data to a new file; waits while it is being made."""
    deadline = time.monotonic() + SOUND_WITHIN_S
    with build_assemblyai(settings).service() as service, _new_file(target) as sink:
        try:
            meant = _meant(settings, service, reference)
            while not service.fetch_covered_sound(meant, sink):
                if time.monotonic() > deadline:
                    raise ProviderTimeout
                time.sleep(LOOK_EVERY_S)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    print(f"Written: {target}", file=sys.stderr)
    return 0


def delete_transcript(settings: Settings, reference: str) -> int:
    """Delete a transcript at the service."""
    build_assemblyai(settings).delete_copy(reference)
    return 0


def _meant(settings: Settings, service: "AssemblyAIService", named: str) -> str:
    """Return AssemblyAI's reference for what was named: a stored call by its id, or itself.

    Of several transcripts of a call it is the newest run's that was completed. Raises CopyGone.
    """
    kept = references_of(settings, named, "assemblyai")
    if not kept:
        return named
    for reference in kept:
        if service.is_completed(reference):
            return reference
    raise CopyGone


def _new_file(target: Path) -> BinaryIO:
    try:
        return target.open("xb")
    except FileExistsError:
        raise InvalidRequest("There is a file of this name already.") from None
    except OSError:
        raise InvalidRequest("This file can't be written.") from None
