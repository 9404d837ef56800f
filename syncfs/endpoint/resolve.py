"""Turn what a user names into an `Endpoint`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from syncfs.endpoint.endpoint import Endpoint
from syncfs.endpoint.family import FAMILIES, family_of, protocols_of
from syncfs.endpoint.local import LocalEndpoint
from syncfs.endpoint.redact import redact
from syncfs.endpoint.translate import translating
from syncfs.errors import ConfigError, EndpointUnavailableError

__all__ = ["hint_of", "overlap", "resolve"]

# One letter before the colon is a drive of Windows.
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_WEBDAV = frozenset({"webdav", "webdavs", "dav", "davs", "webdav+http", "webdav+https"})
_KNOWN = _WEBDAV.union(FAMILIES, ("file", "local"))
"""Protocols that need no plugin, so that no plugin can change what happens with them."""
_INTERNAL = frozenset(
    {"asyncwrapper", "async_wrapper", "blockcache", "cached", "dask", "data", "dir", "file", "filecache"}
    | {"generic", "jlab", "jupyter", "local", "reference", "simplecache"}
)
"""Protocols of fsspec that nobody would name as a place; left out of messages."""


Adapt = Callable[[Any, str], Endpoint | None]
"""Gives the endpoint of a filesystem and a path in it; None for a filesystem that it does not know."""


def resolve(
    place: Any,
    *,
    path: str = "",
    options: Mapping[str, Any] | None = None,
    side: str = "src",
    adapt: Adapt | None = None,
) -> Endpoint:
    """Make the endpoint of a place; nothing is listed, though some filesystems connect when they are made.

    Args:
        place: An fsspec filesystem, a `UPath`, a `pathlib.Path`, a URL or path as `str` (`~` is expanded),
            or an `Endpoint`, which is given back as it is. A filesystem is used as it is and never closed;
            wrappers that only prefix paths or keep copies are looked through, since a copy is no evidence of
            what is there.
        path: The directory inside `place`, `/`-separated; `""` for all of it.
        options: fsspec's storage options for a URL. `env:NAME` as a value, also deeper inside, is
            replaced by the environment variable NAME.
        side: `"src"` or `"dst"`, for messages.
        adapt: Asked about filesystems of protocols that nobody here knows: the plugins.

    Raises:
        ConfigError: The place cannot be understood: an unknown scheme, a wrong option, no directory
            named. No message holds a credential.
        EndpointUnavailableError: The filesystem connects when it is made, and could not.
    """
    given = _from_environment(dict(options or {}), side)
    _refuse_parents(path, side)
    if isinstance(place, str):
        scheme = _URL.match(place)
        if scheme is None and "::" not in place:
            return _local(place, path, given, side)
        return _open_url(place, scheme[1].lower() if scheme else "", path, given, side, adapt)
    if _is_a(place, "UPath"):
        fs, inside = place.fs, str(place.path)
        return _of_filesystem(fs, _joined(inside, path), side, adapt)
    if isinstance(place, os.PathLike):
        return _local(os.fspath(place), path, given, side)
    if _is_a(place, "AbstractFileSystem"):
        if given:
            raise ConfigError(f"{side}: options are for URLs; this filesystem is made already")
        return _of_filesystem(place, path, side, adapt)
    if isinstance(place, Endpoint) and not isinstance(place, type):
        if path or given:
            raise ConfigError(f"{side}: an endpoint has its root and its options already")
        return place
    raise ConfigError(
        f"{side}: cannot sync a {type(place).__name__}; give an fsspec filesystem, a UPath, a Path, a URL, "
        "a path or an endpoint"
    )


def overlap(one: Endpoint, other: Endpoint) -> str | None:
    """Say that one root is the other or lies inside it; None when they are apart or cannot be named."""
    if one.identity is None or other.identity is None:
        return None
    first, second = (f"{endpoint.identity}".rstrip("/") + "/" for endpoint in (one, other))
    if first == second:
        return f"src and dst are the same directory: {one.url}"
    if first.startswith(second):
        return f"src lies inside dst: {one.url} is below {other.url}"
    if second.startswith(first):
        return f"dst lies inside src: {other.url} is below {one.url}"
    return None


def _local(root: str | bytes, path: str, options: Mapping[str, Any], side: str) -> LocalEndpoint:
    named = os.fsdecode(root)
    if not named:
        raise ConfigError(f"{side}: names no directory; write . for the current one")
    if "\0" in named:
        raise ConfigError(f"{side}: {named!r} cannot be a path")
    if options:
        raise ConfigError(f"{side}: a local path takes no options ({', '.join(sorted(options))})")
    return LocalEndpoint(os.path.join(os.path.expanduser(named), *filter(None, path.split("/"))))


def _open_url(
    url: str, scheme: str, path: str, options: dict[str, Any], side: str, adapt: Adapt | None
) -> Endpoint:
    if scheme in _WEBDAV:
        from urllib.parse import quote

        from syncfs.endpoint.webdav import open_url

        below = "/".join(quote(part, safe="") for part in path.split("/") if part)
        return open_url(f"{url.rstrip('/')}/{below}" if below else url, options, side=side)
    from fsspec.core import url_to_fs

    _demand_known(scheme, side)
    shown = redact(url)
    try:
        with translating(side=side):
            fs, inside = url_to_fs(url, **options)
    except EndpointUnavailableError:
        raise
    except OSError as error:
        words = error.strerror or redact(str(error)) or type(error).__name__
        raise EndpointUnavailableError(f"cannot open {shown}: {words}", side=side) from error
    except ImportError as error:
        raise ConfigError(f"{side}: {shown} needs another package: {error}{hint_of(scheme)}") from None
    except (TypeError, ValueError) as error:
        words = " ".join(redact(str(error)).split())
        raise ConfigError(f"{side}: {shown} cannot be opened so: {words}") from None
    return _of_filesystem(fs, _joined(inside, path), side, adapt)


def _demand_known(scheme: str, side: str) -> None:
    from fsspec import available_protocols, registry

    known = set(available_protocols()) | set(registry)
    if scheme and scheme not in known:
        names = ", ".join(sorted((known | _WEBDAV) - _INTERNAL))
        raise ConfigError(f"{side}: {scheme}:// is not known; known are local paths and {names}")


def hint_of(scheme: str) -> str:
    """What to write instead of a web server's scheme, where a WebDAV server is meant; else empty."""
    webdav = {"http": "webdav", "https": "webdavs"}.get(scheme)
    return f"; for a WebDAV server write {webdav}://" if webdav else ""


