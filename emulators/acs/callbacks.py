"""The events of one emulated call, delivered to where its request said, in their order."""

import queue
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import httpx

from emulators.acs.plans import CallPlan, SeenCall
from emulators.acs.tokens import CALLBACK_S, Issuer

CALLBACK_TIMEOUT_S = 10.0
PREFIX = "Microsoft.Communication."


class Callbacks:
    """Posts events in a thread of its own. ``close`` waits for those that were told."""

    def __init__(self, address: str, plan: CallPlan, issuer: Issuer, seen: SeenCall) -> None:
        """Post to an address, nowhere if it is empty; ``seen`` notes how each was answered."""
        self._address = address
        self._plan = plan
        self._issuer = issuer
        self._seen = seen
        self._events: queue.SimpleQueue[tuple[str, dict[str, Any]] | None] = queue.SimpleQueue()
        self._client = httpx.Client(timeout=CALLBACK_TIMEOUT_S, trust_env=False)
        self._sender = Thread(target=self._send, name="emulated-events", daemon=True)
        self._sender.start()

    def tell(self, kind: str, content: dict[str, Any]) -> None:
        """Have an event delivered, after those before it."""
        self._events.put((kind, content))

    def close(self) -> None:
        """End, after the events that wait."""
        self._events.put(None)
        self._sender.join()
        self._client.close()

    def _send(self) -> None:
        while (event := self._events.get()) is not None:
            kind, content = event
            call = f"calling/callConnections/{content['callConnectionId']}"
            document = {
                "id": str(uuid.uuid4()),
                "source": call,
                "type": PREFIX + kind,
                "specversion": "1.0",
                "time": datetime.now(UTC).isoformat(),
                "subject": call,
                "data": content,
            }
            for _ in range(2 if self._plan.callbacks_twice else 1):
                self._seen.callbacks.append((kind, self._post(document)))

    def _post(self, document: dict[str, Any]) -> int:
        """Post an event; return the status of the answer, 0 when there was none."""
        if not self._address:
            return 0
        headers = self._issuer.authorization(self._plan.callback_tokens, CALLBACK_S)
        with suppress(httpx.HTTPError):
            return self._client.post(self._address, json=[document], headers=headers).status_code
        return 0
