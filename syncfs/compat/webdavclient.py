"""The `webdavclient` family's way of moving whole directories, over `Syncer`.

::

    import syncfs.compat.webdavclient as wc

    client = wc.Client({"webdav_hostname": "https://nas/dav", "webdav_login": "ann", "webdav_password": "…"})
    client.push("docs", "~/docs")

Unlike the originals it converges (a second run moves nothing), moves contents whole or not at all, and
keeps the loser of a conflict beside the winner.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from syncfs.compat.exceptions import (
    CertificateNotValid,
    ConnectionException,
    LocalResourceNotFound,
    MethodNotSupported,
    NoConnection,
    NotConnection,
    NotEnoughSpace,
    NotFound,
    NotValid,
    OptionNotValid,
    RemoteParentNotFound,
    RemoteResourceNotFound,
    ResourceLocked,
    ResponseErrorCode,
    WebDavException,
)
from syncfs.endpoint.redact import redact
from syncfs.errors import ConfigError, EndpointUnavailableError, SyncfsError

if TYPE_CHECKING:
    from syncfs.endpoint.endpoint import Endpoint
    from syncfs.syncer import Syncer

__all__ = [
    "CertificateNotValid",
    "Client",
    "ConnectionException",
    "LocalResourceNotFound",
    "MethodNotSupported",
    "NoConnection",
    "NotConnection",
    "NotEnoughSpace",
    "NotFound",
    "NotValid",
    "OptionNotValid",
    "RemoteParentNotFound",
    "RemoteResourceNotFound",
    "ResourceLocked",
    "ResponseErrorCode",
    "WebDavException",
]

_SCHEMES = {"http": "webdav", "https": "webdavs"}
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Client:
    """A WebDAV account.

    Args:
        options: By the originals' names, with or without the prefix `webdav_`: `hostname` (a URL, needed),
            `root` (a path below it), `login` and `password`, or `token`; `cert_path`, `key_path`,
            `timeout` (seconds), `recv_speed`, `send_speed` (bytes a second, for pull and push). Other
            names are ignored, as the originals do.

    Attributes:
        verify: Whether the server's certificate is checked, or the path of a file of trusted ones.

    Raises:
        OptionNotValid: `hostname` is missing or no `http(s)://` URL.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.verify: bool | str = True
        given = {name.removeprefix("webdav_"): value for name, value in options.items() if value is not None}
        self._hostname = str(given.get("hostname", ""))
        try:
            parts = urlsplit(self._hostname)
            authority = f"{_SCHEMES[parts.scheme.lower()]}://{parts.netloc}"
        except (KeyError, ValueError):
            raise OptionNotValid("hostname", redact(self._hostname), "webdav_") from None
        if not parts.netloc:
            raise OptionNotValid("hostname", redact(self._hostname), "webdav_")
        # The hostname is a URL and quoted as such; the root is a path as people write it.
        self._base = f"{authority}{parts.path.rstrip('/')}{_quoted(str(given.get('root', '')))}"
        self._given = given

    def __repr__(self) -> str:
        return f"Client({redact(self._hostname)!r})"

    def push(self, remote_directory: str, local_directory: str) -> None:
        """Upload what is missing, newer or of another size; nothing is deleted.

        The last directory of the remote path is made if need be.

        Raises:
            LocalResourceNotFound: There is no local directory.
            RemoteParentNotFound: There is no directory to make the remote one in.
            WebDavException: Something was left undone; the rest was done.
        """
        with self._translated(remote_directory, local_directory):
            local = _existing(local_directory)
            self._make(remote_directory)
            syncer = self._syncer(
                remote_directory,
                local,
                compare="newer-or-size",
                on_conflict="src",
                bwlimit=self._given.get("send_speed"),
            )
            syncer.push().raise_for_problems()

    def pull(self, remote_directory: str, local_directory: str) -> None:
        """Download what is missing, newer or of another size; nothing is deleted.

        The last directory of the local path is made if need be.

        Raises:
            RemoteResourceNotFound: There is no remote directory.
            LocalResourceNotFound: There is no directory to make the local one in.
            WebDavException: Something was left undone; the rest was done.
        """
        with self._translated(remote_directory, local_directory):
            self._endpoint(remote_directory).check_root()
            local = os.path.expanduser(local_directory)
            if not os.path.isdir(local):
                if not os.path.isdir(os.path.dirname(os.path.abspath(local))):
                    raise LocalResourceNotFound(local_directory)
                os.mkdir(local)
            syncer = self._syncer(
                remote_directory,
                local,
                compare="newer-or-size",
                on_conflict="dst",
                bwlimit=self._given.get("recv_speed"),
            )
            syncer.pull().raise_for_problems()

    def sync(self, remote_directory: str, local_directory: str) -> None:
        """Do both; where both sides changed a file, the newer wins and the other is kept beside it.

        Raises:
            RemoteResourceNotFound: There is no remote directory.
            LocalResourceNotFound: There is no local directory.
            WebDavException: Something was left undone; the rest was done.
        """
        with self._translated(remote_directory, local_directory):
            local = _existing(local_directory)
            self._endpoint(remote_directory).check_root()
            syncer = self._syncer(remote_directory, local, delete="none", on_conflict="newer")
            syncer.sync().raise_for_problems()

    def check(self, remote_path: str = "/") -> bool:
        """Whether something exists at a remote path.

        Raises:
            NotConnection: The server cannot be reached.
            WebDavException: It does not say.
        """
        with self._translated(remote_path, ""):
            return self._endpoint("").stat(_relative(remote_path)) is not None

    def mkdir(self, remote_path: str) -> bool:
        """Make one remote directory; True, also when it is there already.

        Raises:
            RemoteParentNotFound: There is no directory to make it in.
            NotConnection: The server cannot be reached.
            WebDavException: It cannot be made.
        """
        with self._translated(remote_path, ""):
            if path := _relative(remote_path):
                try:
                    self._endpoint("").make_directory(path)
                except FileNotFoundError:
                    raise RemoteParentNotFound(remote_path) from None
        return True

    def _make(self, remote_directory: str) -> None:
        """Make sure that the remote directory is there."""
        endpoint = self._endpoint(remote_directory)
        try:
            endpoint.check_root()
        except EndpointUnavailableError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            self.mkdir(remote_directory)

    def _endpoint(self, remote_path: str) -> Endpoint:
        from syncfs.endpoint.resolve import resolve

        return resolve(self._url(remote_path), options=self._options(), side="dst")

    def _syncer(self, remote_path: str, local: str, **arguments: Any) -> Syncer:
        """Local first, whatever the direction, so that push, pull and sync share one state."""
        from syncfs.syncer import Syncer

        return Syncer(local, self._url(remote_path), dst_options=self._options(), **arguments)

    def _url(self, remote_path: str) -> str:
        return f"{self._base}{_quoted(remote_path)}"

    def _options(self) -> dict[str, Any]:
        """What the account's options are called here."""
        names = {"login": "username", "password": "password", "token": "token", "timeout": "timeout"}
        options = {ours: self._given[theirs] for theirs, ours in names.items() if theirs in self._given}
        if "cert_path" in self._given:
            certificate = [os.path.expanduser(self._given["cert_path"])]
            if "key_path" in self._given:
                certificate.append(os.path.expanduser(self._given["key_path"]))
            options["cert"] = certificate
        return options if self.verify is True else {**options, "verify": self.verify}

    @contextmanager
    def _translated(self, remote_path: str, local_path: str) -> Iterator[None]:
        """Turn what `Syncer` and endpoints raise into the exceptions of this module."""
        try:
            yield
        except WebDavException:
            raise
        except (SyncfsError, OSError) as error:
            raise self._translation(error, remote_path, local_path) from error

    def _translation(self, error: Exception, remote_path: str, local_path: str) -> WebDavException:
        causes = list(_causes(error))
        if any(isinstance(cause, OSError) and cause.errno in _FULL for cause in causes):
            return NotEnoughSpace()
        if isinstance(error, EndpointUnavailableError):
            missing = any(isinstance(cause, FileNotFoundError) for cause in causes)
            if missing and error.side == "src":
                return LocalResourceNotFound(local_path)
            if missing:
                return RemoteResourceNotFound(remote_path)
            if error.retryable:
                return NotConnection(redact(self._hostname))
        elif isinstance(error, ConnectionError | TimeoutError):
            return NotConnection(redact(self._hostname))
        elif isinstance(error, ConfigError):
            return NotValid(str(error))
        return WebDavException(str(error))


def _existing(local_directory: str) -> str:
    """A local directory that must be there."""
    local = os.path.expanduser(local_directory)
    if not os.path.isdir(local):
        raise LocalResourceNotFound(local_directory)
    return local


def _relative(remote_path: str) -> str:
    """A remote path as endpoints know it: without outer slashes, doubled ones and dots."""
    names = [name for name in remote_path.split("/") if name not in ("", ".")]
    if ".." in names:
        raise WebDavException(f"remote path {remote_path}: .. leads out of it; write the path without")
    return "/".join(names)


def _quoted(remote_path: str) -> str:
    """A remote path as the end of a URL, with its slash in front; empty for the root."""
    names = _relative(remote_path)
    return "/" + "/".join(quote(name, safe="") for name in names.split("/")) if names else ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
