"""An object store in memory, built as real ones are: keys, no directories, buffered files, md5 tags."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from fsspec.spec import AbstractBufferedFile, AbstractFileSystem


class BucketFileSystem(AbstractFileSystem):
    """Answers to `s3`, so that it is treated as one; every instance holds objects of its own."""

    protocol = "s3"
    cachable = False
    root_marker = ""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.objects: dict[str, tuple[bytes, datetime]] = {}

    def _info(self, key: str) -> dict[str, Any]:
        data, modified = self.objects[key]
        etag = f'"{hashlib.md5(data).hexdigest()}"'
        return {"name": key, "size": len(data), "type": "file", "ETag": etag, "LastModified": modified}

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        key = self._strip_protocol(path)
        if key in self.objects:
            return self._info(key)
        if key == "bucket" or any(other.startswith(f"{key}/") for other in list(self.objects)):
            return {"name": key, "size": 0, "type": "directory"}
        raise FileNotFoundError(path)

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
        prefix = f"{self._strip_protocol(path)}/"
        found: dict[str, dict[str, Any]] = {}
        for key in list(self.objects):
            if key.startswith(prefix):
                name, slash, _ = key.removeprefix(prefix).partition("/")
                child = prefix + name
                item = {"name": child, "size": 0, "type": "directory"} if slash else self._info(key)
                found[f"{child}{slash}"] = item
        if not found and prefix != "bucket/":
            raise FileNotFoundError(path)
        return list(found.values()) if detail else [item["name"] for item in found.values()]

    def mkdir(self, path: str, create_parents: bool = True, **kwargs: Any) -> None:
        """There are no directories to make."""

    def rm_file(self, path: str) -> None:
        if self.objects.pop(self._strip_protocol(path), None) is None:
            raise FileNotFoundError(path)

    def cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        self.objects[path2] = (self.objects[path1][0], datetime.now(UTC))

    def _open(self, path: str, mode: str = "rb", block_size: Any = None, **kwargs: Any) -> BucketFile:
        return BucketFile(self, path, mode, block_size=5, autocommit=kwargs.get("autocommit", True))


class BucketFile(AbstractBufferedFile):
    """Sends parts while it is written, as a multipart upload does, and shows them when it is closed."""

    parts: bytes = b""

    def _initiate_upload(self) -> None:
        self.parts = b""

    def _upload_chunk(self, final: bool = False) -> bool:
        self.buffer.seek(0)
        self.parts += self.buffer.read()
        if final and self.autocommit:
            self.fs.objects[self.path] = (self.parts, datetime.now(UTC))
        return True

    def _fetch_range(self, start: int, end: int) -> bytes:
        data: bytes = self.fs.objects[self.path][0]
        return data[start:end]
