"""What holding a call asks of it, whatever the call is made of: sound, or words alone."""

from typing import Protocol

from services.domain.live_calls import RunningCall
from services.domain.metrics import AnalysedTranscript
from services.live.recording.landing import Landed, Landing
from services.live.telling.standing import Standing


class Held(Protocol):
    """One live call that this process holds. Safe across threads."""

    standing: Standing

    @property
    def running(self) -> RunningCall:
        """Return the call as others see it."""

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is taken any more."""

    def ask_end(self) -> None:
        """End it for somebody who isn't its recorder; returns soon, safe to call twice."""

    def end(self) -> None:
        """End it with what is there; safe to call twice."""

    def release(self) -> None:
        """Let go of it as it stands; what is kept of it is for whoever goes on or lands it."""

    def summarise(self) -> None:
        """Ask for a summary so far; it is told when it is there."""

    def speak(self, language: str | None) -> None:
        """Have it heard in another language from now on, None: in the one that is detected.

        What is said against it later is told as a warning.
        """

    def look_after(self) -> None:
        """Do what time asks for; called about once a second."""

    def sync(self) -> None:
        """Have kept for good what has come so far. Raises StorageError."""

    def land(self, landing: Landing, captions: AnalysedTranscript | None) -> Landed:
        """Make an ordinary call of it, which has ended, with these captions. Raises as landing."""
