"""Turn what third-party libraries raise into what an `Endpoint` may raise.

Exceptions are recognised by the names of their classes and modules, so that no library has to be
imported to say that it failed. Whatever is not recognised is left alone: it is a bug, and bugs are not
swallowed.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from syncfs.endpoint.redact import redact
from syncfs.errors import (
    EndpointUnavailableError,
    PathError,
    StaleEntryError,
    SyncfsError,
    UnsupportedNameError,
)

if TYPE_CHECKING:
    import ssl

__all__ = ["status_error", "translate", "translating"]

Maker = Callable[[BaseException, str, str], "OSError | None"]
"""Makes an exception of ours from (theirs, path, side); None when only its base class can tell."""

RETRYABLE_STATUS = frozenset({408, 423, 425, 429, 500, 502, 503, 504, 509})
"""Replies that may be other ones a little later (RFC 9110, 4918, 6585; 509 is Apache's and cPanel's)."""


@contextmanager
def translating(path: str = "", *, side: str = "") -> Iterator[None]:
    """Translate whatever the block raises.

    Args:
        path: The path relative to the root that the block is about; `""` for the root or none.
        side: `"src"` or `"dst"`; empty while it is not known.

    Raises:
        OSError: Translated from third-party exceptions, with `filename` set to `path`. `OSError` and
            `SyncfsError` of our own or of the system pass as they are, and so do all unknown ones.
    """
    try:
        yield
    except SyncfsError:
        raise
    except Exception as error:
        ours = translate(error, path, side=side)
        if ours is None:
            raise
        # Not `from error`: a library's message may hold the whole URL with its password, and a traceback
        # prints every cause.
        raise ours from None


def translate(error: BaseException, path: str = "", *, side: str = "") -> OSError | None:
    """Return what to raise instead of `error`; None when it is to pass as it is."""
    if isinstance(error, SyncfsError):
        return None
    if type(error) in (OSError, RuntimeError) and error.__cause__ is not None:
        # s3fs and adlfs make one of what the library below raised, which says more.
        return translate(error.__cause__, path, side=side)
    for cls in type(error).__mro__:
        make = _KNOWN.get(f"{cls.__module__.partition('.')[0]}.{cls.__name__}")
        if make is not None and (ours := make(error, path, side)) is not None:
            return ours
    return None


def status_error(
    status: int,
    *,
    path: str = "",
    side: str = "",
    reason: str = "",
    retry_after_s: float | None = None,
) -> OSError:
    """The exception that stands for an HTTP status of 300 or more.

    Args:
        status: The reply's status code.
        path: The path relative to the root.
        side: `"src"` or `"dst"`; empty while it is not known.
        reason: What was attempted, put before the status: "cannot list", say.
        retry_after_s: What the reply's Retry-After asked for.
    """
    what = f"{reason or 'the server refused'}: status {status}"
    if status in (401, 407):
        return EndpointUnavailableError(f"{what}: the credentials are missing or not accepted", side=side)
    if status == 403:
        return PermissionError(errno.EACCES, f"{what} (forbidden)", path)
    if status in (404, 410):
        return FileNotFoundError(errno.ENOENT, f"{what} (not found)", path)
    if status == 412:
        return StaleEntryError(f"{what}: it changed on the server", path=path, side=side)
    if status == 413:
        return PathError(
            f"{what}: the server does not take files of this size", path=path, side=side, code=errno.EFBIG
        )
    if status == 507:
        return OSError(errno.ENOSPC, f"{what}: no space left on the server", path)
    return PathError(
        what,
        path=path,
        side=side,
        retryable=status in RETRYABLE_STATUS,
        retry_after_s=retry_after_s,
    )


def _said(error: BaseException) -> str:
    """The library's own words on one line, without secrets; its class's name when it said nothing."""
    text = " ".join(redact(str(error)).split())
    return text[:300] if text else type(error).__name__


def _cause(error: BaseException) -> OSError | None:
    """The system's own error at the bottom of what a library raised."""
    seen: set[int] = set()
    inner: BaseException | None = error
    found: OSError | None = None
    while inner is not None and id(inner) not in seen:
        seen.add(id(inner))
        if isinstance(inner, OSError) and type(inner).__module__ in ("builtins", "ssl", "socket"):
            found = inner
        inner = inner.__cause__ or inner.__context__  # httpcore raises `from None`
    return found


def _connection(error: BaseException, path: str, side: str) -> OSError:
    cause = _cause(error)
    if cause is not None and _is_raised_by(cause, "ssl", "SSLCertVerificationError"):
        why = getattr(cause, "verify_message", "") or _said(cause)
        return EndpointUnavailableError(f"the server's certificate is not trusted: {why}", side=side)
    if cause is not None and _is_raised_by(cause, "ssl", "SSLError"):
        # Its number is the library's, not the system's.
        return _tls(cast("ssl.SSLError", cause), path, side)
    if _is_raised_by(cause, "socket", "gaierror"):
        return ConnectionError(errno.EHOSTUNREACH, "the host's name cannot be resolved", path)
    code = cause.errno if cause is not None and cause.errno else errno.ECONNRESET
    words = os.strerror(code) if cause is not None and cause.errno else _said(error)
    return ConnectionError(code, f"the connection failed: {words}", path)


