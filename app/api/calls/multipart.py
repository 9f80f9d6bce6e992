"""Reads multipart/form-data as it arrives: the file goes on at once, and never to a plain file."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from services.domain.errors import InvalidRequest

MOST_FIELDS = 40
MOST_FIELD_BYTES = 32 * 1024
MOST_BOUNDARY_BYTES = 70
FILE_FIELD = "file"


def boundary_of(content_type: str) -> bytes | None:
    """Return the boundary of a multipart form, None for content of another type.

    Raises InvalidRequest where there is none.
    """
    kind, parameters = parse_options_header(content_type)
    if kind.lower() != b"multipart/form-data":
        return None
    boundary = parameters.get(b"boundary", b"")
    if not 1 <= len(boundary) <= MOST_BOUNDARY_BYTES:
        raise InvalidRequest("The form has no boundary.")
    return boundary


@dataclass
class _Part:
    """The part of a form that is being read."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    header_name: bytearray = field(default_factory=bytearray)
    header_value: bytearray = field(default_factory=bytearray)
    name: str = ""
    content: bytearray = field(default_factory=bytearray)


class StreamedForm:
    """A form with fields and one file; ``feed`` returns what has come of the file."""

    def __init__(self, boundary: bytes) -> None:
        """Begin a form."""
        self.fields: dict[str, str] = {}
        self.file_name: str | None = None
        self._part = _Part()
        self._sound: list[bytes] = []
        self._is_over = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._part_content,
                "on_part_end": self._part_end,
                "on_end": self._end,
            },
        )

    def feed(self, content: bytes) -> Iterator[bytes]:
        """Take the next bytes; yield those of the file. Raises InvalidRequest."""
        try:
            self._parser.write(content)
        except FormParserError:
            raise InvalidRequest("The form can't be read.") from None
        sound, self._sound = self._sound, []
        yield from sound

    def finish(self) -> None:
        """Check that all of the form has come, and a file in it. Raises InvalidRequest."""
        if not self._is_over:
            raise InvalidRequest("The form ends too early.")
        if self.file_name is None:
            raise InvalidRequest(f"The form has no field {FILE_FIELD} with a file.")

    def _begin_part(self) -> None:
        self._part = _Part()

    def _header_field(self, content: bytes, start: int, end: int) -> None:
        self._part.header_name += content[start:end]

    def _header_value(self, content: bytes, start: int, end: int) -> None:
        self._part.header_value += content[start:end]

    def _header_end(self) -> None:
        part = self._part
        part.headers[bytes(part.header_name).lower()] = bytes(part.header_value)
        part.header_name.clear()
        part.header_value.clear()

    def _headers_finished(self) -> None:
        given = self._part.headers.get(b"content-disposition", b"")
        _, parameters = parse_options_header(given)
        name = parameters.get(b"name", b"").decode("utf-8", "replace")
        if name == FILE_FIELD:
            if self.file_name is not None:
                raise InvalidRequest("The form has two files.")
            self.file_name = parameters.get(b"filename", b"").decode("utf-8", "replace")
        elif name in self.fields or len(self.fields) >= MOST_FIELDS or not name:
            raise InvalidRequest("The form has a field twice, too many fields, or one of no name.")
        self._part.name = name

    def _part_content(self, content: bytes, start: int, end: int) -> None:
        if self._part.name == FILE_FIELD:
            self._sound.append(content[start:end])
            return
        self._part.content += content[start:end]
        if len(self._part.content) > MOST_FIELD_BYTES:
            raise InvalidRequest("A field of the form is too long.")

    def _part_end(self) -> None:
        if self._part.name != FILE_FIELD:
            try:
                self.fields[self._part.name] = self._part.content.decode()
            except UnicodeDecodeError:
                raise InvalidRequest("A field of the form is not in UTF-8.") from None

    def _end(self) -> None:
        self._is_over = True
