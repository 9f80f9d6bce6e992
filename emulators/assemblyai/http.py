"""AssemblyAI's service for recorded calls on loopback, which misbehaves when told to.

``AssemblyAIEmulator`` is a real HTTP server in threads. What it hears is a script laid over the
length of the uploaded sound; all requests are kept for tests to look at and count.
"""

import tempfile
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from emulators.assemblyai.http_dialogue import DEFAULT_SCRIPT, ScriptLine
from emulators.assemblyai.http_jobs import Hearing, Job, SentWebhook
from emulators.assemblyai.http_requests import Failure, Place, SeenRequest
from emulators.assemblyai.http_routes import Routes
from emulators.serving import Emulator, HttpServer

UPLOADS = "/upload/"


class AssemblyAIEmulator(Emulator):
    """Serves from ``__enter__`` to ``__exit__``; ``base_url`` is what ASSEMBLYAI_BASE_URL takes.

    ``key`` is the only one accepted, None accepts any. ``failures`` are what happens to the next
    requests of a kind, one after the other; ``job_errors`` what the next transcripts end with
    (None: a good end). ``retry_after_s`` goes out with 429, ``audio_after`` is how often the
    covered sound is not ready yet.
    """

    def __init__(
        self,
        *,
        key: str | None = None,
        port: int = 0,
        script: Sequence[ScriptLine] = DEFAULT_SCRIPT,
        queued_s: float = 0.0,
        processing_s: float = 0.0,
        language: str = "en",
        language_confidence: float = 0.97,
        failures: Mapping[Place, Iterable[Failure]] | None = None,
        job_errors: Iterable[str | None] = (),
        retry_after_s: float = 0.05,
        webhook_pause_s: float = 0.2,
        audio_after: int = 0,
    ) -> None:
        """Take a port; nothing is answered before ``__enter__``."""
        self.key = key
        self.retry_after_s = retry_after_s
        self.audio_after = audio_after
        self.requests: list[SeenRequest] = []
        self.jobs: dict[str, Job] = {}
        self.stopping = Event()
        self._hearing = Hearing(
            script=script,
            queued_s=queued_s,
            processing_s=processing_s,
            language=language,
            language_confidence=language_confidence,
        )
        self._failures = {place: list(those) for place, those in (failures or {}).items()}
        self._job_errors = list(job_errors)
        self._webhook_pause_s = webhook_pause_s
        self._workers: list[Thread] = []
        self._lock = Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="partyline-emulated-")
        self._server = HttpServer(type("Handler", (Routes,), {"service": self}), port)

    @property
    def base_url(self) -> str:
        """Scheme, host and port."""
        return self._server.address

    @property
    def port(self) -> int:
        """The port on loopback."""
        return self._server.port

    @property
    def webhooks(self) -> list[SentWebhook]:
        """All webhooks that were sent, in the order of their transcripts."""
        return [sent for job in self.jobs.values() for sent in job.webhooks]

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self) -> None:
        """Stop serving and forget everything. Safe to call twice."""
        self.stopping.set()
        self._server.stop()
        for worker in self._workers:
            worker.join()
        self._folder.cleanup()

    def count(self, *places: Place) -> int:
        """Return how many requests there were, of all kinds or of some."""
        return sum(1 for seen in self.requests if not places or seen.place in places)

    def counts(self) -> dict[Place, int]:
        """Return how many requests there were of each kind."""
        counted: dict[Place, int] = defaultdict(int)
        for seen in self.requests:
            counted[seen.place] += 1
        return dict(counted)

    def asked(self, at: int = -1) -> Mapping[str, Any]:
        """Return the body of one request for a transcript, by default of the last."""
        bodies = [seen.body for seen in self.requests if seen.place is Place.CREATE]
        body: Mapping[str, Any] = bodies[at]
        return body

    def fail(self, place: Place, *failures: Failure) -> None:
        """Have the next requests of this kind go wrong."""
        with self._lock:
            self._failures.setdefault(place, []).extend(failures)

    # --- for the server -----------------------------------------------------------------------

    def take(self, request: SeenRequest) -> Failure | None:
        """Keep a request and return what goes wrong with it."""
        with self._lock:
            self.requests.append(request)
            waiting = self._failures.get(request.place)
            return waiting.pop(0) if waiting else None

    def new_upload(self) -> Path:
        """Return where an upload goes."""
        return Path(self._folder.name) / uuid.uuid4().hex

    def upload_url(self, file: Path) -> str:
        """Return the address by which a request for a transcript names an upload."""
        return f"{self.base_url}{UPLOADS}{file.name}"

    def create(self, asked: dict[str, Any]) -> Job:
        """Begin a transcript."""
        with self._lock:
            _, _, name = str(asked["audio_url"]).rpartition(UPLOADS)
            file = Path(self._folder.name) / name if name.isalnum() else None
            error = self._job_errors.pop(0) if self._job_errors else None
            job = Job(id=str(uuid.uuid4()), asked=asked, file=file, error=error)
            self.jobs[job.id] = job
            worker = Thread(
                target=job.run,
                args=(self._hearing, self.stopping, self._webhook_pause_s),
                name="assemblyai-emulator-job",
            )
            self._workers = [one for one in self._workers if one.is_alive()]
            self._workers.append(worker)
            worker.start()
        return job
