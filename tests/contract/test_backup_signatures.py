"""What lies beside backups is vouched for by the master key: who hasn't got it changes nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from services.domain.errors import (
    BackupError,
    BackupForged,
    BackupUnsigned,
    PruneRefused,
)
from services.domain.people import LOCAL_USER
from services.storage.key_sources import load_master_key
from services.storage.keys import MasterKey
from services.storage.objects import ObjectStore
from services.storage.removals import hash_of_call
from services.upkeep.erased_list import ERASED, written_erased
from services.upkeep.manifest import BackupManifest
from services.upkeep.place import BackupPlace, manifest_name
from services.upkeep.restore import check_backup, check_erased, prune
from services.upkeep.scrubbing import BackupScrubber
from tests.contract.installed import Installation
from tests.contract.test_key_rotation import House

GONE = frozenset(map(hash_of_call, ("a", "b", "c")))


def in_place_of(place: BackupPlace, manifest: BackupManifest) -> None:
    """Write a manifest as somebody does who hasn't got the key."""
    place.write(manifest_name(manifest.id), manifest.to_json())


def everywhere(place: BackupPlace, at: Installation, manifest: BackupManifest) -> list[BackupError]:
    """Return what restoring, verifying and pruning are refused with; nothing is changed."""
    before = {part.key for part in place.parts("")}
    refused: list[BackupError] = []
    asked: list[Callable[[], object]] = [
        lambda: at.restorer().restore(place, place.get(manifest.id)),
        lambda: check_backup(place, place.get(manifest.id)),
        lambda: prune(place, keep=1),
    ]
    for ask in asked:
        try:
            ask()
        except BackupError as error:
            refused.append(error)
    assert {part.key for part in place.parts("")} == before
    assert at.snapshots.is_empty()
    return refused


def test_a_list_that_was_cut_changed_or_taken_away_is_noticed(
    installed: Installation, place: BackupPlace, elsewhere: Installation
) -> None:
    installed.add("I stay")
    installed.maker().make(place)
    earlier = place.read_range(ERASED, 0, 10_000)
    place.note_erased(GONE)
    manifest = installed.maker().make(place).manifest
    assert manifest.erased_count == len(GONE)
    whole = place.read_range(ERASED, 0, 10_000)
    head, *hashes = whole.splitlines()
    forged = {
        "changed the place": b"\n".join([head, *hashes[1:]]),
        "changed what lies": b"\n".join([head, *hashes, hash_of_call("d").encode()]),
        "changed": whole[:-1] + (b"0" if whole[-1:] != b"0" else b"1"),
        "bears no signature": b"\n".join(hashes),
        "an earlier one": earlier,
        "missing": None,
    }
    for words, content in forged.items():
        place.delete(ERASED) if content is None else place.write(ERASED, content)
        refused = everywhere(place, elsewhere, manifest)
        kinds = [BackupForged, BackupForged, PruneRefused]
        assert [type(error) for error in refused] == kinds, words
        assert all("list of what was erased" in error.user_message for error in refused)
        with pytest.raises(BackupForged):
            installed.maker().make(place)
    # The way out: what the installation knows is signed anew, by somebody who says so.
    scrubber = BackupScrubber(installed.snapshots, installed.key)
    scrubber.scrub(place, GONE, unsigned=True)
    assert place.erased() == GONE
    elsewhere.restorer().restore(place, place.get(manifest.id))
    assert elsewhere.erased == GONE


def test_a_list_that_is_missing_is_noticed_by_who_knows_better(
    installed: Installation, place: BackupPlace
) -> None:
    assert check_erased(place, frozenset()) == 0
    with pytest.raises(BackupForged, match="missing"):
        check_erased(place, GONE)
    place.note_erased(GONE)
    assert check_erased(place, GONE | {hash_of_call("later")}) == 1