def _tls(error: ssl.SSLError, path: str, side: str) -> OSError:
    """What a TLS library says when the connection is not as both sides want it."""
    reason = (error.reason or "").replace("_", " ").lower()
    if "certificate required" in reason or "handshake failure" in reason:
        return EndpointUnavailableError(
            f"the server refuses the connection ({reason}): it may want a certificate of ours, given as cert",
            side=side,
        )
    if "certificate" in reason or "unknown ca" in reason:
        return EndpointUnavailableError(f"the server does not accept our certificate ({reason})", side=side)
    if "wrong version number" in reason:
        return EndpointUnavailableError("the server does not speak TLS there: use webdav://", side=side)
    return ConnectionError(errno.ECONNRESET, f"the connection failed: TLS: {reason or _said(error)}", path)


def _timeout(error: BaseException, path: str, side: str) -> OSError:
    return TimeoutError(errno.ETIMEDOUT, f"no answer in time ({type(error).__name__})", path)


def _nameless_timeout(error: BaseException, path: str, side: str) -> OSError | None:
    """A socket's own carries no error number, and so says nothing to whoever reads `strerror`."""
    return None if isinstance(error, OSError) and error.errno else _timeout(error, path, side)


def _missing(error: BaseException, path: str, side: str) -> OSError:
    return FileNotFoundError(errno.ENOENT, "not found", path)


def _exists(error: BaseException, path: str, side: str) -> OSError:
    return FileExistsError(errno.EEXIST, "something is there already", path)


def _forbidden(error: BaseException, path: str, side: str) -> OSError:
    return PermissionError(errno.EACCES, f"refused: {_said(error)}", path)


def _no_space(error: BaseException, path: str, side: str) -> OSError:
    return OSError(errno.ENOSPC, "no space left on the other side", path)


def _credentials(error: BaseException, path: str, side: str) -> OSError:
    return EndpointUnavailableError(f"the credentials are missing or not accepted: {_said(error)}", side=side)


def _bad_name(error: BaseException, path: str, side: str) -> OSError:
    return UnsupportedNameError(f"the name cannot be sent: {_said(error)}", path=path, side=side)


def _stale(error: BaseException, path: str, side: str) -> OSError:
    return StaleEntryError("it changed on the server", path=path, side=side)


def _failed(error: BaseException, path: str, side: str) -> OSError:
    return PathError(f"{type(error).__name__}: {_said(error)}", path=path, side=side)


def _cannot(error: BaseException, path: str, side: str) -> OSError:
    """How fsspec says that a filesystem is read-only or lacks an operation."""
    return PathError("this filesystem cannot do that", path=path, side=side, code=errno.ENOTSUP)


def _retryable(error: BaseException, path: str, side: str) -> OSError:
    return PathError(f"{type(error).__name__}: {_said(error)}", path=path, side=side, retryable=True)


def _by_status(error: BaseException, path: str, side: str) -> OSError | None:
    """Judge by the status that the exception or its response carries; None when there is none."""
    response = getattr(error, "response", None)
    for holder, name in (
        (error, "status_code"),
        (error, "status"),
        (error, "code"),
        (response, "status_code"),
    ):
        status = getattr(holder, name, None)
        if isinstance(status, str) and status.isdecimal():
            status = int(status)
        if isinstance(status, int) and 300 <= status <= 599:
            return status_error(status, path=path, side=side)
    return None


def _botocore(error: BaseException, path: str, side: str) -> OSError:
    """`ClientError.response` is a mapping (botocore, exceptions.py)."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return _failed(error, path, side)
    code = str(response.get("Error", {}).get("Code", ""))
    if code in ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"):
        return _credentials(error, path, side)
    if code in ("PreconditionFailed", "ConditionalRequestConflict"):
        return _stale(error, path, side)
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if isinstance(status, int) and status >= 300:
        return status_error(status, path=path, side=side, reason=f"the object store refused ({code})")
    return _failed(error, path, side)


def _azure(error: BaseException, path: str, side: str) -> OSError | None:
    """`error_code` is the service's own word (REST reference, Blob service error codes)."""
    code = getattr(error, "error_code", None) or ""
    code = str(getattr(code, "value", code))  # some are an enum's members
    if code in ("InvalidBlockList", "TargetConditionNotMet", "SourceConditionNotMet"):
        return _stale(error, path, side)  # somebody's blob took the place of our blocks
    if code.startswith("Lease"):
        return PathError("another one holds a lease on it", path=path, side=side, retryable=True)
    if code in ("InvalidUri", "InvalidResourceName", "RequestUrlFailedToParse"):
        return _bad_name(error, path, side)
    return _by_status(error, path, side)


