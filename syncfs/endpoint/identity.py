"""Name a place in an fsspec filesystem: for users, and for the state that belongs to it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from syncfs.endpoint.family import FAMILIES, Family
from syncfs.endpoint.redact import redact

__all__ = ["identity_of", "url_of"]

_SECRET = re.compile(r"(?i)pass|pwd|secret|token|key|cred|auth|sas|sig|cookie|account_id")
_NAMING = ("account_name", "org", "repo", "project", "workspace", "container")
"""What may be in a URL's authority beside user, host and port, in this order."""
_AZURE = ".blob.core.windows.net"
"""What follows an account's name in the address of its blobs, unless it is an emulator or has its own."""


def identity_of(fs: Any, root: str, family: Family) -> str | None:
    """Name a root so that every spelling of one place gives one name; None when it cannot be named.

    Args:
        fs: The filesystem.
        root: The root's path as the filesystem spells it.
        family: What kind of filesystem it is.

    Returns:
        `protocol://authority/path` without any secret. Of a filesystem that nobody here knows, whatever
        options might tell one place from another go in as a hash; too many of them cost a first run, too
        few would let two places share one state.
    """
    if not family.is_named:
        return None
    if family.name == "http":
        return redact(root)
    authority = _authority(fs, family)
    if authority is None:
        return None
    if family.name not in FAMILIES:
        authority += f";{_hash_of_options(fs.storage_options)}"
    return f"{family.name}://{authority}/{root.lstrip('/')}"


def url_of(fs: Any, root: str, family: Family) -> str:
    """The root as users see it, without secrets."""
    if family.name == "http":
        return redact(root)
    authority = _authority(fs, family) or ""
    path = root.lstrip("/")
    return f"{family.name}://{authority}/{path}" if authority else f"{family.name}://{path}"


def _authority(fs: Any, family: Family) -> str | None:
    """Whose and which server: `user@host:port`, an object store's address, the archive's path."""
    options: Mapping[str, Any] = fs.storage_options
    if family.is_archive:
        archive, protocol = options.get("fo"), options.get("target_protocol")
        if not isinstance(archive, str) or protocol not in (None, "file", "local"):
            return None
        return quote(os.path.realpath(archive), safe="")
    address = options.get("endpoint_url") or getattr(fs, "endpoint_url", None)
    client = options.get("client_kwargs")
    if not address and isinstance(client, Mapping):
        address = client.get("endpoint_url")
    if not address:  # Azure's, also of an account that is named in a connection string only
        address = getattr(getattr(fs, "service_client", None), "url", None)
    if isinstance(address, str) and address:
        parts = urlsplit(address)
        server = (parts.netloc.rpartition("@")[2] + parts.path).rstrip("/").lower()
        return server.removesuffix(_AZURE)
    named = [str(found) for name in _NAMING if (found := _told(fs, name))]
    host = _told(fs, "host")
    if host:
        user = _told(fs, "username") or _told(fs, "user")
        port = _told(fs, "port")
        named.append(
            (f"{quote(str(user), safe='')}@" if user else "")
            + str(host).lower()
            + (f":{port}" if port and str(port) != str(family.port) else "")
        )
    if family.name == "github":
        named.append(str(getattr(fs, "root", "")))  # the branch or commit
    return ":".join(named)


def _told(fs: Any, name: str) -> Any:
    """An option as it was given, or as the filesystem keeps it."""
    found = fs.storage_options.get(name)
    return found if found is not None else getattr(fs, name, None)


def _hash_of_options(options: Mapping[str, Any]) -> str:
    telling = sorted(
        f"{name}={value!r}"
        for name, value in options.items()
        if isinstance(value, str | int | None) and not _SECRET.search(name)
    )
    return hashlib.sha256("\0".join(telling).encode()).hexdigest()[:16]
