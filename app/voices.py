"""What the options of ``partyline voices`` are called; app/commands does the work."""

from pathlib import Path
from typing import Annotated

import typer

from services.domain.speech import SpeakerRole

voices = typer.Typer(help="People whose voices are recognised in calls.", no_args_is_help=True)


@voices.command("add")
def voices_add(
    name: Annotated[str, typer.Argument(help="The person's name, as calls will show it.")],
    file: Annotated[Path, typer.Argument(help="A recording of this person alone.")],
    role: Annotated[
        SpeakerRole, typer.Option(help="The person's usual role in calls.")
    ] = SpeakerRole.AGENT,
) -> None:
    """Learn a voice from a recording: 30 seconds to 2 minutes of one person speaking."""
    from app.commands.console import one_clear_line
    from app.commands.voices import add_voice
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(add_voice(load_settings(), name, file, role))


@voices.command("list")
def voices_list() -> None:
    """List the known voices."""
    from app.commands.console import one_clear_line
    from app.commands.voices import list_voices
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(list_voices(load_settings()))


@voices.command("rename")
def voices_rename(
    voice: Annotated[str, typer.Argument(help="Id or name of the known voice.")],
    name: Annotated[str, typer.Argument(help="The new name.")],
) -> None:
    """Give a known voice another name, in all calls at once."""
    from app.commands.console import one_clear_line
    from app.commands.voices import rename_voice
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(rename_voice(load_settings(), voice, name))


@voices.command("delete")
def voices_delete(
    voice: Annotated[str, typer.Argument(help="Id or name of the known voice.")],
) -> None:
    """Delete a known voice with its voiceprint; the name leaves all calls."""
    from app.commands.console import one_clear_line
    from app.commands.voices import delete_voice
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(delete_voice(load_settings(), voice))


@voices.command("sign")
def voices_sign(
    voice: Annotated[str, typer.Argument(help="Id or name of the known voice.")],
    file: Annotated[Path, typer.Argument(help="A recording of this person alone.")],
    language: Annotated[
        str, typer.Option(help="What the person speaks: en, or a locale such as en-GB.")
    ] = "en",
) -> None:
    """Have Azure make a voice signature; Microsoft retired this on 28 March 2025.

    New Azure resources may refuse. Known voices are recognised on this machine without it.
    """
    from app.commands.console import one_clear_line
    from app.commands.voices import sign_voice
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(sign_voice(load_settings(), voice, file, language))
