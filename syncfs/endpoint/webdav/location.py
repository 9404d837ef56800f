"""Where a root is on the web, and how every path below it is spelled in a request."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, unquote, urlsplit

from syncfs.core.paths import name_problem
from syncfs.errors import UnsupportedNameError

__all__ = ["Location", "decoded_segments", "host_text", "quoted"]

_DEFAULT_PORTS = {"http": 80, "https": 443}


def quoted(name: str) -> str:
    """Percent-encode one name for a URL's path; bytes that are no UTF-8 survive as they came.

    >>> quoted("50%#?.txt")
    '50%25%23%3F.txt'
    """
    return quote(name, safe="", errors="surrogateescape")


def decoded_segments(path: str) -> tuple[str, ...]:
    """Split a URL's path and decode every segment exactly once.

    >>> decoded_segments("/dav/a%2541b/")
    ('dav', 'a%41b')
    """
    stripped = path.removeprefix("/").removesuffix("/")
    if not stripped:
        return ()
    return tuple(unquote(part, errors="surrogateescape") for part in stripped.split("/"))


def host_text(host: str) -> str:
    """A host as a URL spells it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


@dataclass(frozen=True, kw_only=True)
class Location:
    """The root of a WebDAV endpoint.

    Attributes:
        scheme: `http` or `https`.
        host: Lower case; an IPv6 address without brackets.
        port: None when it is the scheme's own.
        user: The user's name; None when nobody is logged in or the name cannot be known.
        segments: The root's path, decoded.
    """

    scheme: str
    host: str
    port: int | None
    user: str | None
    segments: tuple[str, ...]

    @classmethod
    def parse(cls, base_url: str, path: str, user: str | None) -> Location:
        """Take a base URL apart, leave its userinfo out, and append a decoded path."""
        parts = urlsplit(base_url)
        scheme = parts.scheme.lower()
        port = parts.port
        return cls(
            scheme=scheme,
            host=(parts.hostname or "").lower(),
            port=None if port == _DEFAULT_PORTS.get(scheme) else port,
            user=user,
            segments=(
                *(part for part in decoded_segments(parts.path) if part),
                *(name for name in path.split("/") if name),
            ),
        )

    @cached_property
    def authority(self) -> str:
        """Host and port, without the user."""
        return host_text(self.host) + (f":{self.port}" if self.port is not None else "")

    @cached_property
    def origin(self) -> str:
        """Scheme, host and port: `http://host:8080`."""
        return f"{self.scheme}://{self.authority}"

    @cached_property
    def root(self) -> str:
        """The root as a request's target, with the slash of a collection."""
        return "/" + "".join(quoted(part) + "/" for part in self.segments)

    @cached_property
    def url(self) -> str:
        """The root as users write it: `webdavs://user@host/dav/docs`; never a password."""
        scheme = "webdavs" if self.scheme == "https" else "webdav"
        user = f"{quoted(self.user)}@" if self.user else ""
        return f"{scheme}://{user}{self.authority}{self.root.rstrip('/') or '/'}"

    def target(self, path: str, *, collection: bool = False) -> str:
        """The request target of a path below the root.

        Args:
            path: Relative, decoded; `""` is the root.
            collection: Whether to end it in a slash: nginx wants that for every collection, and stock
                Apache redirects without it.

        Raises:
            UnsupportedNameError: It could lead out of the root, or is no path.
        """
        if not path:
            return self.root if collection else self.root.removesuffix("/") or "/"
        for name in path.split("/"):
            if (problem := name_problem(name)) is not None:
                raise UnsupportedNameError(f"{path!r}: {name!r} {problem}", path=path)
        # Names hold no "/", so quoting the whole path spares a loop.
        below = quote(path, safe="/", errors="surrogateescape")
        return f"{self.root}{below}/" if collection else self.root + below

    def absolute(self, path: str, *, collection: bool = False) -> str:
        """The same as a whole URL: Apache answers 400 to a `Destination` that is a bare path."""
        return self.origin + self.target(path, collection=collection)

    def is_same_origin(self, url: str) -> bool:
        """Whether an absolute URL names this scheme, host and port."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        default = _DEFAULT_PORTS.get(self.scheme)
        return (parts.scheme.lower(), (parts.hostname or "").lower(), port or default) == (
            self.scheme,
            self.host,
            self.port or default,
        )
