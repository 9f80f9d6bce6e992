"""In which languages each line of a call may have been said, when its language changes."""

from services.domain.speech import Utterance


class SpokenLanguages:
    """Remembers when a call's language changed, and by which ones each line was read.

    A line that was finished before a change stays with its languages, whenever it is worded anew:
    in another one, what was taken out of it would not be found. One that was begun before a change
    and is finished after it may be in either. Languages are ISO 639-1, the earlier ones first.
    """

    def __init__(self, language: str, *, is_guess: bool = False) -> None:
        """Begin a call in this language; a mere guess doesn't count once a line has another."""
        self._since: list[tuple[int, str]] = [(0, language)]
        self._is_guess = is_guess
        self._unfinished: dict[str, tuple[str, ...]] = {}
        self._finished: dict[str, tuple[str, ...]] = {}

    def speak(self, language: str, at_ms: int) -> None:
        """Take what begins at this moment of the call, or after it, as said in this language."""
        if language == self._since[-1][1]:
            self._is_guess = False
            return
        if self._is_guess and not self._unfinished and not self._finished:
            self._since = []
        self._is_guess = False
        self._since.append((at_ms, language))

    def of_unfinished(self, line: Utterance) -> tuple[str, ...]:
        """Return the languages of a line that is being said."""
        self._unfinished[line.id] = found = self._of(line)
        return found

    def of_finished(self, line: Utterance) -> tuple[str, ...]:
        """Return the languages of a line that is over, always the same ones."""
        if line.id not in self._finished:
            self._finished[line.id] = self._of(line)
            self._unfinished.pop(line.id, None)
        return self._finished[line.id]

    def _of(self, line: Utterance) -> tuple[str, ...]:
        """Return those that were spoken since a line began, and those it was read in before.

        The provider's clock and its lines may not agree on the moment of a change, so a line that
        was seen before it counts as begun before it.
        """
        since = [
            language
            for at, (_, language) in enumerate(self._since)
            if at + 1 == len(self._since) or self._since[at + 1][0] > line.start_ms
        ]
        return tuple(dict.fromkeys([*self._unfinished.get(line.id, ()), *since]))
