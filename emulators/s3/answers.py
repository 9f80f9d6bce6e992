"""The XML of the S3 protocol, read and written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from emulators.s3.shelf import Kept

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def error(code: str, resource: str) -> bytes:
    """Return S3's words for an error."""
    return _xml("Error", [("Code", code), ("Message", code), ("Resource", resource)], bare=True)


def upload_begun(bucket: str, key: str, upload: str) -> bytes:
    """Return what is answered when an upload in parts begins."""
    told = [("Bucket", bucket), ("Key", key), ("UploadId", upload)]
    return _xml("InitiateMultipartUploadResult", told)


def upload_done(bucket: str, kept: Kept) -> bytes:
    """Return what is answered when an upload in parts has become an object."""
    told = [("Bucket", bucket), ("Key", kept.key), ("ETag", kept.etag)]
    return _xml("CompleteMultipartUploadResult", told)


def deleted(keys: Iterable[str]) -> bytes:
    """Return what is answered when many objects were deleted."""
    return _xml("DeleteResult", [("Deleted", [("Key", key)]) for key in keys])


def keys_to_delete(content: bytes) -> list[str]:
    """Return the keys that a batch deletion names."""
    return [found.text or "" for found in _all(content, "Key")]


def parts_named(content: bytes) -> list[tuple[int, str]]:
    """Return number and tag of each part that makes up an object, in their order."""
    parts = []
    for part in _all(content, "Part"):
        told = {_bare(one.tag): one.text or "" for one in part}
        parts.append((int(told["PartNumber"]), told["ETag"]))
    return parts


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a bucket's listing; ``delimiter`` gathers deeper keys into prefixes."""

    bucket: str
    prefix: str
    delimiter: str
    most: int

    def written(self, found: Sequence[Kept]) -> bytes:
        """Return the first objects of a listing, and where the next page goes on."""
        contents: list[tuple[str, object]] = []
        prefixes: list[str] = []
        last = ""
        for kept in found:
            common = self._common(kept.key)
            if common and common in prefixes:
                last = kept.key
                continue
            if len(contents) + len(prefixes) == self.most:
                break
            last = kept.key
            if common:
                prefixes.append(common)
            else:
                contents.append(("Contents", _listed(kept)))
        more = bool(found) and last != found[-1].key
        told: list[tuple[str, object]] = [
            ("Name", self.bucket),
            ("Prefix", self.prefix),
            ("MaxKeys", str(self.most)),
            ("KeyCount", str(len(contents) + len(prefixes))),
            ("IsTruncated", str(more).lower()),
        ]
        if more:
            told.append(("NextContinuationToken", last))
        told += [*contents, *(("CommonPrefixes", [("Prefix", one)]) for one in prefixes)]
        return _xml("ListBucketResult", told)

    def _common(self, key: str) -> str:
        rest = key.removeprefix(self.prefix)
        if not self.delimiter or self.delimiter not in rest:
            return ""
        return self.prefix + rest.partition(self.delimiter)[0] + self.delimiter


def _listed(kept: Kept) -> list[tuple[str, str]]:
    return [
        ("Key", kept.key),
        ("LastModified", f"{kept.changed_at:%Y-%m-%dT%H:%M:%S}.000Z"),
        ("ETag", kept.etag),
        ("Size", str(kept.size)),
        ("StorageClass", "STANDARD"),
    ]


def _xml(name: str, told: Sequence[tuple[str, object]], *, bare: bool = False) -> bytes:
    root = ET.Element(name) if bare else ET.Element(name, xmlns=_NAMESPACE)
    _fill(root, told)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _fill(parent: ET.Element, told: Sequence[tuple[str, object]]) -> None:
    for name, value in told:
        child = ET.SubElement(parent, name)
        if isinstance(value, str):
            child.text = value
        elif isinstance(value, list):
            _fill(child, value)


def _all(content: bytes, name: str) -> list[ET.Element]:
    return [found for found in ET.fromstring(content).iter() if _bare(found.tag) == name]


def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]
