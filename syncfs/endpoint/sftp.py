"""What SFTP can and fsspec does not use: looks that follow no link, times, renames that replace nothing.

One `SFTPClient` of paramiko (5.1) serves one thread at a time: with several, one takes the reply of another
from the wire and drops it, and that one waits for ever.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

__all__ = ["create", "keep_mtime", "prepare", "rename", "sftp_info"]

_SECOND_NS = 1_000_000_000


def prepare(fs: Any) -> None:
    """Send each request at once: otherwise most wait 40 ms for the other side's acknowledgement."""
    with suppress(AttributeError, OSError):  # a proxy's command is no socket
        fs.client.get_transport().sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def create(fs: Any, full: str, size_bytes: int) -> Any:
    """Open a file to be written, without waiting for the reply to each 32 KiB; closing it tells of all."""
    file = fs.open(full, "wb", block_size=size_bytes)
    file.set_pipelined(True)
    return file


def sftp_info(fs: Any, full: str) -> dict[str, Any]:
    """Look at one path itself; fsspec's `info` looks at what a link leads to."""
    if not full:
        full = "."
    info: dict[str, Any] = fs._decode_stat(fs.ftp.lstat(full))
    info["name"] = full
    return info


def keep_mtime(fs: Any, full: str, mtime_ns: int) -> None:
    """Set a file's times, to the second: that is all the protocol knows."""
    mtime_s = mtime_ns // _SECOND_NS
    fs.ftp.utime(full, (mtime_s, mtime_s))


def rename(fs: Any, full: str, to: str, *, is_new: bool) -> None:
    """Rename; where nothing is expected by the rename of the protocol itself, which OpenSSH does by link(2).

    Only servers that lack OpenSSH's extension replace nothing otherwise: there the caller steps aside.
    """
    if is_new:
        fs.ftp.rename(full, to)
        return
    try:
        fs.ftp.posix_rename(full, to)
    except OSError as error:
        if error.errno is not None or "unsupported" not in str(error).lower():
            raise
        fs.ftp.rename(full, to)
