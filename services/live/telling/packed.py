"""Events that are kept for as long as a call lasts, in a fraction of the room."""

import json

from services.live.telling.events import Told


class Packed:
    """One event as JSON: a line of ten words takes a kilobyte or so in place of six."""

    __slots__ = ("_form",)

    def __init__(self, told: Told) -> None:
        """Pack an event, which is JSON-able."""
        form = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        self._form = form.encode("utf-8", "surrogatepass")

    @property
    def told(self) -> Told:
        """The event as it was."""
        told: Told = json.loads(self._form)
        return told
