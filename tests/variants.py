"""Scripted providers under other names, standing in for services elsewhere."""

import threading
from dataclasses import replace

from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions, Stage
from services.domain.errors import PartylineError
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.providers.capabilities import ProviderOption
from services.providers.scripted import ScriptedProvider

TITLES = {"local": "This machine", "azure": "Azure Speech", "assemblyai": "AssemblyAI"}


def variant(
    name: str,
    *,
    fails_with: type[PartylineError] | None = None,
    failing_attempts: int | None = None,
    options: tuple[ProviderOption, ...] = (),
    pause_ms: int = 0,
    of: type[ScriptedProvider] = ScriptedProvider,
    **can: object,
) -> ScriptedProvider:
    """A scripted provider of this name; ``can`` are further capabilities."""
    made = of(pause_ms=pause_ms, fails_with=fails_with, failing_attempts=failing_attempts)
    made.capabilities = replace(
        made.capabilities,
        name=name,
        title=TITLES[name],
        leaves_machine=name != "local",
        options=options,
        **can,
    )
    return made


class Service(ScriptedProvider):
    """Keeps copies, can be held up and made to fail, and counts how many it serves together."""

    def __init__(self, **script: object) -> None:
        super().__init__(**script)  # type: ignore[arg-type]
        self.open = threading.Event()
        self.open.set()
        self.fails: type[PartylineError] | None = None
        self.deleting_fails: type[PartylineError] | None = None
        self.attempts = 0
        self.now = self.most = 0
        self.copies: list[str] = []
        self.deleted: list[str] = []
        self._lock = threading.Lock()

    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        with self._lock:
            self.attempts += 1
            self.copies.append(f"{self.capabilities.name}-{self.attempts}")
            reference = self.copies[-1]
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            if self.capabilities.keeps_copies:
                context.note_copy(reference)
            while not self.open.wait(0.02):
                context.report(Stage.RECOGNISE, 0.0)
            if self.fails is not None:
                raise self.fails
            return super()._transcribe_impl(recording, options, context)
        finally:
            with self._lock:
                self.now -= 1

    def delete_copy(self, reference: str) -> None:
        if self.deleting_fails is not None:
            raise self.deleting_fails
        self.deleted.append(reference)
