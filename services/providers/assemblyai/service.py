"""AssemblyAI's service through its SDK: one object per piece of work, closed when that is done."""

import re
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from services.domain.errors import InvalidRequest
from services.providers.assemblyai.access import AssemblyAIAccess
from services.providers.assemblyai.errors import Gone, our_errors

if TYPE_CHECKING:
    from assemblyai import TranscriptResponse
    from assemblyai.types import Paragraph, Sentence, TranscriptItem, WordSearchMatchResponse

HTTP_TIMEOUT_S = 30.0
MOST_RETRY_AFTER_S = 30.0
MOST_LISTED = 100
OWN_ADDRESS = "https://api.assemblyai.com"
_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,100}")


class AssemblyAIService:
    """Makes single requests; each raises from the error tree, and none is repeated here."""

    def __init__(self, access: AssemblyAIAccess, *, timeout_s: float = HTTP_TIMEOUT_S) -> None:
        """Open a client; nothing is sent yet. A request may be silent for ``timeout_s``."""
        import assemblyai
        from assemblyai.types import Settings

        # Everything is told, so that the SDK looks for nothing in the environment.
        settings = Settings(
            api_key=access.key,
            base_url=access.base_url or OWN_ADDRESS,
            http_timeout=timeout_s,
            polling_interval=1.0,
        )
        self._client = assemblyai.Client(settings=settings)

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
        """For how long the last answer asked to be left alone, within bounds; 0 if it didn't."""
        response = self._client.last_response
        try:
            told = float(response.headers.get("Retry-After", "0")) if response is not None else 0.0
        except ValueError:
            return 0.0
        return min(max(0.0, told), MOST_RETRY_AFTER_S)

    def upload(self, sound: BinaryIO) -> str:
        """Send a recording and return the address that it has there."""
        with our_errors():
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

    def newest(self, limit: int = MOST_LISTED) -> "Sequence[TranscriptItem]":
        """Return the newest transcripts that the service has, the newest first."""
        from assemblyai.types import ListTranscriptParameters

        with our_errors():
            page = self._transcriber().list_transcripts(ListTranscriptParameters(limit=limit))
        return list(page.transcripts)

    def delete(self, reference: str) -> None:
        """Delete a transcript with its sound."""
        from assemblyai.prerecorded.v2 import api

        with our_errors():
            api.delete_transcript(self._client.http_client, _checked(reference))

    def sentences(self, reference: str) -> "Sequence[Sentence]":
        """Return a transcript in sentences."""
        from assemblyai.prerecorded.v2 import api

        with our_errors():
            return api.get_sentences(self._client.http_client, _checked(reference)).sentences

    def paragraphs(self, reference: str) -> "Sequence[Paragraph]":
        """Return a transcript in paragraphs."""
        from assemblyai.prerecorded.v2 import api

        with our_errors():
            return api.get_paragraphs(self._client.http_client, _checked(reference)).paragraphs

    def search(self, reference: str, phrases: Sequence[str]) -> "WordSearchMatchResponse":
        """Return where words or phrases are said."""
        from assemblyai.prerecorded.v2 import api

        with our_errors():
            return api.word_search(self._client.http_client, _checked(reference), list(phrases))

    def subtitles(self, reference: str, *, vtt: bool) -> str:
        """Return a transcript as SRT or WebVTT."""
        from assemblyai.prerecorded.v2 import api

        export = api.export_subtitles_vtt if vtt else api.export_subtitles_srt
        with our_errors():
            return str(export(self._client.http_client, _checked(reference), None))

    def covered_sound_url(self, reference: str) -> str | None:
        """Return where the sound without personal data is, or None while it is being made."""
        from assemblyai.prerecorded.v2 import api
        from assemblyai.types import RedactedAudioExpiredError, RedactedAudioIncompleteError

        with our_errors():
            try:
                answer = api.get_redacted_audio(self._client.http_client, _checked(reference))
            except RedactedAudioIncompleteError:
                return None
            except RedactedAudioExpiredError:
                raise Gone from None
            return str(answer.redacted_audio_url)

    def _transcriber(self) -> Any:
        import assemblyai

        return assemblyai.Transcriber(client=self._client)


def _checked(reference: str) -> str:
    """Return a reference that can be nothing but a part of an address. Raises InvalidRequest."""
    if not _REFERENCE.fullmatch(reference):
        raise InvalidRequest("This is no reference of AssemblyAI's.")
    return reference
