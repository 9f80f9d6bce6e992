"""Transcripts that were asked for without an answer: the service may have them under some name.

They are known by the time of asking and a mark of the address that their sound has there. The
service's list of transcripts shows the address, so that a copy can be found and deleted later.
"""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Self

from services.domain.errors import CopyGone, ProviderUnavailable
from services.providers.assemblyai.service import AssemblyAIService

# A request may be carried out a while after nobody waits for its answer any more.
SETTLED_AFTER_S = 600
# For how much the service's clock, or its zone, may differ.
SLACK_S = 86_400
_FORM = re.compile(r"unanswered-([0-9]{1,12})-([0-9a-f]{40})")


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """A request that was made at ``asked_s`` (seconds of the epoch) for the sound of a mark."""

    asked_s: int
    mark: str

    @classmethod
    def of(cls, url: str, asked_s: int) -> Self:
        """Return the request for the sound at this address."""
        return cls(asked_s=asked_s, mark=_mark(url))

    @classmethod
    def read(cls, reference: str) -> Self | None:
        """Return what a reference means; None if it is one of the service's own."""
        found = _FORM.fullmatch(reference)
        return cls(asked_s=int(found[1]), mark=found[2]) if found else None

    @property
    def reference(self) -> str:
        """The reference under which the copy is noted here; it tells no address."""
        return f"unanswered-{self.asked_s}-{self.mark}"

    def delete(self, service: AssemblyAIService) -> None:
        """Delete whatever the service made of it.

        Raises ProviderUnavailable while it may still be going to make something.
        """
        earliest = datetime.fromtimestamp(max(0, self.asked_s - SLACK_S), UTC)
        mine = [one for one in service.since(earliest) if _mark(one.url) == self.mark]
        for one in mine:
            try:
                service.delete(one.reference)
            except CopyGone:
                continue
        if not mine and time.time() < self.asked_s + SETTLED_AFTER_S:
            raise ProviderUnavailable


def _mark(url: str) -> str:
    return sha256(url.encode()).hexdigest()[:40]
