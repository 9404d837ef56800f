"""What the tests of the WebDAV endpoint share."""

import os
import time
import weakref
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import ClassVar

from webdav4.fsspec import WebdavFileSystem

from syncfs.core.entry import Entry, Written
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content
from syncfs.endpoint.webdav import WebdavEndpoint
from tests.servers.server import Folder

_tokens = count(1)


class Owned(WebdavEndpoint):
    """An endpoint that closes its filesystem's connections: a test makes many.

    Attributes:
        through_httpx: Whether its client is given a hook, which only httpx can call: see `wire`.
    """

    through_httpx: ClassVar[bool] = False

    def __init__(self, fs: WebdavFileSystem, path: str = "") -> None:
        if self.through_httpx:
            fs.client.http.event_hooks = {"request": [lambda request: None]}
        super().__init__(fs, path)
        # With its inner half, which an open file keeps alive.
        weakref.finalize(self._remote, fs.client.http.close)


def endpoint(url: str, path: str = "") -> WebdavEndpoint:
    """An endpoint on a filesystem made as users make it, its root checked and that listing spent."""
    made = unchecked(url, path)
    made.check_root()
    made.list("")
    return made


def unchecked(url: str, path: str = "") -> WebdavEndpoint:
    """The same before anything was sent."""
    return Owned(WebdavFileSystem(url, skip_instance_cache=True), path)


def content(data: bytes) -> Content:
    """`data` as the engine would hand it over."""
    pieces = (data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES))
    return Content(size_bytes=len(data), chunks=pieces)


def write(to: WebdavEndpoint, path: str, data: bytes, expect: Entry | None = None) -> Written:
    """Write `data` under a fresh token."""
    written = to.write(path, content(data), expect=expect, token=f"run-{next(_tokens)}")
    assert isinstance(written, Written)
    return written


def read(from_: WebdavEndpoint, path: str) -> bytes:
    """The content under `path`, as a copy would read it."""
    with from_.read(path, seen(from_, path)) as source:
        return b"".join(source.chunks())


def seen(by: WebdavEndpoint, path: str) -> Entry:
    """What stands at `path` now."""
    entry = by.stat(path)
    assert entry is not None
    return entry


def age(path: Path, seconds: float) -> None:
    """Make a file older than it is, so that no server calls it fresh."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def broken(pieces: list[bytes], error: BaseException) -> Iterator[bytes]:
    """A source that fails after some pieces."""
    yield from pieces
    raise error


def methods(folder: Folder) -> list[str]:
    """The methods of the requests so far, each with its depth if it has one."""
    return [
        request.method + (request.depth or "" if request.method == "PROPFIND" else "")
        for request in folder.requests()
    ]
