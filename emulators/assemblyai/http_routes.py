"""The addresses of the emulated service, and what it answers there."""

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from emulators.assemblyai.http_answers import covered_stretches, redacted
from emulators.assemblyai.http_audio import covered_copy
from emulators.assemblyai.http_checks import refusal_of
from emulators.assemblyai.http_connections import Connection
from emulators.assemblyai.http_jobs import Job
from emulators.assemblyai.http_reads import READERS, search_words, write_subtitles
from emulators.assemblyai.http_requests import Failure, Place, SeenRequest

if TYPE_CHECKING:
    from emulators.assemblyai.http import AssemblyAIEmulator

MOST_JSON_BYTES = 1024 * 1024
MOST_LISTED = 200
MOST_SEARCHED_WORDS = 5
_ROUTE = re.compile(r"/v2/transcript(?:/(?P<id>[\w-]+)(?:/(?P<what>[\w-]+))?)?")
_COPY = re.compile(r"/redacted/(?P<id>[\w-]+)\.(?P<container>mp3|wav)")


class _Refused(Exception):
    """A request ends with a status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Routes(Connection):
    """Answers the requests of one connection."""

    service: "AssemblyAIEmulator"
    _json: Any = None

    def do_POST(self) -> None:
        """Take an upload or a request for a transcript."""
        path = urlsplit(self.path).path
        if path == "/v2/upload":
            self._guarded(Place.UPLOAD, self._upload)
        elif path == "/v2/transcript":
            self._guarded(Place.CREATE, self._create)
        else:
            self.drain()
            self._send(404, {"error": "Not found"})

    def do_GET(self) -> None:
        """List transcripts, or answer with one or with what is made of it."""
        path = urlsplit(self.path).path
        if copy := _COPY.fullmatch(path):
            return self._send_copy(copy["id"], copy["container"])
        route = _ROUTE.fullmatch(path)
        if route is None:
            return self._send(404, {"error": "Not found"})
        if route["id"] is None:
            return self._guarded(Place.LIST, self._list)
        if route["what"] is None:
            return self._guarded(Place.POLL, lambda: self._send(200, self._job().document()))
        place = Place.AUDIO if route["what"] == "redacted-audio" else Place.READ
        return self._guarded(place, lambda: self._read(str(route["what"])))

    def do_DELETE(self) -> None:
        """Delete a transcript with its sound."""
        self._guarded(Place.DELETE, self._delete)

    # --- the requests -------------------------------------------------------------------------

    def _upload(self) -> None:
        file = self.service.new_upload()
        size = 0
        with file.open("wb") as sink:
            for piece in self.pieces():
                size += len(piece)
                sink.write(piece)
        if size == 0:
            file.unlink()
            raise _Refused(422, "Upload failed, please try again. The request body is empty.")
        self._send(200, {"upload_url": self.service.upload_url(file)})

    def _create(self) -> None:
        asked = self._json
        if refusal := refusal_of(asked):
            raise _Refused(400, refusal)
        job = self.service.create(asked)
        self._send(200, {**job.document(), "status": "queued"})

    def _list(self) -> None:
        query = self._query
        limit = int(query.get("limit", "10")) if query.get("limit", "10").isdigit() else 0
        if not 1 <= limit <= MOST_LISTED:
            raise _Refused(400, f"'limit' is from 1 to {MOST_LISTED}")
        jobs = list(reversed(self.service.jobs.values()))
        if wanted := query.get("status"):
            jobs = [job for job in jobs if job.status == wanted]
        ids = [job.id for job in jobs]
        if (before := query.get("before_id")) in ids:
            jobs = jobs[ids.index(str(before)) + 1 :]
        page = [job.listed(self.service.base_url) for job in jobs[:limit]]
        older = (
            f"{self.service.base_url}/v2/transcript?limit={limit}&before_id={page[-1]['id']}"
            if (len(jobs) > limit)
            else None
        )
        details = {
            "limit": limit,
            "result_count": len(page),
            "current_url": f"{self.service.base_url}{self.path}",
            "prev_url": older,
            "next_url": None,
        }
        self._send(200, {"page_details": details, "transcripts": page})

    def _read(self, what: str) -> None:
        job = self._job()
        if job.status != "completed" or job.is_deleted:
            raise _Refused(400, "This transcript is not completed")
        shown = redacted(job.lines, job.asked)
        if what in READERS:
            return self._send(200, READERS[what](job, shown))
        if what in {"srt", "vtt"}:
            return self.send_bytes(
                200, write_subtitles(shown, vtt=what == "vtt").encode(), "text/plain"
            )
        if what == "word-search":
            phrases = [one for one in self._query.get("words", "").split(",") if one.strip()]
            if not phrases or any(len(p.split()) > MOST_SEARCHED_WORDS for p in phrases):
                raise _Refused(400, "'words' lists words or phrases of up to five words")
            return self._send(200, {"id": job.id, **search_words(shown, phrases)})
        if what == "redacted-audio":
            return self._redacted_audio(job)
        raise _Refused(404, "Not found")

    def _redacted_audio(self, job: Job) -> None:
        if not job.asked.get("redact_pii_audio"):
            raise _Refused(400, "Redacted audio was not requested for this transcript")
        if self.service.audio_after > 0:
            self.service.audio_after -= 1
            return self._send(202, {"status": "processing"})
        container = job.asked.get("redact_pii_audio_quality") or "mp3"
        url = f"{self.service.base_url}/redacted/{job.id}.{container}"
        return self._send(200, {"status": "redacted_audio_ready", "redacted_audio_url": url})

    def _send_copy(self, job_id: str, container: str) -> None:
        """Answer with the covered sound itself; its address is the permission."""
        job = self.service.jobs.get(job_id)
        if job is None or job.is_deleted or job.file is None or not job.asked["redact_pii_audio"]:
            return self._send(404, {"error": "Not found"})
        options = job.asked.get("redact_pii_audio_options") or {}
        silent = options.get("override_audio_redaction_method") == "silence"
        stretches = covered_stretches(job.lines, job.asked)
        sound = covered_copy(job.file, stretches, container=container, silent=silent)
        return self.send_bytes(200, sound, f"audio/{container}")

    def _delete(self) -> None:
        job = self._job()
        if job.status in {"queued", "processing"}:
            raise _Refused(400, "This transcript can't be deleted while it is being processed")
        job.delete()
        self._send(200, job.document())

    # --- what they have in common -------------------------------------------------------------

    def _guarded(self, place: Place, answer: Callable[[], None]) -> None:
        """Keep the request, go wrong if told to, and turn refusals into answers."""
        self._json = self._read_json() if place is Place.CREATE else None
        failure = self.service.take(
            SeenRequest(
                place=place,
                method=self.command,
                path=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self._json,
                size=int(self.headers.get("Content-Length") or 0),
            )
        )
        try:
            self._check_key()
            if failure is None or not self._fail(failure, answer):
                answer()
        except _Refused as refused:
            self.drain()
            self._send(refused.status, {"error": refused.sentence})
        except OSError:
            self.close_connection = True

    def _fail(self, failure: Failure, answer: Callable[[], None]) -> bool:
        """Let a request go wrong; True when nothing more is to be done."""
        if failure in _STATUSES:
            raise _Refused(*_STATUSES[failure])
        self.close_connection = True
        if failure is Failure.SLOW:
            self.service.stopping.wait()
        elif failure is Failure.LATE_DROP:
            self.send_bytes = _send_nothing  # type: ignore[method-assign,assignment]
            answer()
        elif failure is Failure.GARBAGE:
            self.drain()
            self.send_bytes(200, b"<html>It works!</html>", "text/html")
        return True

    def _check_key(self) -> None:
        given = self.headers.get("Authorization")
        if not given or self.service.key not in (None, given):
            raise _Refused(401, "Authentication error, API token missing/invalid")

    def _job(self) -> Job:
        route = _ROUTE.fullmatch(urlsplit(self.path).path)
        job = self.service.jobs.get(route["id"]) if route else None
        if job is None:
            raise _Refused(400, "Transcript lookup error, transcript id not found")
        return job

    @property
    def _query(self) -> Mapping[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def _read_json(self) -> Any:
        body = b"".join(self.pieces(MOST_JSON_BYTES))
        try:
            return json.loads(body)
        except ValueError:
            return None

    def _send(self, status: int, body: Mapping[str, Any]) -> None:
        busy = {"Retry-After": f"{self.service.retry_after_s:g}"} if status == 429 else None
        self.send_bytes(status, json.dumps(body).encode(), "application/json", busy)


def _send_nothing(*_: object) -> None:
    """Leave the client without an answer to what was done."""


_STATUSES: Mapping[Failure, tuple[int, str]] = {
    Failure.WRONG_KEY: (401, "Authentication error, API token missing/invalid"),
    Failure.FORBIDDEN: (403, "Forbidden"),
    Failure.REJECTED: (400, "Invalid endpoint schema, please refer to documentation for examples."),
    Failure.UNKNOWN: (404, "Not found"),
    Failure.BUSY: (429, "Too many requests"),
    Failure.FAULT: (500, "Server error, developers have been alerted"),
}
