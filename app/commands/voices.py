"""``partyline voices``: the people whose voices are recognised in calls."""

from pathlib import Path

from app.commands.console import operator, say
from app.settings import Settings
from app.wiring import Services, build_services
from services.domain.errors import FileMissing
from services.domain.speech import SpeakerRole
from services.domain.voices import REMARKS


def add_voice(settings: Settings, name: str, file: Path, role: SpeakerRole) -> int:
    """Learn a person's voice from a recording and remember it; the exit status."""
    if not file.is_file():
        raise FileMissing
    desk, user = build_services(settings).voices, operator(settings)
    desk.free_name(user, name)
    with file.open("rb") as recording:
        learnt = desk.listen(user, recording, file.name)
    voice = desk.remember(user, name, role, learnt)
    for remark in learnt.remarks:
        say(REMARKS[remark])
    print(f"{voice.id}\t{voice.name}\t{voice.quality}")
    return 0


def list_voices(settings: Settings) -> int:
    """Print each known voice on a line: id, name, role, quality, speech used; the exit status."""
    voices = build_services(settings).voices.voices(operator(settings))
    for voice in voices:
        speech = f"{voice.speech_ms / 1000:.0f} s"
        print("\t".join((voice.id, voice.name, voice.role, voice.quality, speech)))
    if not voices:
        say("No voice is known yet.")
    return 0


def rename_voice(settings: Settings, id_or_name: str, name: str) -> int:
    """Give a known voice another name; the exit status."""
    services, voice_id = _found(settings, id_or_name)
    services.voices.rename(operator(settings), voice_id, name)
    return 0


def delete_voice(settings: Settings, id_or_name: str) -> int:
    """Delete a known voice with its voiceprint; the exit status."""
    services, voice_id = _found(settings, id_or_name)
    services.voices.delete(operator(settings), voice_id)
    return 0


def sign_voice(settings: Settings, id_or_name: str, file: Path, language: str) -> int:
    """Have a known voice's signature made from a recording; the exit status."""
    if not file.is_file():
        raise FileMissing
    services, voice_id = _found(settings, id_or_name)
    with file.open("rb") as recording:
        remarks = services.signatures.sign(
            operator(settings), voice_id, recording, file.name, language
        )
    for remark in remarks:
        say(REMARKS[remark])
    say("The voice signature is kept. Azure can know this person in calls from now on.")
    return 0


def _found(settings: Settings, id_or_name: str) -> tuple[Services, str]:
    services = build_services(settings)
    return services, services.voices.find(operator(settings), id_or_name).id