def test_a_manifest_that_was_changed_is_no_backup(
    installed: Installation, place: BackupPlace, elsewhere: Installation
) -> None:
    installed.add("I stay")
    older = installed.maker().make(place).manifest
    manifest = installed.maker().make(place).manifest
    stranger = MasterKey(bytes(32))
    by_stranger = manifest.signed(stranger).signature
    assert manifest.signature is not None
    assert by_stranger is not None
    forged = [
        replace(manifest, call_count=2),
        replace(manifest, objects=older.objects),
        replace(manifest, created_at=older.created_at),
        replace(manifest, erased_count=1),
        replace(older, id=manifest.id),
        replace(manifest, signature=replace(by_stranger, key_id=manifest.signature.key_id)),
    ]
    for one in forged:
        in_place_of(place, one)
        with pytest.raises(BackupForged, match=manifest.id):
            place.get(manifest.id)
        assert isinstance(place.look().unread[manifest.id], BackupForged)
        assert len(everywhere(place, elsewhere, manifest)) == 3
    # Nobody gets further by taking the signature away, or by giving one of their own.
    for one in (replace(manifest, signature=None), manifest.signed(stranger)):
        in_place_of(place, one)
        assert isinstance(place.look().unread[manifest.id], BackupForged)
        with pytest.raises(BackupForged, match=manifest.id):
            place.get()
        with pytest.raises(BackupUnsigned, match="--unsigned"):
            elsewhere.restorer().restore(place, place.get(manifest.id))
        with pytest.raises(PruneRefused, match=manifest.id):
            prune(place, keep=1)
    assert elsewhere.snapshots.is_empty()


def as_before_signatures(place: BackupPlace, manifest: BackupManifest) -> None:
    """Leave a place as an earlier version did: no signature, no list of what was erased."""
    told = json.loads(replace(manifest, signature=None).to_json())
    old = BackupManifest.from_json(json.dumps(told).encode())
    in_place_of(place, old)
    place.delete(ERASED)


def test_backups_of_earlier_versions_are_restored_by_who_says_so(
    installed: Installation, place: BackupPlace, elsewhere: Installation
) -> None:
    stays = installed.add("I stay")
    manifest = installed.maker().make(place).manifest
    as_before_signatures(place, manifest)
    old = place.get()
    assert check_backup(place, old).damaged == ()
    with pytest.raises(BackupUnsigned):
        elsewhere.restorer().restore(place, old)
    elsewhere.restorer().restore(place, old, unsigned=True)
    assert elsewhere.told() == {stays: "I stay"}
    # Nobody signs for what they didn't make: scrubbing leaves it as it is.
    gone = frozenset({hash_of_call(stays)})
    assert BackupScrubber(installed.snapshots, installed.key).scrub(place, gone).backups == 1
    assert place.get().signature is None
    installed.delete(stays)
    newer = installed.maker().make(place).manifest
    assert place.get() == newer
    assert place.vouches_for(newer)
    assert prune(place, keep=1) == 1


def test_signatures_follow_the_master_key(engine, tmp_path: Path) -> None:
    """Signed by a new key once it is in place; what earlier ones have signed counts meanwhile."""
    old, new = "11" * 32, "22" * 32

    def at(key: MasterKey) -> Installation:
        sound = ObjectStore(str(tmp_path / "audio"))
        return Installation(engine=engine, sound=sound, folder=tmp_path / "upkeep", key=key)

    def lies(key: MasterKey) -> BackupPlace:
        return BackupPlace(ObjectStore(str(tmp_path / "backups")), key)

    before = load_master_key(old, None, tmp_path / "none")
    made = at(before).maker().make(lies(before)).manifest
    lies(before).note_erased(GONE)
    both = load_master_key(new, None, tmp_path / "none", old)
    assert lies(both).vouches_for(made)
    rotated = House(engine, tmp_path, both).rotator().rotate(LOCAL_USER)
    assert rotated.backups == 1
    only_new = load_master_key(new, None, tmp_path / "none")
    fresh = lies(only_new).get()
    assert lies(only_new).vouches_for(fresh)
    assert lies(only_new).erased() == GONE
    # A place that nobody reached meanwhile: its backups count as unsigned, and new ones are made.
    in_place_of(lies(before), made)
    place = lies(only_new)
    assert not place.vouches_for(place.get(made.id))
    place.write(ERASED, written_erased(GONE, before))
    assert place.erased() == GONE
    newest = at(only_new).maker().make(place).manifest
    assert place.vouches_for(newest)
    assert place.get() == newest
