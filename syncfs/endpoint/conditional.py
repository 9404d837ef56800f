"""Put and remove objects on S3 on condition.

s3fs (2026.9) knows `If-None-Match: *`, but drops it for empty files, and has no way to say `If-Match`; so
the requests are made here, through its `call_s3`.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from syncfs.endpoint.connection import Connection, part_bytes
from syncfs.endpoint.endpoint import Content
from syncfs.endpoint.put import parts_of
from syncfs.errors import PathError, StaleEntryError

__all__ = ["conditional", "create_if", "put_if", "remove_if"]


def put_if(
    connection: Connection,
    full: str,
    path: str,
    content: Content,
    demand: Callable[[], None],
    condition: Mapping[str, str],
) -> str | None:
    """Put an object in place; one part of it is held in memory.

    Args:
        connection: The filesystem.
        full: The target.
        path: The same as users know it.
        content: What to write.
        demand: Looks at the target again; called only where no condition guards it.
        condition: botocore's arguments for it; empty for none.

    Returns:
        The entity tag that it got.

    Raises:
        StaleEntryError: The service found that the condition does not hold.
    """
    call, at = connection.fs.call_s3, _at(connection, full)
    size_bytes = part_bytes(content.size_bytes)
    parts = parts_of(content, size_bytes, path)
    if content.size_bytes <= size_bytes:
        body = b"".join(parts)
        if not condition:
            demand()
        return create_if(connection, full, path, condition, body)
    with connection.talk(path):
        upload = {**at, "UploadId": call("create_multipart_upload", **at)["UploadId"]}
    try:
        sent = [_send(connection, path, upload, number, part) for number, part in enumerate(parts, 1)]
        if not condition:
            demand()
        with conditional(path), connection.talk(path):
            reply = call("complete_multipart_upload", **upload, MultipartUpload={"Parts": sent}, **condition)
    except BaseException:
        with suppress(OSError), connection.talk(path):
            call("abort_multipart_upload", **upload)
        raise
    return _tag(reply)


def create_if(
    connection: Connection, full: str, path: str, condition: Mapping[str, str], body: bytes = b""
) -> str | None:
    """Put an object in one request; the entity tag that it got."""
    with conditional(path), connection.talk(path):
        return _tag(connection.fs.call_s3("put_object", **_at(connection, full), Body=body, **condition))


def remove_if(connection: Connection, full: str, path: str, condition: Mapping[str, str]) -> None:
    """Remove an object; nothing happens when it is gone."""
    with conditional(path), connection.talk(path):
        connection.fs.call_s3("delete_object", **_at(connection, full), **condition)


def _at(connection: Connection, full: str) -> dict[str, str]:
    bucket, key, _ = connection.fs.split_path(full)
    return {"Bucket": bucket, "Key": key}


def _send(
    connection: Connection, path: str, upload: dict[str, Any], number: int, part: bytes
) -> dict[str, Any]:
    with connection.talk(path):
        reply = connection.fs.call_s3("upload_part", **upload, PartNumber=number, Body=part)
    told = {name: reply[name] for name in ("ChecksumCRC32", "ChecksumSHA256") if name in reply}
    return {"PartNumber": number, "ETag": reply["ETag"], **told}


def _tag(reply: Mapping[str, Any]) -> str | None:
    return str(reply.get("ETag") or "").strip('"') or None


@contextmanager
def conditional(path: str) -> Iterator[None]:
    """One request with a condition, whose refusal is told as a stale entry."""
    try:
        yield
    except (FileExistsError, StaleEntryError):
        raise StaleEntryError(
            f"{path}: changed since it was planned; the next run decides afresh", path=path
        ) from None
    except FileNotFoundError as error:
        if_there = "it is gone, or its bucket, or the service does not take the name"
        raise PathError(f"{path}: {if_there} ({error})", path=path, code=errno.ENOENT) from None
