"""The filesystem of `nextcloud(s)://` URLs: webdav4's, where a user's files are."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Generator
from ipaddress import ip_address
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlsplit

import httpx
from webdav4.fsspec import WebdavFileSystem

from syncfs.endpoint.webdav.credentials import find_credentials
from syncfs.errors import ConfigError

__all__ = ["CHUNK_BYTES", "NextcloudFileSystem"]

CHUNK_BYTES = 10 << 20
LEAST_CHUNK_BYTES, MOST_CHUNK_BYTES = 5 << 20, 5 << 30
"""What a server takes (developer manual, Chunked file upload)."""

_log = logging.getLogger("syncfs.nextcloud")


class NextcloudFileSystem(WebdavFileSystem):
    """A user's files on a Nextcloud or ownCloud server.

    Args:
        base_url: The server, or the address of a user's files as its web interface shows it
            (`https://cloud.example.org/remote.php/dav/files/me`).
        username: Who logs in; also names the files, unless `base_url` does.
        password: Best an app password. Otherwise it is looked for in the keyring and in netrc.
        token: Sent as a Bearer token, instead of a password.
        chunk_bytes: The size of one request of a chunked upload: 5 MiB to 5 GiB. A file is at most
            10,000 of these.
        cache: The file in which listings are remembered; None for `nextcloud.sqlite` in the user's cache
            directory or in `SYNCFS_CACHE_DIR`; empty: none.
        client_options: What webdav4 takes besides: `verify`, `timeout`, `headers` ...

    Raises:
        ConfigError: Nobody says whose files, or the size of a chunk is none.
    """

    protocol: ClassVar[Any] = ("nextcloud", "nextclouds")
    cachable = False  # it holds credentials, and is made once a run

    def __init__(
        self,
        base_url: str,
        *,
        username: str | None = None,
        password: str | None = None,
        token: str | None = None,
        chunk_bytes: int | str = CHUNK_BYTES,
        cache: str | None = None,
        **client_options: Any,
    ) -> None:
        parts = urlsplit(base_url)
        given = {
            "username": username,
            "password": password,
            "token": token,
            "auth": client_options.pop("auth", None),
        }
        found = find_credentials(parts.hostname or "", None, None, given, side="nextcloud")
        if username is None and isinstance(found.auth, tuple):
            username = found.auth[0]
        try:
            self.chunk_bytes = int(chunk_bytes)
        except ValueError:
            raise ConfigError("nextcloud: chunk_bytes must be a number of bytes") from None
        if not LEAST_CHUNK_BYTES <= self.chunk_bytes <= MOST_CHUNK_BYTES:
            raise ConfigError("nextcloud: chunk_bytes must be at least 5 MiB and at most 5 GiB")
        self.cache = cache
        if "/remote.php/" not in f"{parts.path}/":
            if not username:
                raise ConfigError("nextcloud: name the user: nextclouds://USER@HOST/DIRECTORY")
            base_url = f"{base_url.rstrip('/')}/remote.php/dav/files/{quote(username, safe='')}"
        if parts.scheme == "http" and not found.is_empty and not _is_loopback(parts.hostname or ""):
            _log.warning("the credentials for %s travel unencrypted; use nextclouds://", parts.hostname)
        auth = found.auth if found.token is None else _Bearer(found.token)
        super().__init__(base_url, auth=auth, **client_options)
        weakref.finalize(self, self.client.http.close)

    @classmethod
    def _get_kwargs_from_urls(cls, url: str) -> dict[str, Any]:
        parts = urlsplit(url)
        if not parts.hostname:
            raise ConfigError("the URL names no host; write nextclouds://USER@HOST/DIRECTORY")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        port = f":{parts.port}" if parts.port is not None else ""
        scheme = "https" if parts.scheme.lower() == "nextclouds" else "http"
        given = {"base_url": f"{scheme}://{host}{port}{_split_path(parts.path)[0]}"}
        if parts.username:
            given["username"] = unquote(parts.username)
        if parts.password is not None:
            given["password"] = unquote(parts.password)
        return given

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        """The path inside a user's files; a URL's is percent-decoded."""
        scheme, separator, _ = path.partition("://")
        if separator and scheme.lower() in ("nextcloud", "nextclouds"):
            return unquote(_split_path(urlsplit(path).path)[1], errors="surrogateescape").strip("/")
        return str(super()._strip_protocol(path))


class _Bearer(httpx.Auth):
    """Sends a token."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token()}"
        yield request


def _split_path(path: str) -> tuple[str, str]:
    """The address of a user's files, if a URL's path spells it out, and what comes below it."""
    head, found, rest = path.partition("/remote.php/")
    if not found:
        return "", path
    names = rest.split("/")
    # remote.php/dav/files/USER/..., or the older remote.php/webdav/...
    count = 1 if names[0] == "webdav" else 3
    return f"{head}{found}{'/'.join(names[:count])}", "/".join(names[count:])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
