"""Puts a new master key in the place of another: all data keys are sealed anew, the sound stays.

Sealing goes table by table in short transactions, with both keys known to everybody meanwhile.
Whoever is killed begins again and finds what is left. The earlier key is let go of only when
nothing anywhere needs it.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from services import telemetry
from services.access.authority import Authority
from services.domain.acts import Act
from services.domain.errors import BackupError, KeysUnsettled, NotFound, WrongKey
from services.domain.people import User
from services.storage.key_sources import KeyFile
from services.storage.keys import MasterKey
from services.storage.sealed_keys import SealedKeyStore
from services.storage.tapes import TapeStore
from services.upkeep.place import BackupPlace

# Whoever has begun to write with the earlier key has ended by then.
FORGET_AFTER_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class KeyStanding:
    """How many data keys each master key has sealed; ``unknown`` are under keys nobody gave.

    Those of the tapes on this host are among them, those on other hosts are not.
    """

    current: int
    previous: int
    unknown: int


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """How much was sealed anew."""

    keys: int
    tapes: int
    backups: int


class KeyRotator:
    """Seals anew whatever an earlier master key has sealed."""

    def __init__(
        self,
        master_key: MasterKey,
        sealed: SealedKeyStore,
        tapes: TapeStore,
        places: Iterable[BackupPlace],
        authority: Authority,
        *,
        key_file: Path | None,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Work on these; ``key_file`` is where the key lies when no setting gives it."""
        self._master_key = master_key
        self._sealed = sealed
        self._tapes = tapes
        self._places = tuple(places)
        self._authority = authority
        self._key_file = key_file
        self._tell = tell

    def standing(self, user: User) -> KeyStanding:
        """Count by master key. Raises AccessDenied."""
        self._authority.allow(user, Act.OPERATION_SEEN, "keys")
        return self._standing()

    def _standing(self) -> KeyStanding:
        counts = Counter(self._sealed.counts())
        counts.update(filter(None, map(self._key_of_tape, self._tapes.ids())))
        current = self._master_key.current.key_id
        known = {key_id for key_id in counts if self._master_key.knows(key_id)}
        return KeyStanding(
            current=counts.get(current, 0),
            previous=sum(counts[key_id] for key_id in known - {current}),
            unknown=sum(count for key_id, count in counts.items() if key_id not in known),
        )

    def rotate(self, user: User) -> Rotation:
        """Bring everything under the new key; a rotation that broke off is gone on with.

        Raises AccessDenied, and KeysUnsettled, before anything is changed, when there are keys
        that nobody could open, no new key was given, or the last rotation is done and its earlier
        key is still kept, so that no new one is made.
        """
        self._authority.allow(user, Act.KEY_ROTATED, change="rotated")
        if self._standing().unknown:
            raise KeysUnsettled("Some are sealed by a key that is not known here.")
        is_new = True
        if self._key_file is not None:
            is_new = KeyFile(self._key_file).replace()
            if is_new:
                self._tell("a new key is in place")
        elif self._master_key.is_only_one:
            raise KeysUnsettled(
                "Set the new key, and the present one as PARTYLINE_KEY_PREVIOUS, everywhere first."
            )
        keys = 0
        # Again until nothing is left: others may have written with the earlier key meanwhile.
        while done := sum(self._told(count) for count in self._sealed.rewrap(self._master_key)):
            keys += done
        tapes = sum(map(self._rewrapped, self._tapes.ids()))
        backups = sum(map(self._reseal, self._places))
        if not (is_new or keys or tapes or backups):
            raise KeysUnsettled("The last rotation is done: keys forget first, then rotate.")
        telemetry.event("keys.rotated", keys=keys, tapes=tapes, backups=backups)
        return Rotation(keys=keys, tapes=tapes, backups=backups)

    def forget_previous(self, user: User) -> None:
        """Delete the key that was replaced in its file.

        Raises AccessDenied, and KeysUnsettled while it is needed.
        """
        self._authority.allow(user, Act.KEY_ROTATED, change="previous one forgotten")
        if self._key_file is None:
            raise KeysUnsettled("Take it out of PARTYLINE_KEY_PREVIOUS instead.")
        standing = self._standing()
        if standing.previous or standing.unknown:
            raise KeysUnsettled("Rotate first: there are keys under the previous one.")
        if time.time() - self._key_file.stat().st_mtime < FORGET_AFTER_S:
            raise KeysUnsettled("An hour has to pass, so that whoever began with it has ended.")
        KeyFile(self._key_file).forget_previous()

    def _key_of_tape(self, call_id: str) -> str | None:
        """Return which key has sealed a tape; None for one that has landed, or is none."""
        try:
            return self._tapes.key_id(call_id)
        except (NotFound, WrongKey):
            return None

    def _rewrapped(self, call_id: str) -> bool:
        try:
            return self._tapes.rewrap(call_id)
        except (NotFound, WrongKey):
            return False

    def _told(self, count: int) -> int:
        self._tell(f"{count} keys")
        return count

    def _reseal(self, place: BackupPlace) -> int:
        """Seal the keys of a place's backups anew; each manifest is replaced at once."""
        resealed, current = 0, self._master_key.current.key_id
        for manifest in place.all():
            is_signed = place.vouches_for(manifest)
            by = {manifest.key.key_id, manifest.signature and manifest.signature.key_id}
            if by - {current, None} and self._master_key.knows(manifest.key.key_id):
                fresh = replace(manifest, key=self._master_key.rewrap(manifest.key, manifest.id))
                place.write_manifest(fresh, signed=is_signed)
                resealed += 1
        self._sign_list(place)
        return resealed

    def _sign_list(self, place: BackupPlace) -> None:
        """Sign the list of what was erased by the new key; one that was changed stays as it is."""
        try:
            if place.has_erased:
                place.note_erased()
        except BackupError as error:
            self._tell(error.user_message)
