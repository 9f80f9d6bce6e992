"""What the options of ``partyline emulator`` are called; the folder emulators does the work."""

from typing import Annotated

import typer

emulators = typer.Typer(
    help="Servers on this machine that stand in for cloud services, for trying out.",
    no_args_is_help=True,
)

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