def _of_filesystem(fs: Any, path: str, side: str, adapt: Adapt | None) -> Endpoint:
    """The endpoint of a filesystem object and a path in it."""
    while True:
        if getattr(fs, "asynchronous", False):
            raise ConfigError(
                f"{side}: {type(fs).__name__}(asynchronous=True) cannot be used from threads; make it "
                "without, and call syncfs through asyncio.to_thread"
            )
        if _is_a(fs, "DirFileSystem"):
            fs, path = fs.fs, _joined(str(fs.path or ""), path)
        elif _is_a(fs, "CachingFileSystem"):
            fs = fs.fs
        elif _is_a(fs, "AsyncFileSystemWrapper"):
            fs = fs.sync_fs
        else:
            break
    if adapt is not None and not _KNOWN.intersection(protocols_of(fs)):
        made = adapt(fs, path)
        if made is not None:
            return made
    if _is_a(fs, "LocalFileSystem"):
        if not path:
            raise ConfigError(f"{side}: the whole local disk is no directory to sync; name one by its path")
        return _local(fs._strip_protocol(os.path.expanduser(path)), "", {}, side)
    if _is_a(fs, "WebdavFileSystem"):
        from syncfs.endpoint.webdav import WebdavEndpoint

        return WebdavEndpoint(fs, path)
    from syncfs.endpoint.generic import GenericEndpoint
    from syncfs.endpoint.objects import knows_blobs, knows_calls

    family = family_of(fs)
    if family.needs_path and not str(fs._strip_protocol(path)).strip("/"):
        raise ConfigError(
            f"{side}: the root of {family.name}:// is no directory to sync; name a bucket or a directory"
        )
    if family.name == "s3" and knows_calls(fs):
        from syncfs.endpoint.s3 import S3Endpoint

        return S3Endpoint(fs, path)
    if family.name == "abfs" and knows_blobs(fs):
        from syncfs.endpoint.azure import AzureEndpoint

        return AzureEndpoint(fs, path)
    return GenericEndpoint(fs, path)


def _is_a(thing: object, name: str) -> bool:
    """Whether a thing is of this class of fsspec, webdav4 or upath, none of which is imported for it."""
    return any(
        cls.__name__ == name and cls.__module__.partition(".")[0] in ("fsspec", "webdav4", "upath")
        for cls in type(thing).__mro__
    )


def _joined(directory: str, path: str) -> str:
    return f"{directory.rstrip('/')}/{path.lstrip('/')}" if directory and path else directory or path


def _refuse_parents(path: str, side: str) -> None:
    if ".." in path.split("/"):
        raise ConfigError(f"{side}_path: {path!r} leads out of the place it is a path in")


def _from_environment(value: Any, side: str) -> Any:
    """Replace `env:NAME` by what the variable holds, at any depth."""
    if isinstance(value, Mapping):
        return {key: _from_environment(inner, side) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_from_environment(inner, side) for inner in value)
    if isinstance(value, str) and value.startswith("env:"):
        name = value.removeprefix("env:")
        found = os.environ.get(name)
        if found is None:
            raise ConfigError(
                f"{side}: the environment variable {name} is not set (an option says env:{name})"
            )
        return found
    return value
