"""Call Azure's blob service through the client that adlfs has made.

adlfs (2026.8) itself is not asked: it takes every path for a URL, so that `a?` and `a#` become `a` and a line
break vanishes; it lists `d` with all that begins like it, and looks into `d` when asked for `d` and a space;
it has no way to say `If-Match`, and reads on in another version when a blob is replaced meanwhile.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from fsspec.asyn import sync

from syncfs.core.entry import DIRECTORY, Entry
from syncfs.endpoint.connection import BLOCK_BYTES, Connection
from syncfs.endpoint.endpoint import CHUNK_BYTES
from syncfs.endpoint.facets import entry_of_info
from syncfs.endpoint.patience import repeated
from syncfs.errors import PathError

__all__ = ["BlobConnection", "only", "only_new"]

_STUB_KEYS = frozenset({"hdi_isfolder", "is_directory"})
"""By which metadata an empty blob says that it stands for a directory: Hadoop's, which accounts with a
hierarchical namespace show too, and that of older versions of adlfs."""

_POLL_S = 0.2
"""How often a copy that takes its time is looked at; within one account hardly any does."""


def only_new() -> dict[str, Any]:
    """The condition that nothing stands there, as the library's calls take it."""
    from azure.core import MatchConditions

    return {"match_condition": MatchConditions.IfMissing}


def only(etag: str | None, to: str = "") -> dict[str, Any]:
    """The condition that one version stands there; none where its tag is not known.

    Args:
        etag: Of that version.
        to: `source_` where it is meant for the source of a copy.
    """
    from azure.core import MatchConditions

    if etag is None:
        return {}
    return {f"{to}etag": '"' + etag.strip('"') + '"', f"{to}match_condition": MatchConditions.IfNotModified}