def _azure_exists(error: BaseException, path: str, side: str) -> OSError:
    """409 is said of a name that is taken, but also of what snapshots or a pending copy forbid."""
    code = getattr(error, "error_code", None) or "AlreadyExists"
    return _exists(error, path, side) if str(code).endswith("AlreadyExists") else _failed(error, path, side)


def _ftp(error: BaseException, path: str, side: str) -> OSError:
    """A reply of FTP: RFC 959 section 4.2, and 552 for a quota."""
    code = str(error)[:3]
    if code == "530":
        return _credentials(error, path, side)
    if code in ("452", "552"):
        return _no_space(error, path, side)
    if code == "553":
        return _bad_name(error, path, side)
    # 550 is said of a missing file and of a forbidden one alike: neither may be concluded from it.
    return _retryable(error, path, side) if code.startswith("4") else _failed(error, path, side)


_KNOWN: dict[str, Maker] = {
    "httpx.ConnectError": _connection,
    "httpx.TimeoutException": _timeout,
    "httpx.NetworkError": _connection,
    "httpx.ProxyError": _connection,
    "httpx.RemoteProtocolError": _connection,
    "httpx.HTTPStatusError": _by_status,
    "httpx.InvalidURL": _bad_name,
    "httpx.HTTPError": _failed,
    "httpcore.TimeoutException": _timeout,
    "httpcore.NetworkError": _connection,
    "httpcore.RemoteProtocolError": _connection,
    "httpcore.ProtocolError": _failed,
    "webdav4.ResourceNotFound": _missing,
    "webdav4.ResourceAlreadyExists": _exists,
    "webdav4.ForbiddenOperation": _forbidden,
    "webdav4.InsufficientStorage": _no_space,
    "webdav4.ResourceLocked": _retryable,
    "webdav4.BadGatewayError": _retryable,
    "webdav4.HTTPError": _by_status,
    "webdav4.ClientError": _failed,
    "aiohttp.ClientResponseError": _by_status,
    "aiohttp.ServerTimeoutError": _timeout,
    "aiohttp.ClientConnectionError": _connection,
    "aiohttp.InvalidURL": _bad_name,
    "aiohttp.ClientError": _connection,
    "requests.HTTPError": _by_status,
    "requests.Timeout": _timeout,
    "requests.ConnectionError": _connection,
    "requests.RequestException": _failed,
    "urllib3.HTTPError": _connection,
    "botocore.NoCredentialsError": _credentials,
    "botocore.PartialCredentialsError": _credentials,
    "botocore.ClientError": _botocore,
    "botocore.ReadTimeoutError": _timeout,
    "botocore.ConnectTimeoutError": _timeout,
    "botocore.HTTPClientError": _connection,
    "botocore.BotoCoreError": _failed,
    "gcsfs.HttpError": _by_status,
    "google.DefaultCredentialsError": _credentials,
    "google.RefreshError": _credentials,
    "google.TransportError": _connection,
    "azure.ResourceNotFoundError": _missing,
    "azure.ResourceExistsError": _azure_exists,
    "azure.ResourceModifiedError": _stale,
    "azure.ClientAuthenticationError": _credentials,
    "azure.HttpResponseError": _azure,
    "azure.ServiceRequestError": _connection,
    "azure.ServiceResponseError": _connection,
    "azure.AzureError": _failed,
    "paramiko.AuthenticationException": _credentials,
    "paramiko.BadHostKeyException": _credentials,
    "paramiko.SSHException": _connection,
    "asyncssh.PermissionDenied": _credentials,
    "asyncssh.SFTPNoSuchFile": _missing,
    "asyncssh.SFTPPermissionDenied": _forbidden,
    "asyncssh.SFTPError": _failed,
    "asyncssh.Error": _connection,
    "smbprotocol.LogonFailure": _credentials,
    "smbprotocol.SMBAuthenticationError": _credentials,
    "smbprotocol.SMBConnectionClosed": _connection,
    "smbprotocol.SMBException": _failed,
    "ftplib.Error": _ftp,
    "http.HTTPException": _connection,
    "zipfile.BadZipFile": _failed,
    "tarfile.TarError": _failed,
    "ssl.SSLError": _connection,
    "socket.gaierror": _connection,
    "builtins.TimeoutError": _nameless_timeout,
    "builtins.EOFError": _connection,
    "builtins.NotImplementedError": _cannot,
    "builtins.UnicodeEncodeError": _bad_name,
}
"""`top-level module.class` of what is recognised; the most derived class that is here decides."""


def _is_raised_by(error: BaseException | None, module: str, name: str) -> bool:
    """Whether it is an exception of a module that may not be imported: then nobody can have raised it."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(error, getattr(loaded, name))
