"""Reading named data out of a shared library without loading it (ELF, 64 bit, little-endian)."""

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"\x7fELF\x02\x01"
PROGRAM_LOAD = 1
SECTION_DYNAMIC_SYMBOLS = 11

_SECTION = struct.Struct("<IIQQQQIIQQ")
_PROGRAM = struct.Struct("<IIQQQQQQ")
_SYMBOL = struct.Struct("<IBBHQQ")


@dataclass(frozen=True)
class _Section:
    type: int
    offset: int
    size: int
    link: int


class ElfError(ValueError):
    """The file is not the kind of library that was expected."""


def exported_data(library: Path, names: frozenset[str]) -> dict[str, bytes]:
    """Return the bytes behind the exported symbols ``names`` that the library has.

    Raises ElfError when the file can't be read as a library, OSError when it can't be read at all.
    """
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as image:
        if image[: len(MAGIC)] != MAGIC:
            raise ElfError
        try:
            return _find(image, names)
        except (struct.error, IndexError, UnicodeDecodeError) as error:
            raise ElfError from error


def _find(image: mmap.mmap, names: frozenset[str]) -> dict[str, bytes]:
    sections = _sections(image)
    loaded = _loaded_ranges(image)
    found: dict[str, bytes] = {}
    for table in sections:
        if table.type != SECTION_DYNAMIC_SYMBOLS:
            continue
        strings = sections[table.link]
        for at in range(table.offset, table.offset + table.size, _SYMBOL.size):
            name_at, _, _, _, address, size = _SYMBOL.unpack_from(image, at)
            start = strings.offset + name_at
            name = image[start : image.find(b"\0", start)].decode("ascii")
            if name in names and size:
                offset = _file_offset(address, loaded)
                found[name] = image[offset : offset + size]
    return found


def _sections(image: mmap.mmap) -> list[_Section]:
    (table_at,) = struct.unpack_from("<Q", image, 0x28)
    entry_size, count = struct.unpack_from("<HH", image, 0x3A)
    rows = (_SECTION.unpack_from(image, table_at + i * entry_size) for i in range(count))
    return [_Section(type=r[1], offset=r[4], size=r[5], link=r[6]) for r in rows]


def _loaded_ranges(image: mmap.mmap) -> list[tuple[int, int, int]]:
    """Return (address, size in the file, offset in the file) of what is mapped to memory."""
    (table_at,) = struct.unpack_from("<Q", image, 0x20)
    entry_size, count = struct.unpack_from("<HH", image, 0x36)
    rows = (_PROGRAM.unpack_from(image, table_at + i * entry_size) for i in range(count))
    return [(r[3], r[5], r[2]) for r in rows if r[0] == PROGRAM_LOAD]


def _file_offset(address: int, loaded: list[tuple[int, int, int]]) -> int:
    for start, size, offset in loaded:
        if start <= address < start + size:
            return address - start + offset
    raise ElfError
