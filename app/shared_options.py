"""Options that several commands have, by the same names and with the same help."""

from pathlib import Path
from typing import Annotated

import typer

Provider = Annotated[
    str | None, typer.Option(help="Who recognises the speech; local, unless set otherwise.")
]
Others = Annotated[
    list[str] | None,
    typer.Option(
        "--fallback", help="Who is asked if that one can't be reached; repeatable, in order."
    ),
]
Given = Annotated[
    list[str] | None,
    typer.Option("--option", help="What the provider is asked for, as NAME=VALUE; repeatable."),
]
Language = Annotated[str, typer.Option(help="Language code, or auto to detect it.")]
Redact = Annotated[bool, typer.Option(help="Take personal data out of the text.")]
Words = Annotated[
    list[str] | None,
    typer.Option("--vocabulary", help="A word to listen for; may be given several times."),
]
WordsFile = Annotated[
    Path | None,
    typer.Option("--vocabulary-file", help="A text file with a word to listen for per line."),
]
Spelling = Annotated[
    list[str] | None,
    typer.Option(help="How to write what is heard, as in 'acme tell=AcmeTel'; repeatable."),
]
ByModel = Annotated[
    bool, typer.Option(help="Have the language model summarise, if one is configured.")
]
