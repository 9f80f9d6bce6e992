"""What the options of ``partyline text`` are called; app/commands does the work."""

from typing import Annotated

import typer

text = typer.Typer(
    help="Answer texts: JSON lines with id and text in, JSON lines in the same order out.",
    no_args_is_help=True,
)

Language = Annotated[
    str, typer.Option(help='Language code of lines that don\'t name their own in "language".')
]


@text.command("sentiment")
def text_sentiment(language: Language = "en") -> None:
    """Say how each text sounds: {"id","label","score"}, the score from -1 to 1.

    A line may also hold "previous", what was said right before it.
    """
    from app.commands.console import one_clear_line
    from app.commands.text import answer_sentiment
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(answer_sentiment(load_settings(), language))


@text.command("pii")
def text_pii(language: Language = "en") -> None:
    """Find personal data: {"id","spans":[{"type","start","end"}],"redacted"}.

    Spans are in characters of the text. A line may also hold "previous", the question it answers.
    """
    from app.commands.console import one_clear_line
    from app.commands.text import answer_pii
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(answer_pii(load_settings(), language))
