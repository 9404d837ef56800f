"""Look at one object of S3 the way a listing shows it.

s3fs' `info` asks with HEAD, whose time is cut to the second where a listing shows fractions, or (rclone's
server) rounds: the same object would look changed. A listing of one key costs as many requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["knows_blobs", "knows_calls", "object_info"]


def knows_calls(fs: Any) -> bool:
    """Whether requests of one's own can be sent through a filesystem of S3's family."""
    return hasattr(fs, "call_s3")


def knows_blobs(fs: Any) -> bool:
    """Whether requests of one's own can be sent through a filesystem of Azure's family."""
    return hasattr(getattr(fs, "service_client", None), "get_blob_client")


def object_info(fs: Any, full: str) -> Mapping[str, Any]:
    """What stands at a key: an object, or a directory where there are keys below it.

    Raises:
        FileNotFoundError: Neither.
    """
    bucket, key, _ = fs.split_path(full)
    if not key:
        found: Mapping[str, Any] = fs.info(full)
        return found
    # The key itself is the first of all that begin like it.
    for item in _first(fs, bucket, key):
        if item["Key"] == key:
            told: dict[str, Any] = {name: item[name] for name in ("ETag", "LastModified") if name in item}
            return {"name": full, "type": "file", "size": item["Size"], **told}
    if _first(fs, bucket, f"{key}/"):
        return {"name": full, "type": "directory", "size": 0}
    raise FileNotFoundError(full)


def _first(fs: Any, bucket: str, prefix: str) -> list[dict[str, Any]]:
    reply = fs.call_s3("list_objects_v2", Bucket=bucket, Prefix=prefix, MaxKeys=1)
    found: list[dict[str, Any]] = reply.get("Contents") or []
    return found
