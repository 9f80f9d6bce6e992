"""What the options of ``partyline vocabulary`` are called; app/commands does the work."""

from typing import Annotated

import typer

from services.domain.vocabulary import read_spelling

vocabulary = typer.Typer(help="Words to listen for, and how to write them.", no_args_is_help=True)


@vocabulary.command("show")
def show_vocabulary() -> None:
    """Write the vocabulary: a word per line, then the spellings as heard = written."""
    from app.commands.console import one_clear_line
    from app.commands.vocabulary import change_vocabulary

    with one_clear_line():
        change_vocabulary(None)


@vocabulary.command("add")
def add_words(words: Annotated[list[str], typer.Argument(help="Words to listen for.")]) -> None:
    """Listen for these words in calls processed from now on."""
    from app.commands.console import one_clear_line
    from app.commands.vocabulary import change_vocabulary

    with one_clear_line():
        change_vocabulary(lambda service, user: service.add(user, words))


@vocabulary.command("remove")
def remove_words(
    words: Annotated[list[str], typer.Argument(help="Words, or what is heard of spellings.")],
) -> None:
    """Forget these words and spellings."""
    from app.commands.console import one_clear_line
    from app.commands.vocabulary import change_vocabulary

    with one_clear_line():
        change_vocabulary(lambda service, user: service.remove(user, words))


@vocabulary.command("spell")
def spell_words(
    spelling: Annotated[list[str], typer.Argument(help="As in 'acme tell=AcmeTel'.")],
) -> None:
    """Write what is heard in this way in calls processed from now on."""
    from app.commands.console import one_clear_line
    from app.commands.vocabulary import change_vocabulary

    with one_clear_line():
        change_vocabulary(lambda service, user: service.spell(user, read_spelling(spelling)))
