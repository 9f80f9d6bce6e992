"""Weights: put together once, checked by checksum, repaired when they can be."""

import hashlib
import struct
from pathlib import Path

import pytest

from services.domain.errors import WeightsDamaged, WeightsMissing
from services.engine import weights
from services.engine.elf import ElfError, exported_data
from services.engine.pinned import PinnedFile, is_intact, write_pinned
from services.engine.weights import ensure_weights


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def library(symbols: dict[str, bytes]) -> bytes:
    """A minimal shared library: one loaded range, a symbol table and its names."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name in symbols)
    content = b"".join(symbols.values())
    at, base = 64 + 56, 0x1000
    table, name_at, address = struct.pack("<IBBHQQ", 0, 0, 0, 0, 0, 0), 1, base + at
    for name, value in symbols.items():
        table += struct.pack("<IBBHQQ", name_at, 0x11, 0, 1, address, len(value))
        name_at, address = name_at + len(name) + 1, address + len(value)
    names_at = at + len(content)
    table_at = names_at + len(names)
    sections_at = table_at + len(table)
    header = b"\x7fELF\x02\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, sections_at, 0, 64, 56, 1, 64, 2, 1
    )
    program = struct.pack("<IIQQQQQQ", 1, 4, 0, base, base, sections_at, sections_at, 4096)
    sections = struct.pack("<IIQQQQIIQQ", 0, 11, 0, 0, table_at, len(table), 1, 0, 8, 24)
    sections += struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, names_at, len(names), 0, 0, 1, 0)
    return header + program + content + names + table + sections


class Packages:
    """Installed packages with small stand-ins for the weights, pinned accordingly."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.tables = {"config.json": b"{}", "tokenizer.json": b"[1]", "vocabulary.txt": b"a\nb"}
        for package, half in ((weights.WHISPER_FIRST_HALF, 1), (weights.WHISPER_SECOND_HALF, 2)):
            data = folder / package / "data"
            data.mkdir(parents=True)
            (data / f"model.bin.part{half}").write_bytes(b"half%d" % half)
            if half == 1:
                for name, content in self.tables.items():
                    (data / name).write_bytes(content)
        speakers = {"xvec_mean1": b"mean" * 3, "embedding_ort_data": b"network"}
        target = folder / weights.SPEAKERS_PACKAGE
        target.mkdir()
        (target / weights.SPEAKERS_LIBRARY).write_bytes(
            library({weights._symbol(n): c for n, c in speakers.items()} | {"other": b"x"})
        )
        monkeypatch.setattr(
            weights, "WHISPER_MODEL", PinnedFile(name="model.bin", sha256=sha(b"half1half2"))
        )
        monkeypatch.setattr(weights, "WHISPER_TABLES", pinned(self.tables))
        monkeypatch.setattr(weights, "SPEAKER_DATA", pinned(speakers))

    def __call__(self, package: str) -> Path | None:
        found = self.folder / package
        return found if found.exists() else None


def pinned(files: dict[str, bytes]) -> tuple[PinnedFile, ...]:
    return tuple(PinnedFile(name=n, sha256=sha(c)) for n, c in files.items())


@pytest.fixture
def packages(tmp_path, monkeypatch) -> Packages:
    return Packages(tmp_path / "packages", monkeypatch)


def test_weights_are_put_together_from_the_packages(tmp_path, packages):
    paths = ensure_weights(tmp_path / "models", package_folder=packages)
    assert (Path(paths.whisper) / "model.bin").read_bytes() == b"half1half2"
    assert (Path(paths.whisper) / "vocabulary.txt").read_bytes() == b"a\nb"
    assert (paths.speakers / "embedding_ort_data").read_bytes() == b"network"
    assert not list((tmp_path / "models").rglob("tmp*"))


def test_weights_once_made_need_no_package(tmp_path, packages):
    first = ensure_weights(tmp_path / "models", package_folder=packages)
    assert ensure_weights(tmp_path / "models", package_folder=lambda _: None) == first


def test_a_damaged_file_is_made_anew(tmp_path, packages):
    paths = ensure_weights(tmp_path / "models", package_folder=packages)
    damaged = Path(paths.whisper) / "model.bin"
    damaged.write_bytes(b"half1hAlf2")
    ensure_weights(tmp_path / "models", package_folder=packages)
    assert damaged.read_bytes() == b"half1half2"


@pytest.mark.parametrize(
    "package", [weights.WHISPER_FIRST_HALF, weights.WHISPER_SECOND_HALF, weights.SPEAKERS_PACKAGE]
)
def test_an_absent_package_is_missing_weights(tmp_path, packages, package):
    def without(name: str) -> Path | None:
        return None if name == package else packages(name)

    with pytest.raises(WeightsMissing):
        ensure_weights(tmp_path / "models", package_folder=without)


def test_a_package_of_other_content_is_damaged_and_not_used(tmp_path, packages):
    part = packages.folder / weights.WHISPER_SECOND_HALF / "data" / "model.bin.part2"
    part.write_bytes(b"half3")
    with pytest.raises(WeightsDamaged):
        ensure_weights(tmp_path / "models", package_folder=packages)
    assert not list((tmp_path / "models").rglob("*.bin"))
    assert not list((tmp_path / "models").rglob("tmp*"))


@pytest.mark.parametrize("content", [b"", b"not a library", library({"none": b"here"})])
def test_a_library_of_other_content_is_damaged(tmp_path, packages, content):
    (packages.folder / weights.SPEAKERS_PACKAGE / weights.SPEAKERS_LIBRARY).write_bytes(content)
    with pytest.raises(WeightsDamaged):
        ensure_weights(tmp_path / "models", package_folder=packages)


def test_another_model_is_used_as_named(tmp_path, packages):
    paths = ensure_weights(
        tmp_path / "models", whisper_model="/models/small", package_folder=packages
    )
    assert paths.whisper == "/models/small"
    assert not (tmp_path / "models" / weights.WHISPER_NAME).exists()


def test_exported_data_of_a_truncated_library(tmp_path):
    whole = library({"one": b"1" * 50, "two": b"2"})
    target = tmp_path / "lib.so"
    target.write_bytes(whole)
    assert exported_data(target, frozenset({"one"})) == {"one": b"1" * 50}
    target.write_bytes(whole[:-70])
    with pytest.raises(ElfError):
        exported_data(target, frozenset({"one"}))


def test_a_file_is_written_at_once_or_not_at_all(tmp_path):
    target = tmp_path / "deep" / "file"
    write_pinned(target, [b"a", b"b"], sha(b"ab"))
    assert is_intact(target, sha(b"ab"))
    with pytest.raises(WeightsDamaged):
        write_pinned(target, [b"x"], sha(b"ab"))
    assert target.read_bytes() == b"ab"
    assert [p.name for p in target.parent.iterdir()] == ["file"]
