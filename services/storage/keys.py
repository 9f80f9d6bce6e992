"""Keys: one master key of the installation, and a data key per call wrapped by it.

Losing a call's wrapped key makes its sound unreadable for good, wherever copies of it lie.
"""

import base64
import binascii
import hmac
import os
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.domain.errors import DataDamaged, StorageError, WrongKey

KEY_BYTES = 32
NONCE_BYTES = 12
FINGERPRINT_BYTES = 8


@dataclass(frozen=True, kw_only=True)
class WrappedKey:
    """A data key as it is stored: sealed by the master key named ``key_id``."""

    key_id: str
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who vouches for something: the master key of this name, by an HMAC-SHA256 in hexadecimal."""

    key_id: str
    mac: str


class _Key:
    """32 secret bytes that show themselves to nobody."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise WrongKey("A key has 32 bytes.")
        self._secret = secret

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hidden)"

    def __reduce__(self) -> str:
        raise TypeError("Keys are not serialised.")

    def derive(self, purpose: str, salt: bytes | None = None) -> bytes:
        """Return 32 bytes for one purpose (HKDF-SHA256); they don't reveal this key."""
        info = f"partyline {purpose}".encode()
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=info).derive(self._secret)

    @property
    def fingerprint(self) -> bytes:
        """8 bytes that tell keys apart and reveal nothing."""
        return self.derive("fingerprint")[:FINGERPRINT_BYTES]


class DataKey(_Key):
    """Encrypts everything of one call."""

    __slots__ = ()

    @classmethod
    def random(cls) -> "DataKey":
        """Return a fresh key."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """Encrypt a small piece; it can be opened only under the same ``context``."""
        return _seal(self.derive("pieces"), plain, context)

    def unseal(self, sealed: bytes, *, context: str) -> bytes:
        """Return what was sealed. Raises DataDamaged when it was changed or moved."""
        try:
            return _unseal(self.derive("pieces"), sealed, context)
        except InvalidTag:
            raise DataDamaged from None


class KeySource(Protocol):
    """Where a master key comes from: while one takes another's place there are two."""

    def current(self) -> "MasterKey":
        """Return the key that seals from now on."""

    def find(self, key_id: str) -> "MasterKey | None":
        """Return the key of this name, if it is still known."""

    @property
    def is_only_one(self) -> bool:
        """Whether no other key is known than the current one."""


class MasterKey(_Key):
    """The installation's key; it seals data keys, signs lists, and nothing else.

    With a ``source`` it seals with whatever is the key at that moment, and opens what was sealed
    by a key that is being replaced.
    """

    __slots__ = ("_key_id", "_source")

    def __init__(self, secret: bytes, source: KeySource | None = None) -> None:
        """Take the 32 bytes. Raises WrongKey for any other number."""
        super().__init__(secret)
        self._source = source
        self._key_id = self.fingerprint.hex()

    def following(self, source: KeySource) -> "MasterKey":
        """Return the same key, followed by those of a source."""
        return MasterKey(self._secret, source)

    @classmethod
    def load(cls, setting: str | None, key_file: Path) -> "MasterKey":
        """Return the key from the setting, else from the file, which is made when missing."""
        return cls.from_text(setting) if setting else cls.from_file(key_file)

    @classmethod
    def from_text(cls, text: str) -> "MasterKey":
        """Return the key written as 64 hexadecimal digits or as base64 of 32 bytes.

        Raises WrongKey when it is neither.
        """
        text = text.strip()
        try:
            if len(text) == 2 * KEY_BYTES:
                return cls(bytes.fromhex(text))
            standard = text.replace("-", "+").replace("_", "/")
            return cls(base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True))
        except (ValueError, binascii.Error, WrongKey):
            raise WrongKey("It has to be 32 bytes, as base64 or as hexadecimal digits.") from None

    @classmethod
    def from_file(cls, path: Path) -> "MasterKey":
        """Return the key of this file; a missing file is made with mode 0600, by one process.

        Raises WrongKey for a file that holds no key, StorageError when it can't be read or made.
        """
        try:
            if not path.exists():
                make_key_file(path)
            return cls.from_text(path.read_text("ascii"))
        except UnicodeDecodeError:
            raise WrongKey("The key file holds no key.") from None
        except OSError as error:
            raise StorageError("The key file can't be read.") from error

    @property
    def key_id(self) -> str:
        """The name under which data keys remember who sealed them."""
        return self._key_id

    @property
    def current(self) -> "MasterKey":
        """The key that seals at this moment."""
        return self if self._source is None else self._source.current()

    @property
    def is_only_one(self) -> bool:
        """Whether no earlier key is known."""
        return self._source is None or self._source.is_only_one

    def knows(self, key_id: str) -> bool:
        """Say whether what a key of this name has sealed can be opened."""
        return key_id == self._key_id or self._find(key_id) is not None

    def new_data_key(self, call_id: str) -> WrappedKey:
        """Return a fresh data key for a call, wrapped."""
        return self.wrap(DataKey.random(), call_id)

    def wrap(self, key: DataKey, call_id: str) -> WrappedKey:
        """Seal a data key so that it fits this call only."""
        by = self.current
        sealed = _seal(by.derive("data keys"), key._secret, call_id)
        return WrappedKey(key_id=by.key_id, sealed=sealed)

    def unwrap(self, wrapped: WrappedKey, call_id: str) -> DataKey:
        """Return the call's data key. Raises WrongKey for another master key or another call."""
        by = self if wrapped.key_id == self._key_id else self._find(wrapped.key_id) or self
        try:
            return DataKey(_unseal(by.derive("data keys"), wrapped.sealed, call_id))
        except InvalidTag:
            raise WrongKey from None

    def rewrap(self, wrapped: WrappedKey, call_id: str) -> WrappedKey:
        """Return the same data key, sealed by the current master key. Raises WrongKey."""
        return self.wrap(self.unwrap(wrapped, call_id), call_id)

    def sign(self, content: bytes, *, purpose: str) -> Signature:
        """Vouch for a content, as one of this purpose only, by the key of this moment."""
        by = self.current
        return Signature(key_id=by.key_id, mac=by._mac(content, purpose))

    def has_signed(self, signature: Signature, content: bytes, *, purpose: str) -> bool:
        """Say whether a signature is of this content. Raises WrongKey for a key not known here."""
        by = self if signature.key_id == self._key_id else self._find(signature.key_id)
        if by is None:
            raise WrongKey
        borne = signature.mac.encode("ascii", "replace")
        return hmac.compare_digest(by._mac(content, purpose).encode(), borne)

    def _mac(self, content: bytes, purpose: str) -> str:
        return hmac.new(self.derive(f"signatures of {purpose}"), content, "sha256").hexdigest()

    def _find(self, key_id: str) -> "MasterKey | None":
        return None if self._source is None else self._source.find(key_id)


def _seal(key: bytes, plain: bytes, context: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def _unseal(key: bytes, sealed: bytes, context: str) -> bytes:
    if len(sealed) < NONCE_BYTES:
        raise InvalidTag
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())


def make_key_file(path: Path) -> None:
    """Write a fresh key beside ``path`` and link it there, unless another process was first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp gives mode 0600; the link appears only when the whole key is on the disk.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        sync_folder(path.parent)
    finally:
        os.unlink(temporary)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
