"""Put an object on S3 only over the version that is expected, or only where there is none.

s3fs (2026.9) knows `If-None-Match: *`, but drops it for empty files, and has no way to say `If-Match`; so
the requests are made here, through its `call_s3`. Services that do not know conditions ignore them.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from syncfs.core.entry import Entry
from syncfs.endpoint.connection import Connection, part_bytes
from syncfs.endpoint.endpoint import Content
from syncfs.errors import PathError, StaleEntryError, VerificationError

__all__ = ["honours_conditions", "knows_conditions", "put_if"]

_REFUSED = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


def knows_conditions(connection: Connection) -> bool:
    """Whether conditions can be sent at all."""
    return connection.family.name == "s3" and hasattr(connection.fs, "call_s3")


def put_if(
    connection: Connection,
    full: str,
    path: str,
    content: Content,
    demand: Callable[[], None],
    *,
    expect: Entry | None,
) -> str | None:
    """Write an object over the expected one; one part of it is held in memory.

    Args:
        connection: The filesystem.
        full: The target.
        path: The same as users know it.
        content: What to write.
        demand: Looks at the target again, for services that ignore conditions.
        expect: What stands there; None for nothing.

    Returns:
        The entity tag that it got.

    Raises:
        StaleEntryError: The service found something else there.
    """
    call = connection.fs.call_s3
    bucket, key, _ = connection.fs.split_path(full)
    at = {"Bucket": bucket, "Key": key}
    condition = _condition(expect)
    size_bytes = part_bytes(content.size_bytes)
    parts = _parts(content, size_bytes, path)
    if content.size_bytes <= size_bytes:
        body = b"".join(parts)
        demand()
        with _conditional(connection, path):
            return _tag(call("put_object", **at, Body=body, **condition))
    with connection.talk(path):
        upload = {**at, "UploadId": call("create_multipart_upload", **at)["UploadId"]}
    try:
        sent = [_send(connection, path, upload, number, part) for number, part in enumerate(parts, 1)]
        demand()
        with _conditional(connection, path):
            reply = call("complete_multipart_upload", **upload, MultipartUpload={"Parts": sent}, **condition)
    except BaseException:
        with suppress(OSError), connection.talk(path):
            call("abort_multipart_upload", **upload)
        raise
    return _tag(reply)


def honours_conditions(connection: Connection, full: str, path: str) -> bool:
    """Whether a service refuses what a condition forbids, tried on an empty object that is there already."""
    bucket, key, _ = connection.fs.split_path(full)
    for condition in ({"IfNoneMatch": "*"}, {"IfMatch": f'"{"0" * 32}"'}):
        try:
            with _conditional(connection, path):
                connection.fs.call_s3("put_object", Bucket=bucket, Key=key, Body=b"", **condition)
        except StaleEntryError:
            continue
        return False
    return True


def _condition(expect: Entry | None) -> dict[str, str]:
    if expect is None:
        return {"IfNoneMatch": "*"}
    return {"IfMatch": f'"{expect.etag}"'} if expect.etag else {}


def _send(
    connection: Connection, path: str, upload: dict[str, Any], number: int, part: bytes
) -> dict[str, Any]:
    with connection.talk(path):
        reply = connection.fs.call_s3("upload_part", **upload, PartNumber=number, Body=part)
    told = {name: reply[name] for name in ("ChecksumCRC32", "ChecksumSHA256") if name in reply}
    return {"PartNumber": number, "ETag": reply["ETag"], **told}


def _parts(content: Content, size_bytes: int, path: str) -> Iterator[bytes]:
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


def _tag(reply: dict[str, Any]) -> str | None:
    return str(reply.get("ETag") or "").strip('"') or None


@contextmanager
def _conditional(connection: Connection, path: str) -> Iterator[None]:
    """One request with a condition, whose refusal is told as a stale entry."""
    try:
        with connection.talk(path):
            yield
    except FileExistsError:
        raise _stale(path) from None
    except FileNotFoundError as error:
        if_there = "it is gone, or its bucket, or the service does not take the name"
        raise PathError(f"{path}: {if_there} ({error})", path=path, code=errno.ENOENT) from None
    except OSError as error:
        # s3fs makes a plain EINVAL of it; its cause is what botocore raised.
        response = getattr(error.__cause__, "response", None)
        code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
        if code in _REFUSED or (error.errno == errno.EINVAL and "pre-condition" in str(error)):
            raise _stale(path) from None
        raise


def _stale(path: str) -> StaleEntryError:
    return StaleEntryError(f"{path}: changed since it was planned; the next run decides afresh", path=path)
