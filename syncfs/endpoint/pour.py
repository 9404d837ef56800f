"""Let the kernel copy one opened file into another."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

from syncfs.endpoint.endpoint import CHUNK_BYTES

__all__ = ["pour"]

_CANNOT = frozenset(
    {errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EBADF, errno.EPERM}
)
"""How filesystems say that they have no such copy: then it goes through our own memory."""


def pour(source: int, target: int, size_bytes: int, piece_bytes: int, tell: Callable[[int], object]) -> int:
    """Copy the content of one descriptor into another, from where both stand.

    copy_file_range(2) shares the blocks on filesystems that can (Btrfs, XFS) and copies inside the kernel
    or the file server on others.

    Args:
        source: Where to read.
        target: Where to write.
        size_bytes: How much.
        piece_bytes: The most at once.
        tell: Called with the size of each piece before it goes.

    Returns:
        How many bytes went: fewer than asked for where the source ended early.
    """
    count = 0
    in_kernel = sys.platform == "linux"
    while count < size_bytes:
        wanted = min(piece_bytes, size_bytes - count)
        tell(wanted)
        done = 0
        while done < wanted:
            if sys.platform == "linux" and in_kernel:
                try:
                    went = os.copy_file_range(source, target, wanted - done)
                except OSError as error:
                    if error.errno not in _CANNOT:
                        raise
                    in_kernel = False
                    continue
                if not went and not count and not done:
                    in_kernel = False  # some say that they copied nothing, and mean that they cannot
                    continue
            else:
                went = _by_hand(source, target, wanted - done)
            if not went:
                return count + done
            done += went
        count += done
    return count


def _by_hand(source: int, target: int, most: int) -> int:
    piece = memoryview(os.read(source, min(CHUNK_BYTES, most)))
    went = len(piece)
    while piece:
        piece = piece[os.write(target, piece) :]
    return went