class BlobConnection(Connection):
    """A filesystem of adlfs; see `Connection`. Conditions are those of `only` and `only_new`."""

    def entry(self, full: str, path: str) -> Entry | None:
        """Look at one path: at a blob, or a directory where there are blobs below it."""
        container, name = _split(full)
        if name and (info := self._look(container, name, path)) is not None:
            return entry_of_info(info, self.family)
        try:
            return DIRECTORY if self.has_below(full, path) or not name else None
        except FileNotFoundError:  # the container
            return None

    def has_below(self, full: str, path: str) -> bool:
        """Whether a path is a directory, whatever else it may be.

        Raises:
            FileNotFoundError: There is no such container.
        """
        container, name = _split(full)
        return self._ask(path, self._first, container, _begin(name)) is not None

    def items(self, full: str, path: str) -> list[dict[str, Any]]:
        """List a directory; one request for each 5,000 names.

        Raises:
            FileNotFoundError: There is no such directory.
        """
        container, name = _split(full)
        begin = _begin(name)
        blobs = self._ask(path, self._walk, container, begin)
        if not blobs and name:
            info = self._look(container, name, path)
            if info is None:
                raise FileNotFoundError(full)
            return [info] if info["type"] == "file" else []
        names = {blob.name for blob in blobs}
        return [
            _told(container, blob)
            for blob in blobs
            # Empty blobs that stand for a directory: this one, or one that is listed anyway.
            if blob.name != begin and not (_is_stub(blob) and f"{blob.name}/" in names)
        ]

    def open(self, full: str, path: str) -> BinaryIO:
        """Open a blob; nothing of a version that replaces it meanwhile is read."""
        return io.BufferedReader(_Reader(self, full, path), CHUNK_BYTES)

    def fetch(self, full: str, path: str, at_bytes: int, **condition: Any) -> tuple[bytes, int, str]:
        """One block of a blob, the size of all of it, and the tag of its version."""

        async def block(**options: Any) -> tuple[bytes, int, str]:
            blob = self._blob(*_split(full))
            try:
                stream = await blob.download_blob(offset=at_bytes, length=BLOCK_BYTES, **options)
            except Exception as error:
                if at_bytes or getattr(error, "status_code", None) != 416:
                    raise
                found = await blob.get_blob_properties(**options)  # an empty one has no first byte
                return b"", found.size, found.etag
            found = stream.properties  # whose size is the block's
            return await stream.readall(), int(found.content_range.rpartition("/")[2]), found.etag

        found: tuple[bytes, int, str] = self._ask(path, block, **condition)
        return found

    def put(self, full: str, path: str, data: bytes, **condition: Any) -> Entry:
        """Put a blob in one request; the entry that the reply tells."""
        put = self._blob(*_split(full)).upload_blob
        reply = self._call(path, put, data, length=len(data), overwrite=True, **condition)
        return self._made(reply, len(data), reply.get("content_md5"))

    def stage(self, full: str, path: str, block: str, data: bytes) -> None:
        """Send a block of a blob, which nobody sees before it is published."""
        self._call(path, self._blob(*_split(full)).stage_block, block, data, length=len(data))

    def publish(
        self, full: str, path: str, blocks: list[str], size_bytes: int, md5: bytes, **condition: Any
    ) -> Entry:
        """Make a blob of staged blocks; the entry that the reply tells."""
        from azure.storage.blob import BlobBlock, ContentSettings

        reply = self._call(
            path,
            self._blob(*_split(full)).commit_block_list,
            [BlobBlock(block) for block in blocks],
            content_settings=ContentSettings(content_md5=bytearray(md5)),
            **condition,
        )
        return self._made(reply, size_bytes, md5)

    def copy(self, full: str, to: str, path: str, **condition: Any) -> None:
        """Copy a blob on its side, to its end."""
        source, target = self._blob(*_split(full)), self._blob(*_split(to))
        status = self._call(path, target.start_copy_from_url, source.url, **condition)["copy_status"]
        while status == "pending":
            time.sleep(_POLL_S)
            status = self._ask(path, target.get_blob_properties).copy.status
        if status != "success":
            raise PathError(f"{path}: its copy ended as {status}", path=path)

    def remove(self, full: str, path: str, **condition: Any) -> None:
        """Remove a blob.

        Raises:
            FileNotFoundError: It is not there.
        """
        self._call(path, self._blob(*_split(full)).delete_blob, **condition)

    def remove_stub(self, full: str, path: str) -> None:
        """Remove the empty blobs that stand for a directory and nothing else."""
        container, name = _split(full)
        for key in (name, f"{name}/"):
            info = self._look(container, key, path)
            if info is not None and (info["type"] == "directory" or (key != name and not info["size"])):
                self.remove(f"{container}/{key}", path, **only(info["etag"]))

    def _look(self, container: str, name: str, path: str) -> dict[str, Any] | None:
        try:
            return _told(container, self._ask(path, self._blob(container, name).get_blob_properties))
        except FileNotFoundError:
            return None

    def _made(self, reply: Any, size_bytes: int, md5: bytes | None) -> Entry:
        told = {name: reply.get(name) for name in ("etag", "last_modified")}
        info = {"type": "file", "size": size_bytes, "content_md5": md5, **told}
        return entry_of_info(info, self.family)

    def _blob(self, container: str, name: str) -> Any:
        return self.fs.service_client.get_blob_client(container, name)

    async def _walk(self, container: str, begin: str, **options: Any) -> list[Any]:
        listed = self.fs.service_client.get_container_client(container).walk_blobs(
            name_starts_with=begin, include=["metadata"], **options
        )
        return [blob async for blob in listed]

    async def _first(self, container: str, begin: str, **options: Any) -> Any:
        listed = self.fs.service_client.get_container_client(container).list_blobs(
            name_starts_with=begin, results_per_page=1, **options
        )
        async for blob in listed:
            return blob
        return None

    def _ask(self, path: str, act: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Await a call that changes nothing, repeatedly if need be."""
        return repeated(lambda: self._call(path, act, *args, **options))

    def _call(self, path: str, act: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Await one of the library's calls; with the user's timeouts, which adlfs keeps for that."""
        timeouts = getattr(self.fs, "_timeout_kwargs", {})
        with self.talk(path):
            # The library itself would wait 15 s and more before each of three more tries.
            return sync(self.fs.loop, act, *args, retry_total=0, **options, **timeouts)


class _Reader(io.RawIOBase):
    """One version of a blob, block by block; the first one is read at once."""

    def __init__(self, connection: BlobConnection, full: str, path: str) -> None:
        super().__init__()
        self._connection, self._full, self._path = connection, full, path
        self._block, self._size, etag = connection.fetch(full, path, 0)
        self._condition = only(etag)
        self._at = self._used = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        into = memoryview(buffer).cast("B")
        if self._used == len(self._block) and self._at + self._used < self._size:
            self._at += self._used
            self._used = 0
            self._block, *_ = self._connection.fetch(self._full, self._path, self._at, **self._condition)
        data = memoryview(self._block)[self._used : self._used + len(into)]
        into[: len(data)] = data
        self._used += len(data)
        return len(data)


def _split(full: str) -> tuple[str, str]:
    """The container, and the blob's name in it."""
    container, _, name = full.partition("/")
    return container, name


def _begin(name: str) -> str:
    """How the names of all blobs below a directory begin."""
    return f"{name}/" if name else ""


def _told(container: str, blob: Any) -> dict[str, Any]:
    """What the service tells of a blob, or of the beginning that several share, as an `info`."""
    full = f"{container}/{blob.name}".rstrip("/")
    if not hasattr(blob, "size"):
        return {"name": full, "type": "directory", "size": 0}
    return {
        "name": full,
        "type": "directory" if _is_stub(blob) else "file",
        "size": blob.size,
        "etag": blob.etag,
        "last_modified": blob.last_modified,
        # That of an append or a page blob stays what it was when more is written to it.
        "content_md5": blob.content_settings.content_md5 if blob.blob_type == "BlockBlob" else None,
    }


def _is_stub(blob: Any) -> bool:
    """Whether it is an empty blob that stands for a directory."""
    metadata = getattr(blob, "metadata", None) or {}
    says_so = any(key.lower() in _STUB_KEYS and text == "true" for key, text in metadata.items())
    return says_so and not blob.size
