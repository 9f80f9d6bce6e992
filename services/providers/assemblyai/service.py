"""AssemblyAI's service through its SDK: one object per piece of work, closed when that is done."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self
from urllib.parse import urlsplit

from services.domain.errors import CopyGone, InvalidRequest, ProviderRejected, ProviderUnavailable
from services.providers.assemblyai.access import AssemblyAIAccess, address_of, key_of
from services.providers.assemblyai.errors import our_errors, refusal

if TYPE_CHECKING:
    from assemblyai.types import TranscriptResponse

HTTP_TIMEOUT_S = 30.0
MOST_RETRY_AFTER_S = 30.0
MOST_LISTED = 100
MOST_SOUND_BYTES = 4 * 1024**3
# What a deleted transcript leaves in the list has this for the address of its sound.
DELETED_URL = "http://deleted_by_user"
TOO_MANY = 429
_NO_COVERED_SOUND = "There is no covered sound: it was not asked for, or a day has passed."
_UNENCRYPTED = "It named an address that isn't encrypted."
_ENDLESS_SOUND = "The covered sound is larger than any recording."
_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A transcript that the service keeps; ``url`` is the address of its sound there."""

    reference: str
    created: str
    status: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A sentence or a paragraph with its place in the recording."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """A word or phrase that was looked for, and the places where it is said."""

    text: str
    places_ms: tuple[tuple[int, int], ...]


class AssemblyAIService:
    """Makes single requests; each raises from the error tree, and none is repeated here."""

    def __init__(self, access: AssemblyAIAccess, *, timeout_s: float = HTTP_TIMEOUT_S) -> None:
        """Open a client; nothing is sent yet. A request may be silent for ``timeout_s``.

        Raises ProviderNotConfigured.
        """
        import assemblyai
        from assemblyai.types import Settings

        # Everything is told, so that the SDK looks for nothing in the environment.
        settings = Settings(
            api_key=key_of(access),
            base_url=address_of(access),
            http_timeout=timeout_s,
            polling_interval=1.0,
        )
        self._client = assemblyai.Client(settings=settings)
        self._host = urlsplit(address_of(access)).hostname or ""

    def __enter__(self) -> Self:
        """Begin the work."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""
        self._client.http_client.close()

    @property
    def wanted_pause_s(self) -> float:
        """For how long a busy service asked to be left alone, within bounds; 0 if it didn't."""
        response = self._client.last_response
        if response is None or response.status_code != TOO_MANY:
            return 0.0
        try:
            told = float(response.headers.get("Retry-After", "0"))
        except ValueError:
            return 0.0
        return min(max(0.0, told), MOST_RETRY_AFTER_S)

    def upload(self, sound: BinaryIO) -> str:
        """Send a recording and return the address that it has there."""
        with _where_it_lives(), our_errors():
            return str(self._transcriber().upload_file(sound))

    def begin(self, url: str, fields: Mapping[str, Any]) -> str:
        """Ask for a transcript and return its reference. Raises InvalidRequest for odd fields."""
        import assemblyai

        try:
            config = assemblyai.TranscriptionConfig(**fields)
        except ValueError:
            raise InvalidRequest from None
        with our_errors():
            return str(self._transcriber().submit(url, config).id)

    def look(self, reference: str) -> "TranscriptResponse":
        """Return a transcript as it stands."""
        from assemblyai.prerecorded.v2 import api

        with our_errors():
            return api.get_transcript(self._client.http_client, _checked(reference))

    def is_completed(self, reference: str) -> bool:
        """Return whether there are words to read; what is gone there has none."""
        try:
            return bool(self.look(reference).status == "completed")
        except CopyGone:
            return False

    def newest(self, limit: int = MOST_LISTED) -> list[Kept]:
        """Return the newest transcripts that the service keeps, the newest first."""
        return self._page(limit)

    def since(self, earliest: datetime) -> Iterator[Kept]:
        """Yield all transcripts that were made since then (UTC), the newest first."""
        before = None
        while page := self._page(MOST_LISTED, before):
            yield from page
            if len(page) < MOST_LISTED or page[-1].created[:19] < f"{earliest:%Y-%m-%dT%H:%M:%S}":
                return
            before = page[-1].reference

    def _page(self, limit: int, before: str | None = None) -> list[Kept]:
        from assemblyai.types import ListTranscriptParameters

        wanted = ListTranscriptParameters(limit=limit, before_id=before)
        with _where_it_lives(), our_errors():
            page = self._transcriber().list_transcripts(wanted)
            return [
                Kept(
                    reference=str(one.id),
                    created=str(one.created),
                    status="deleted" if one.audio_url == DELETED_URL else str(one.status.value),
                    url=str(one.audio_url),
                )
                for one in page.transcripts
            ]

    def delete(self, reference: str) -> None:
        """Delete a transcript with its sound."""
        from assemblyai.prerecorded.v2 import api

        with our_errors():
            api.delete_transcript(self._client.http_client, _checked(reference))

    def sentences(self, reference: str) -> list[Passage]:
        """Return a transcript in sentences."""
        from assemblyai.prerecorded.v2 import api

        with _reading():
            told = api.get_sentences(self._client.http_client, _checked(reference)).sentences
        return [Passage(start_ms=one.start, end_ms=one.end, text=one.text) for one in told]

    def paragraphs(self, reference: str) -> list[Passage]:
        """Return a transcript in paragraphs."""
        from assemblyai.prerecorded.v2 import api

        with _reading():
            told = api.get_paragraphs(self._client.http_client, _checked(reference)).paragraphs
        return [Passage(start_ms=one.start, end_ms=one.end, text=one.text) for one in told]

    def search(self, reference: str, phrases: Sequence[str]) -> list[Found]:
        """Return where words, or phrases of up to five words, are said."""
        from assemblyai.prerecorded.v2 import api

        with _reading():
            told = api.word_search(self._client.http_client, _checked(reference), list(phrases))
        return [
            Found(text=one.text, places_ms=tuple((start, end) for start, end in one.timestamps))
            for one in told.matches
        ]

    def subtitles(self, reference: str, *, vtt: bool) -> str:
        """Return a transcript as SRT or WebVTT."""
        from assemblyai.prerecorded.v2 import api

        export = api.export_subtitles_vtt if vtt else api.export_subtitles_srt
        with _reading():
            return str(export(self._client.http_client, _checked(reference), None))

    def fetch_covered_sound(
        self, reference: str, sink: BinaryIO, *, most_bytes: int = MOST_SOUND_BYTES
    ) -> bool:
        """Write the sound without personal data; False while it is still being made there.

        It lies at an address of its own, which is its permission: the key isn't sent there. The
        service's word leads to no machine inside the network, nor to one that is asked unencrypted,
        unless it is there itself. Raises ProviderRejected for that, and beyond ``most_bytes``.
        """
        import httpx

        from services.access.outgoing import Trust, transport_to

        url = self._covered_sound_url(reference)
        if url is None:
            return False
        self._check_encrypted(url)
        with (
            our_errors(),
            httpx.Client(
                transport=transport_to(url, Trust.OTHERS, also=(self._host,)),
                timeout=HTTP_TIMEOUT_S,
            ) as client,
            client.stream("GET", url) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise refusal(answer.status_code)
            for piece in answer.iter_bytes():
                most_bytes -= len(piece)
                if most_bytes < 0:
                    raise ProviderRejected(_ENDLESS_SOUND)
                sink.write(piece)
        return True

    def _check_encrypted(self, url: str) -> None:
        """Raise ProviderRejected for an address that anybody on the way could read or answer."""
        try:
            parts = urlsplit(url)
            is_fit = parts.scheme == "https" or parts.hostname == self._host
        except ValueError:
            is_fit = False
        if not is_fit:
            raise ProviderRejected(_UNENCRYPTED)

    def _covered_sound_url(self, reference: str) -> str | None:
        from assemblyai.prerecorded.v2 import api
        from assemblyai.types import RedactedAudioExpiredError, RedactedAudioIncompleteError

        with our_errors():
            try:
                answer = api.get_redacted_audio(self._client.http_client, _checked(reference))
            except RedactedAudioIncompleteError:
                return None
            except RedactedAudioExpiredError:
                raise ProviderRejected(_NO_COVERED_SOUND) from None
            return str(answer.redacted_audio_url)

    def _transcriber(self) -> Any:
        import assemblyai

        return assemblyai.Transcriber(client=self._client)


@contextmanager
def _where_it_lives() -> Iterator[None]:
    """Take it for no service at all when an address that every account has is missing."""
    try:
        yield
    except CopyGone:
        raise ProviderUnavailable from None


@contextmanager
def _reading() -> Iterator[None]:
    """Raise errors of ours; only what is finished, and not deleted, can be read."""
    try:
        with our_errors():
            yield
    except ProviderRejected:
        raise CopyGone("It may not be finished yet.") from None


def _checked(reference: str) -> str:
    """Return a reference that can be nothing but a part of an address. Raises InvalidRequest."""
    if not _REFERENCE.fullmatch(reference):
        raise InvalidRequest("This is no reference of AssemblyAI's.")
    return reference
