"""`nextclouds://`: Nextcloud and ownCloud as what they are, beyond plain WebDAV.

Decisions:
    **The URL's scheme chooses it**, so that installing it changes nothing. `webdavs://` goes on as before,
    and is the same place: pairs keep their state when the scheme changes.
    **A directory's entity tag proves its whole subtree.** Here, unlike elsewhere, the server gives every
    directory above a change a new tag. What a listing showed is remembered under the tag that came with it,
    and is used only where a listing of this run shows that very tag for it; nothing is used once
    this run has written. A mounted storage is not believed: what changes in it behind the server's back
    changes no tag.
    **One PUT up to a chunk of content, a chunked upload above it.** The PUT's `If-Match` is checked when it
    begins: for a small body that is now. A chunked upload's last request carries the condition, so that an
    edit which lands while a large body travels is not overwritten; and unlike a PUT under another name
    and a MOVE it keeps the file's id, and with it its shares and versions.
    **A checksum goes with every upload**, and the answer's own digest is compared where the server gives one:
    Nextcloud stores the header as it comes, ownCloud compares it itself.
    **Replies are believed once one was seen to be true**: the first write of a run is looked at. What is
    behind a server may keep no mtimes.
"""

from typing import Any

from syncfs.endpoint.endpoint import Endpoint
from syncfs.plugin import hookimpl
from syncfs_nextcloud.endpoint import NextcloudEndpoint
from syncfs_nextcloud.filesystem import NextcloudFileSystem

__all__ = ["NextcloudEndpoint", "NextcloudFileSystem", "syncfs_endpoint"]


@hookimpl
def syncfs_endpoint(fs: Any, path: str) -> Endpoint | None:
    """The endpoint of a filesystem that was asked for as Nextcloud."""
    return NextcloudEndpoint(fs, path) if isinstance(fs, NextcloudFileSystem) else None
