"""List FTP directories and send files through fsspec's connection, without fsspec's `ls` and `open`.

`FTPFileSystem.ls` (fsspec 2026.9) answers every error, also a refusal or a server that is busy, with an
empty list when the directory exists and with FileNotFoundError when asking for that fails too. Either
would be evidence of deletions.

Its files are sent in pieces, each at an offset (REST), which some servers refuse: rclone's, for one. In one
piece a file must be there as a whole first, as the connection that sends it may be the one that reads it.
"""

from __future__ import annotations

import ftplib
import tempfile
from typing import Any

__all__ = ["Upload", "ftp_info", "ftp_items"]

_UNKNOWN_COMMAND = ("500", "502", "504")


class Upload:
    """A file to be written: sent when it is closed, in one piece.

    Args:
        fs: The filesystem.
        full: Where to.
        memory_bytes: How much of it is held in memory; a larger one goes by way of the local disk.
    """

    def __init__(self, fs: Any, full: str, memory_bytes: int) -> None:
        self._fs = fs
        self._full = full
        # Not in a `with`: it lives until `close` or `discard`.
        self._gathered = tempfile.SpooledTemporaryFile(memory_bytes)  # noqa: SIM115

    def write(self, data: bytes) -> int:
        """Add to what will be sent."""
        return self._gathered.write(data)

    def close(self) -> None:
        """Send it."""
        self._gathered.seek(0)
        self._fs.ftp.storbinary(f"STOR {self._full}", self._gathered)
        self._gathered.close()

    def discard(self) -> None:
        """Send nothing."""
        self._gathered.close()


def ftp_items(fs: Any, full: str) -> list[dict[str, Any]]:
    """List a directory with MLSD (RFC 3659), where the server lacks it with LIST.

    Raises:
        FileNotFoundError: Its parent's listing lacks it.
        NotADirectoryError: It is a file.
        ftplib.Error: The server refused otherwise.
    """
    try:
        items = _mlsd(fs, full)
    except ftplib.error_perm as error:
        if str(error).startswith(_UNKNOWN_COMMAND):
            fs.ftp.dir(full, lambda line: None)  # raises where `ls` would not
            fs.invalidate_cache(full)
            return list(fs.ls(full, detail=True))
        # 550 is said of what is missing, forbidden or no directory alike.
        if ftp_info(fs, full)["type"] != "directory":
            raise NotADirectoryError(full) from None
        raise
    # Some servers answer MLSD of a file with the file.
    own_name = full.rpartition("/")[2]
    echoes = len(items) == 1 and items[0]["type"] == "file" and items[0]["name"] == f"{full}/{own_name}"
    if echoes and ftp_info(fs, full)["type"] != "directory":
        raise NotADirectoryError(full)
    return items


def ftp_info(fs: Any, full: str) -> dict[str, Any]:
    """Look at one path in its parent's listing.

    Raises:
        FileNotFoundError: It is not there.
        ftplib.Error: The server refused.
    """
    if full in ("", "/"):
        return {"name": "/", "size": 0, "type": "directory"}
    for item in ftp_items(fs, fs._parent(full)):
        if item["name"] == full:
            return item
    raise FileNotFoundError(full)


def _mlsd(fs: Any, full: str) -> list[dict[str, Any]]:
    """MLSD, each item with the keys of fsspec's `ls`."""
    items = []
    for name, facts in fs.ftp.mlsd(full):
        kind = facts.get("type", "").lower()
        if kind in ("cdir", "pdir") or name in (".", ".."):
            continue
        item = dict(facts)
        item["name"] = f"{full.rstrip('/')}/{name}"
        item["type"] = "directory" if kind == "dir" else kind
        item["size"] = int(facts["size"]) if kind == "file" and "size" in facts else None
        items.append(item)
    return items
