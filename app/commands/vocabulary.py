"""``partyline vocabulary``, and the words that ``partyline transcribe`` is given."""

from collections.abc import Callable, Sequence
from pathlib import Path

from app.commands.console import operator
from app.settings import Settings, load_settings
from app.wiring import build_vocabulary
from services.domain.calls import ProcessingOptions
from services.domain.errors import FileMissing, InvalidRequest
from services.domain.people import User
from services.domain.vocabulary import Vocabulary, clean_terms, with_vocabulary
from services.storage.database import database_exists
from services.vocabulary import VocabularyService

MOST_FILE_BYTES = 100_000

Change = Callable[[VocabularyService, User], Vocabulary]


def change_vocabulary(change: Change | None) -> None:
    """Make a change if there is one, and write the vocabulary to standard output."""
    settings = load_settings()
    service, user = build_vocabulary(settings), operator(settings)
    kept = service.load(user) if change is None else change(service, user)
    for term in kept.terms:
        print(term)
    for heard, written in kept.spelling:
        print(f"{heard} = {written}")


def read_terms(words: Sequence[str], file: Path | None) -> tuple[str, ...]:
    """Return the words given one by one, then those of a file with one per line.

    Raises FileMissing, InvalidRequest.
    """
    return clean_terms((*words, *(_lines(file) if file else ())))


def with_kept_vocabulary(settings: Settings, options: ProcessingOptions) -> ProcessingOptions:
    """Return the options with the words kept in this installation's database, if it has one."""
    if not database_exists(settings.database_url):
        return options
    return with_vocabulary(options, build_vocabulary(settings).load(operator(settings)))


def _lines(file: Path) -> list[str]:
    try:
        with file.open("rb") as source:
            content = source.read(MOST_FILE_BYTES + 1)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequest("The vocabulary file is not a text file in UTF-8.") from error
    except OSError as error:
        raise FileMissing from error
    if len(content) > MOST_FILE_BYTES:
        raise InvalidRequest("The vocabulary file is too large.")
    return text.splitlines()
