"""One session in the recogniser's process that is given words, as the web process has it."""

from collections.abc import Sequence

from services.domain.live import LiveEvent
from services.live.recogniser.frames import order_form
from services.live.recogniser.recognising import LiveOrder
from services.live.recogniser.session import ChildLink, SessionInChild
from services.live.recogniser.words import heard_form
from services.live.telling.events import Told, ToldListener


class WordsInChild(SessionInChild):
    """One session in the child. Nothing but ``open`` and ``finish`` waits for it.

    How much is on its way needs no bound of its own: the child takes words as they come, and
    passes over what is outdated when it gets to them.
    """

    def __init__(
        self,
        number: int,
        child: ChildLink,
        order: LiveOrder,
        listener: ToldListener,
        known: Sequence[Told],
    ) -> None:
        """Take what it is about, and what was told of the call before; ``open`` follows."""
        super().__init__(number, child, order, listener)
        self._known = known

    def heard(self, event: LiveEvent) -> None:
        """Have read what was heard. Raises RecogniserLost."""
        self._child.write("heard", session=self.number, event=heard_form(event))

    def passed(self, now_ms: int) -> None:
        """Tell how far the call has come. Raises RecogniserLost."""
        self._child.write("passed", session=self.number, now_ms=now_ms)

    def summed_up(self, text: str, by: str, *, so_far: bool) -> None:
        """Have a summary told that somebody else has written. Raises RecogniserLost."""
        self._child.write("summed_up", session=self.number, text=text, by=by, so_far=so_far)

    def _ask(self) -> None:
        order, known = order_form(self._order), [dict(told) for told in self._known]
        self._child.write("read", session=self.number, order=order, known=known)
