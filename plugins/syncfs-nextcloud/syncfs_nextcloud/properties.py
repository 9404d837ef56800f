"""What Nextcloud and ownCloud tell of each resource in properties of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping

from syncfs.core.entry import Entry, Kind
from syncfs.endpoint.webdav.etag import normalised_etag
from syncfs.endpoint.webdav.extra import Extra

__all__ = ["EXTRA", "FILE_ID", "checksum_of", "is_mounted", "tag_of"]

_OWNCLOUD = "http://owncloud.org/ns"
FILE_ID = f"{_OWNCLOUD} id"
"""The form that a PUT's reply has in `OC-FileId` too."""
_CHECKSUMS = f"{_OWNCLOUD} checksums"
_PERMISSIONS = f"{_OWNCLOUD} permissions"
_TAG = "DAV: getetag"

_CHECKSUM = re.compile(r"(SHA256|SHA1|MD5):([0-9a-fA-F]{32,64})(?![0-9a-fA-F])")
_STRONGEST = ("SHA256", "SHA1", "MD5")


def checksum_of(text: str) -> str | None:
    """The strongest digest in a file's checksums, as `"algorithm:hex"`.

    >>> checksum_of("SHA1:2fd4e1c67a2d28fced849ee1bb76e7391b93eb12 MD5:9e107d9d372bb6826bd81d3542a419d6")
    'sha1:2fd4e1c67a2d28fced849ee1bb76e7391b93eb12'
    """
    found = {name: value.lower() for name, value in _CHECKSUM.findall(text)}
    for name in _STRONGEST:
        if name in found:
            return f"{name.lower()}:{found[name]}"
    return None


def tag_of(properties: Mapping[str, str]) -> str | None:
    """The entity tag, a directory's too."""
    return normalised_etag(properties.get(_TAG))


def is_mounted(properties: Mapping[str, str]) -> bool:
    """Whether a resource is of another storage than the user's own, or nobody knows."""
    return "M" in properties.get(_PERMISSIONS, "M")


def _entry(entry: Entry, properties: Mapping[str, str]) -> Entry:
    if entry.kind is not Kind.FILE:
        return entry
    return entry._replace(
        digest=checksum_of(properties.get(_CHECKSUMS, "")), file_id=properties.get(FILE_ID) or None
    )


EXTRA = Extra((FILE_ID, _CHECKSUMS, _PERMISSIONS, _TAG), _entry)
