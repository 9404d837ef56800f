"""The exceptions of the `webdavclient` family.

::

    WebDavException
    ├── NotValid
    │   ├── OptionNotValid
    │   └── CertificateNotValid
    ├── NotFound
    │   ├── LocalResourceNotFound
    │   ├── RemoteResourceNotFound
    │   └── RemoteParentNotFound
    ├── MethodNotSupported
    ├── ConnectionException
    ├── NoConnection
    │   └── NotConnection
    ├── ResponseErrorCode
    ├── NotEnoughSpace
    └── ResourceLocked

Names, arguments and attributes are those of `webdav3.exceptions`, so that code which catches or reads
them goes on working. `NotConnection` is below `NoConnection`: the two originals call the same thing by
either name. Some are never raised here, and are kept for the `except` clauses that name them. No message
holds a credential. They all pickle.
"""

from __future__ import annotations

__all__ = [
    "CertificateNotValid",
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


class WebDavException(Exception):
    """Base of all; raised itself where no other name fits."""


class NotValid(WebDavException):
    """An argument is wrong."""


class OptionNotValid(NotValid):
    """An option of the client is missing or wrong."""

    def __init__(self, name: str, value: object, ns: str = "") -> None:
        super().__init__(name, value, ns)
        self.name = name
        self.value = value
        self.ns = ns

    def __str__(self) -> str:
        return f"option {self.ns}{self.name} is not valid: {self.value!r}"


class CertificateNotValid(NotValid):
    """A certificate or its key cannot be used."""


class NotFound(WebDavException):
    """Something is missing."""


class LocalResourceNotFound(NotFound):
    """A local file or directory is missing."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"local file {self.path} not found"


class RemoteResourceNotFound(NotFound):
    """A remote file or directory is missing."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"remote resource {self.path} not found"


class RemoteParentNotFound(NotFound):
    """The directory above a remote path is missing."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"remote parent of {self.path} not found"


class MethodNotSupported(WebDavException):
    """The server does not do this."""

    def __init__(self, name: str, server: str) -> None:
        super().__init__(name, server)
        self.name = name
        self.server = server

    def __str__(self) -> str:
        return f"method {self.name} is not supported by {self.server}"


class ConnectionException(WebDavException):
    """The connection broke."""

    def __init__(self, exception: BaseException) -> None:
        super().__init__(exception)
        self.exception = exception

    def __str__(self) -> str:
        return str(self.exception)


class NoConnection(WebDavException):
    """The server cannot be reached."""

    def __init__(self, hostname: str) -> None:
        super().__init__(hostname)
        self.hostname = hostname

    def __str__(self) -> str:
        return f"no connection with {self.hostname}"


class NotConnection(NoConnection):
    """The server cannot be reached, by its other name."""


class ResponseErrorCode(WebDavException):
    """The server refused with a status that has no exception of its own."""

    def __init__(self, url: str, code: int, message: str) -> None:
        super().__init__(url, code, message)
        self.url = url
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"request to {self.url} failed with code {self.code}: {self.message}"


class NotEnoughSpace(WebDavException):
    """The receiving side is full."""

    def __init__(self) -> None:
        super().__init__()

    def __str__(self) -> str:
        return "not enough space on the receiving side"


class ResourceLocked(WebDavException):
    """Somebody has locked a remote path."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"resource {self.path} is locked"
