"""What a live call asks of the models over text."""

from typing import Protocol

from services.domain.speech import Utterance
from services.understanding.interfaces import Models


class LineByLine(Protocol):
    """Decides how the lines of one call are shown while it is held; used by one thread."""

    def partial(self, line: Utterance) -> Utterance | None:
        """Return what of an unfinished line can be shown, None when that is nothing yet."""

    def final(self, line: Utterance) -> tuple[Utterance, ...]:
        """Return a finished line as it is shown, then earlier ones that now read otherwise."""

    def speak(self, language: str | None, at_ms: int) -> None:
        """Take what follows this moment of the call as said in another language.

        None: in one that isn't known. Lines that were begun before may be in either.
        """


class LiveModels(Models, Protocol):
    """The models over text, with what takes personal data out as the call goes on."""

    def running_redaction(self, language: str | None) -> LineByLine:
        """Return what takes personal data out of one call."""


class AsHeard:
    """Shows every line as it was heard."""

    def partial(self, line: Utterance) -> Utterance | None:
        """Return the line."""
        return line

    def final(self, line: Utterance) -> tuple[Utterance, ...]:
        """Return the line alone."""
        return (line,)

    def speak(self, language: str | None, at_ms: int) -> None:
        """Show lines as before."""
