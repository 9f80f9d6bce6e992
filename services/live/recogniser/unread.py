"""Lines of a call that nobody has read."""

import threading
from collections.abc import Callable, Iterable

from services.domain.intervals import union
from services.domain.live_calls import SoundGap
from services.domain.speech import Utterance
from services.exports.call_json import utterance_document
from services.live.telling.events import Kind, Told
from services.live.telling.standing import Standing


class UnreadLines:
    """Tells them as they were heard where they may be shown so; elsewhere that they are missing.

    What is missing is noted of the call: it stays known when the call has landed. Safe across
    threads.
    """

    def __init__(
        self, standing: Standing, tell: Callable[[Told], None], *, redacting: bool
    ) -> None:
        """Tell ``tell`` of lines, and ``standing`` of what is missing.

        ``redacting``: no line may be shown that nobody has taken personal data out of.
        """
        self._standing = standing
        self._tell = tell
        self._redacting = redacting

    def tell(self, lines: Iterable[Utterance]) -> None:
        """Tell of lines, in their order."""
        spoken = [line for line in lines if line.text.strip()]
        if not self._redacting:
            for line in spoken:
                told = {"type": Kind.FINAL.value, "at_ms": line.end_ms}
                self._tell({**told, **utterance_document(line)})
            return
        for gap in _places(spoken):
            self._standing.misses(gap)
            self._standing.unheard(gap.start_ms, gap.end_ms)

    def tell_beside(self, lines: Iterable[Utterance]) -> None:
        """Do so in a thread of its own: whoever asks holds what listeners may wait for."""
        threading.Thread(
            target=self.tell, args=(tuple(lines),), name="live-unread", daemon=True
        ).start()

    def let_go(self, lines: Iterable[Utterance]) -> None:
        """Tell of lines of a call that somebody else goes on with, or lands.

        Whoever goes on tells of the whole stretch that is missing by then; for whoever lands it
        the call knows what is.
        """
        if not self._redacting:
            self.tell(lines)
            return
        for gap in _places(lines):
            self._standing.misses(gap)


def _places(lines: Iterable[Utterance]) -> list[SoundGap]:
    places = union((line.start_ms, line.end_ms) for line in lines)
    return [SoundGap(start_ms=start_ms, end_ms=end_ms) for start_ms, end_ms in places]
