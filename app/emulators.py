"""What the options of ``partyline emulator`` are called; the folder emulators does the work."""

from pathlib import Path
from typing import Annotated

import typer

emulators = typer.Typer(
    help="Servers on this machine that stand in for cloud services, for trying out.",
    no_args_is_help=True,
)

Call = Annotated[
    Path, typer.Option("--call", metavar="FILE", help="The recording that is played, as for demo/.")
]
To = Annotated[str, typer.Option(help="Address (ws://127.0.0.1…) that the sound is sent to.")]
SignedFor = Annotated[
    str,
    typer.Option(help="The address that the service was given, where it is not the one of --to."),
]
Speed = Annotated[float, typer.Option(min=0, help="From real time; 0 is at once.")]
Seconds = Annotated[float, typer.Option(min=0, help="So much of it is played; 0 is all.")]
AgentChannel = Annotated[int, typer.Option(min=0, max=1, help="The agent's channel in the file.")]
DropAfter = Annotated[
    float, typer.Option(min=0, help="Cuts the connection after so many seconds of sound.")
]
GarbageEvery = Annotated[
    int, typer.Option(min=0, help="Sends something unreadable before each so manieth piece.")
]

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0 takes a free one.")]


@emulators.callback()
def choose() -> None:
    """Servers on this machine that stand in for cloud services, for trying out."""


@emulators.command("llm")
def language_model(
    behaviours: Annotated[
        list[str] | None,
        typer.Argument(help="What to do with each request in turn, such as good or broken-json."),
    ] = None,
    port: Port = 0,
) -> None:
    """A language model that quotes the calls it is sent; prints the address for LLM_BASE_URL."""
    from app.commands.console import one_clear_line
    from app.commands.emulator import run_language_model

    with one_clear_line():
        raise SystemExit(run_language_model(behaviours or [], port))


@emulators.command("azure")
def azure(
    port: Port = 0,
    http_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the HTTP side; 0 takes a free one.")
    ] = 0,
) -> None:
    """Azure Speech, which hears a made-up call in any recording; prints the settings to use."""
    from app.commands.console import one_clear_line
    from app.commands.emulator import run_azure

    with one_clear_line():
        raise SystemExit(run_azure(port, http_port))


@emulators.command("assemblyai")
def assemblyai(
    failures: Annotated[
        list[str] | None,
        typer.Argument(help="What goes wrong first, as in create=busy or poll=dropped."),
    ] = None,
    port: Port = 0,
    seconds: Annotated[
        float, typer.Option(min=0, help="So long the work on each recording takes.")
    ] = 1.0,
) -> None:
    """AssemblyAI, which hears the same call in any recording; prints the settings to use."""
    from app.commands.console import one_clear_line
    from app.commands.emulator import run_assemblyai

    with one_clear_line():
        raise SystemExit(run_assemblyai(failures or [], port, seconds))


@emulators.command("s3")
def s3(
    port: Port = 0,
    folder: Annotated[
        Path | None, typer.Option(help="Where objects stay; otherwise they go when it ends.")
    ] = None,
    bucket: Annotated[str, typer.Option(help="The bucket that there is.")] = "partyline",
) -> None:
    """An S3 server that holds a bucket; prints the settings to use."""
    from app.commands.console import one_clear_line
    from app.commands.emulator import run_s3

    with one_clear_line():
        raise SystemExit(run_s3(port, folder, bucket))


@emulators.command("acs")
def acs(
    to: Annotated[
        str, typer.Option(help="Address (ws://127.0.0.1…) that calls are transcribed to at once.")
    ] = "",
    calls: Annotated[int, typer.Option(min=1, max=500, help="So many calls at once.")] = 1,
    events: Annotated[
        str, typer.Option(help="Address (http://127.0.0.1…) that is told what happens.")
    ] = "",
    speed: Annotated[float, typer.Option(min=0, help="From real time; 0 is at once.")] = 1.0,
    rounds: Annotated[
        int, typer.Option(min=0, help="How often the call's lines are said; 0 is for ever.")
    ] = 1,
    tokens: Annotated[
        str, typer.Option(help="What its tokens are like, such as expired.")
    ] = "good",
    drop_after: Annotated[
        int, typer.Option(min=0, help="Cuts each connection after so many frames.")
    ] = 0,
    malformed_every: Annotated[
        int, typer.Option(min=0, help="Sends something unreadable before each so manieth frame.")
    ] = 0,
    port: Port = 0,
) -> None:
    """Azure Communication Services: phone calls that are transcribed to an address of this machine.

    Prints its address and key, and whom its tokens are from and for. With --to it calls at once and
    ends when the calls are over.
    """
    from app.commands.acs_emulator import PhoneScript, run_acs
    from app.commands.console import one_clear_line

    script = PhoneScript(
        to=to,
        calls=calls,
        events=events,
        speed=speed,
        rounds=rounds or None,
        tokens=tokens,
        drop_after=drop_after or None,
        malformed_every=malformed_every or None,
    )
    with one_clear_line():
        raise SystemExit(run_acs(script, port))


@emulators.command("twilio")
def twilio(
    to: To,
    call: Call,
    signed_for: SignedFor = "",
    calls: Annotated[int, typer.Option(min=1, max=500, help="So many calls at once.")] = 1,
    parameter: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="What the stream says of the call, as agent=Nora."),
    ] = None,
    speed: Speed = 1.0,
    seconds: Seconds = 0.0,
    agent_channel: AgentChannel = 0,
    drop_after: DropAfter = 0.0,
    garbage_every: GarbageEvery = 0,
) -> None:
    """Twilio Media Streams: plays a recording to a server of this machine as a phone call.

    Signs with TWILIO_AUTH_TOKEN, as that server has it.
    """
    from app.commands.console import one_clear_line
    from app.commands.stream_emulators import StreamScript, run_twilio

    script = StreamScript(
        to=to,
        call=call,
        signed_for=signed_for,
        calls=calls,
        parameters=tuple(parameter or ()),
        speed=speed,
        seconds=seconds,
        agent_channel=agent_channel,
        drop_after_s=drop_after,
        garbage_every=garbage_every,
    )
    with one_clear_line():
        raise SystemExit(run_twilio(script))


@emulators.command("audiohook")
def audiohook(
    to: To,
    call: Call,
    signed_for: SignedFor = "",
    calls: Annotated[int, typer.Option(min=1, max=500, help="So many calls at once.")] = 1,
    speed: Speed = 1.0,
    seconds: Seconds = 0.0,
    agent_channel: AgentChannel = 0,
    drop_after: DropAfter = 0.0,
    garbage_every: GarbageEvery = 0,
) -> None:
    """Genesys AudioHook: plays a recording to a server of this machine as a phone call.

    Signs with AUDIOHOOK_API_KEY and AUDIOHOOK_CLIENT_SECRET, as that server has them.
    """
    from app.commands.console import one_clear_line
    from app.commands.stream_emulators import StreamScript, run_audiohook

    script = StreamScript(
        to=to,
        call=call,
        signed_for=signed_for,
        calls=calls,
        speed=speed,
        seconds=seconds,
        agent_channel=agent_channel,
        drop_after_s=drop_after,
        garbage_every=garbage_every,
    )
    with one_clear_line():
        raise SystemExit(run_audiohook(script))
