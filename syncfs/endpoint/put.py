"""Put a file in place on a filesystem that fsspec resolves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress

from syncfs.core.entry import Entry
from syncfs.endpoint.connection import Connection
from syncfs.endpoint.endpoint import Content
from syncfs.errors import EndpointUnavailableError, StaleEntryError, VerificationError

__all__ = ["parts_of", "put_at_once", "put_staged", "put_whole"]


def put_at_once(
    connection: Connection,
    full: str,
    path: str,
    content: Content,
    demand: Callable[[], None],
    *,
    is_new: bool,
) -> None:
    """Put a file that is held in memory anyway: a memory filesystem publishes a file when it is opened."""
    data = b"".join(content.chunks)
    _verify(len(data), content, path)
    demand()
    with connection.talk(path):
        try:
            connection.fs.pipe_file(full, data, mode="create" if is_new else "overwrite")
        except FileExistsError:
            raise StaleEntryError(f"{path}: something is there now", path=path) from None


def put_whole(
    connection: Connection,
    full: str,
    path: str,
    content: Content,
    demand: Callable[[], None],
) -> str:
    """Write where nothing shows before the file is closed.

    Args:
        connection: The filesystem.
        full: The target.
        path: The same as users know it.
        content: What to write.
        demand: Looks at the target again; raises when it is not what is expected.

    Returns:
        The digest of what was sent, as `Entry.digest` spells it: object stores show it.
    """
    digest = hashlib.md5(usedforsecurity=False)
    file = connection.create(full, path, content.size_bytes)
    try:
        count = 0
        for chunk in content.chunks:
            count += len(chunk)
            digest.update(chunk)
            with connection.talk(path):
                file.write(chunk)
        _verify(count, content, path)
        demand()
    except BaseException:
        connection.discard(file, path)
        raise
    connection.close(file, path)
    return f"md5:{digest.hexdigest()}"


def put_staged(
    connection: Connection,
    temporary: str,
    full: str,
    path: str,
    content: Content,
    demand: Callable[[], None],
    *,
    is_new: bool,
) -> Entry:
    """Write under a temporary name and rename.

    Returns:
        The entry of the temporary file, which nobody else can have touched.
    """
    try:
        file = connection.create(temporary, path, content.size_bytes)
        try:
            count = 0
            for chunk in content.chunks:
                count += len(chunk)
                with connection.talk(path):
                    file.write(chunk)
            _verify(count, content, path)
        except BaseException:
            connection.discard(file, path)
            raise
        connection.close(file, path)
        if content.mtime_ns is not None and connection.family.keeps_mtime:
            connection.keep_mtime(temporary, path, content.mtime_ns)
        staged = connection.entry(temporary, path)
        if staged is None or staged.size_bytes != count:
            shown = "nothing" if staged is None else f"{staged.size_bytes} bytes"
            raise VerificationError(f"{path}: {count} bytes were sent and {shown} arrived", path=path)
        demand()
        _publish(connection, temporary, full, path, is_new)
        return staged
    except BaseException:
        with suppress(OSError):
            connection.remove(temporary, path)
        raise


def _publish(connection: Connection, temporary: str, full: str, path: str, is_new: bool) -> None:
    """Rename over the target; by way of a third name where a rename replaces nothing (SMB, HDFS)."""
    try:
        connection.rename(temporary, full, path, is_new=is_new)
        return
    except (ConnectionError, TimeoutError, EndpointUnavailableError):
        raise
    except OSError:
        if is_new or connection.entry(temporary, path) is None:
            raise
    aside = f"{temporary}.old"
    connection.rename(full, aside, path)
    try:
        connection.rename(temporary, full, path)
    except BaseException:
        connection.rename(aside, full, path)
        raise
    with suppress(OSError):  # the new file is in place; the old one has become a leftover
        connection.remove(aside, path)


def parts_of(content: Content, size_bytes: int, path: str) -> Iterator[bytes]:
    """The content in parts of one size; the last one only when the whole was as long as announced."""
    gathered = bytearray()
    count = 0
    for chunk in content.chunks:
        while len(gathered) > size_bytes:
            yield bytes(gathered[:size_bytes])
            del gathered[:size_bytes]
        gathered += chunk
        count += len(chunk)
        if count > content.size_bytes:
            break
    if count != content.size_bytes:
        raise VerificationError(f"{path}: {count} bytes came instead of {content.size_bytes}", path=path)
    while gathered:
        yield bytes(gathered[:size_bytes])
        del gathered[:size_bytes]


def _verify(count: int, content: Content, path: str) -> None:
    if count != content.size_bytes:
        raise VerificationError(f"{path}: {count} bytes came instead of {content.size_bytes}", path=path)
