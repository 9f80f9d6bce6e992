"""Transcripts that the emulated service is asked for, from queued to completed or error."""

import json
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlparse

from emulators.assemblyai.http_answers import Line, answered_lines, finished
from emulators.assemblyai.http_audio import NotSound, Sound, examine
from emulators.assemblyai.http_dialogue import ScriptLine, spread

Json = dict[str, Any]

NO_SOUND = "Transcoding failed. File does not appear to contain audio."
NO_SPEECH = "language_detection cannot be performed on files with no spoken audio."
GONE = "Download error, unable to download the file. The URL is not accessible."
WEBHOOK_ATTEMPTS = 10
WEBHOOK_TIMEOUT_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """How the service works on recordings: what it hears, how fast, and what it takes it for."""

    script: Sequence[ScriptLine]
    queued_s: float
    processing_s: float
    language: str
    language_confidence: float


@dataclass(frozen=True, kw_only=True)
class SentWebhook:
    """One delivery of a webhook; ``status`` is the receiver's, None when nobody answered."""

    url: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    status: int | None


@dataclass(kw_only=True)
class Job:
    """One transcript. ``error`` is what it is to end with, None for a good end."""

    id: str
    asked: Json
    file: Path | None
    error: str | None = None
    status: str = "queued"
    is_deleted: bool = False
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    completed: datetime | None = None
    lines: list[Line] = field(default_factory=list)
    sound: Sound | None = None
    outcome: Json = field(default_factory=dict)
    webhooks: list[SentWebhook] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def run(self, hearing: Hearing, stopping: Event, sleep_s: float) -> None:
        """Go through all states and tell the webhook; ends early when the service stops."""
        if stopping.wait(hearing.queued_s):
            return
        self.status = "processing"
        outcome = self._outcome(hearing)
        if stopping.wait(hearing.processing_s):
            return
        with self._lock:
            self.outcome = outcome
            self.completed = datetime.now(UTC)
            self.status = "error" if "error" in outcome else "completed"
        if self.asked.get("webhook_url"):
            self._tell(stopping, sleep_s)

    def _outcome(self, hearing: Hearing) -> Json:
        if self.error is not None:
            return {"error": self.error}
        if self.file is None or not self.file.exists():
            return {"error": GONE}
        try:
            self.sound = examine(self.file)
        except NotSound:
            return {"error": NO_SOUND}
        language = self._language(hearing, self.sound)
        if "error" in language:
            return language
        start_ms = min(self.asked.get("audio_start_from") or 0, self.sound.duration_ms)
        end_ms = min(
            self.asked.get("audio_end_at") or self.sound.duration_ms, self.sound.duration_ms
        )
        heard = spread(hearing.script, start_ms, end_ms) if self.sound.is_audible else ()
        self.lines = answered_lines(heard, self.asked, self.sound)
        return {**finished(self.lines, self.asked, self.sound), **language}

    def _language(self, hearing: Hearing, sound: Sound) -> Json:
        if not self.asked.get("language_detection"):
            return {"language_code": self.asked.get("language_code") or "en_us"}
        if not sound.is_audible:
            return {"error": NO_SPEECH}
        threshold = self.asked.get("language_confidence_threshold") or 0
        if hearing.language_confidence < threshold:
            return {
                "error": f"detected language '{hearing.language}', confidence "
                f"{hearing.language_confidence}, is below the requested confidence threshold "
                f"value of '{threshold}'"
            }
        return {
            "language_code": hearing.language,
            "language_confidence": hearing.language_confidence,
        }

    def document(self) -> Json:
        """Return the transcript as it stands."""
        with self._lock:
            if self.is_deleted:
                return {"id": self.id, "status": "completed", "audio_url": "http://deleted_by_user"}
            secret = "webhook_auth_header_value"
            asked = {name: value for name, value in self.asked.items() if name != secret}
            return {
                "id": self.id,
                "status": self.status,
                "webhook_auth": secret in self.asked,
                "webhook_status_code": self.webhooks[-1].status if self.webhooks else None,
                **asked,
                **self.outcome,
            }

    def listed(self, base_url: str) -> Json:
        """Return the transcript as a list shows it."""
        return {
            "id": self.id,
            "resource_url": f"{base_url}/v2/transcript/{self.id}",
            "status": self.status,
            "created": self.created.isoformat(),
            "completed": self.completed.isoformat() if self.completed else None,
            "audio_url": "http://deleted_by_user" if self.is_deleted else self.asked["audio_url"],
            "error": self.outcome.get("error"),
        }

    def delete(self) -> None:
        """Forget words and sound."""
        with self._lock:
            self.is_deleted = True
            self.lines, self.outcome = [], {}
        if self.file is not None:
            self.file.unlink(missing_ok=True)

    def _tell(self, stopping: Event, sleep_s: float) -> None:
        """Deliver the webhook until somebody takes it or refuses it, on this machine only."""
        url = str(self.asked["webhook_url"])
        body = {"transcript_id": self.id, "status": self.status}
        headers = {"Content-Type": "application/json"}
        if name := self.asked.get("webhook_auth_header_name"):
            headers[str(name)] = str(self.asked["webhook_auth_header_value"])
        for _ in range(WEBHOOK_ATTEMPTS):
            status = _post(url, body, headers)
            self.webhooks.append(SentWebhook(url=url, body=body, headers=headers, status=status))
            if (status is not None and status < 500) or stopping.wait(sleep_s):
                return


def _post(url: str, body: Json, headers: Mapping[str, str]) -> int | None:
    if urlparse(url).hostname not in {"127.0.0.1", "localhost", "::1"}:
        return None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, json.dumps(body).encode(), dict(headers), method="POST")
    try:
        with opener.open(request, timeout=WEBHOOK_TIMEOUT_S) as response:
            return int(response.status)
    except HTTPError as error:
        with error:
            return error.code
    except OSError:
        return None
