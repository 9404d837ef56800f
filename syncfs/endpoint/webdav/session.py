"""Requests and replies with what holds for all of them: retries, redirects, the clock, the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar
from urllib.parse import quote, unquote, urlsplit

from syncfs.endpoint.patience import repeated
from syncfs.endpoint.translate import status_error
from syncfs.endpoint.webdav.clock import Clock, parse_http_date
from syncfs.endpoint.webdav.location import Location, quoted
from syncfs.endpoint.webdav.wire import Body, Reply, Wire, drain
from syncfs.errors import EndpointUnavailableError, PathError, UnsupportedNameError

__all__ = ["Answer", "Session", "drain", "refusal", "retry_after_s"]

T = TypeVar("T")

_log = logging.getLogger("syncfs")

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 3


class Answer(NamedTuple):
    """A reply whose body was of no interest.

    Attributes:
        status: The status code.
        etag: The `ETag` header, as it came.
        retry_after_s: What `Retry-After` asked for, in seconds from now; None when it did not.
    """

    status: int
    etag: str | None
    retry_after_s: float | None


class Session:
    """One endpoint's conversation with its server; used by many threads at once."""

    def __init__(self, wire: Wire, location: Location) -> None:
        self._wire = wire
        self._location = location
        self.clock = Clock()
        self.unsafe_in_paths: Callable[[], Iterable[str]] = lambda: "\n"
        """Characters in paths below the root that no request may be sent with: see `Profile`."""

    def send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Body = None,
    ) -> tuple[Reply, str]:
        """Send one request; the reply is to be closed.

        A redirect within the origin is followed for PROPFIND and GET, which change nothing.

        Returns:
            The reply, and the target that gave it (another one after a redirect).

        Raises:
            EndpointUnavailableError: The credentials are refused.
            PathError: It is redirected where we must not go.
            ConnectionError: It cannot be reached, or hung up.
            TimeoutError: No answer in time.
        """
        for _ in range(_MAX_REDIRECTS + 1):
            reply = self._send_once(method, target, headers, body)
            if reply.status in (401, 407):
                reply.close()
                raise EndpointUnavailableError(
                    f"{self._location.url} refused the credentials (status {reply.status}): "
                    "give or check the user's name and the password, or the token"
                )
            if reply.status not in _REDIRECTS or method not in ("PROPFIND", "GET"):
                return reply, target
            to = reply.header("Location") or ""
            reply.close()
            target = self._redirected(to, reply.status)
        raise PathError(f"the server redirects {method} in a circle", retryable=False)

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Body = None,
    ) -> Answer:
        """Send one request whose reply's body does not matter."""
        reply, _ = self.send(method, target, headers, body)
        try:
            asked_s = retry_after_s(reply) if reply.status >= 400 else None
            answer = Answer(reply.status, reply.header("ETag"), asked_s)
            drain(reply)
        finally:
            reply.close()
        return answer

    def repeat(self, call: Callable[[], T]) -> T:
        """Do what changes nothing when it is done twice, until it succeeds or patience ends."""
        return repeated(call)

    def _send_once(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Body,
    ) -> Reply:
        self._demand_safe(target, headers.get("Destination", ""))
        before_ns = time.time_ns()
        try:
            reply = self._wire.send(method, target, headers, body)
        except OSError as error:
            _log.debug("%s %s failed: %s", method, target, type(error).__name__)
            raise
        after_ns = time.time_ns()
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug("%s %s %d %.1f ms", method, target, reply.status, (after_ns - before_ns) / 1e6)
        date_s = parse_http_date(reply.header("Date") or "")
        if date_s is not None:
            self.clock.observe(date_s, before_ns, after_ns)
        return reply

    def _demand_safe(self, *addresses: str) -> None:
        """Here, where every request passes: some servers take such an address for another one's.

        Raises:
            UnsupportedNameError: It holds one.
        """
        root = self._location.root
        for character in self.unsafe_in_paths():
            for address in addresses:
                _, _, below = address.partition(root)
                if quoted(character) in below:
                    path = unquote(below)
                    raise UnsupportedNameError(
                        f"{path!r} is left alone: a server of this kind may take what stands below it for "
                        f"something else, because of the {character!r}; rename it",
                        path=path,
                    )

    def _redirected(self, to: str, status: int) -> str:
        """The new target, where following leads to nobody else and repeats nothing."""
        location = self._location
        is_absolute = "://" in to or to.startswith("//")
        if is_absolute and not location.is_same_origin(to):
            place, hint = _elsewhere(to, location)
            raise PathError(f"the server sends us to {place} (status {status}); {hint}")
        try:
            path = urlsplit(to).path
        except ValueError:
            path = ""
        if not path.startswith("/"):
            raise PathError(f"the server redirects to nowhere (status {status})")
        # As it is where it is quoted already; what no target may hold is quoted now.
        return quote(path, safe="/%:@!$&'()*+,;=~", encoding="latin-1", errors="replace")


def _elsewhere(to: str, location: Location) -> tuple[str, str]:
    """Where a redirect to another origin leads, without path and userinfo; and what to do about it."""
    try:
        scheme, host = urlsplit(to).scheme, urlsplit(to).hostname
    except ValueError:
        scheme, host = "", None
    if scheme == "https" and host == location.host:
        return f"https://{host}", f"use webdavs://{host}"
    place = f"{scheme}://{host or 'another host'}".removeprefix("://")
    return place[:200], "if that is right, use its address"


def refusal(answer: Answer, what: str, path: str) -> OSError:
    """The exception for a status that nobody expected.

    Args:
        answer: The reply.
        what: What was attempted: `"cannot write"`.
        path: Relative to the root.
    """
    status = answer.status
    if status < 300:
        return PathError(f"{what} {path!r}: the server answered {status}", path=path)
    if status in _REDIRECTS:
        return PathError(f"{what} {path!r}: the server redirects it (status {status})", path=path)
    return status_error(status, path=path, reason=f"{what} {path!r}", retry_after_s=answer.retry_after_s)


def retry_after_s(reply: Reply) -> float | None:
    """`Retry-After` as seconds or as a date (RFC 9110, section 10.2.3)."""
    text = reply.header("Retry-After")
    if text is None:
        return None
    if text.isascii() and text.strip().isdigit():
        return float(text)
    then_s, now_s = parse_http_date(text), parse_http_date(reply.header("Date") or "")
    return max(0.0, float(then_s - now_s)) if then_s is not None and now_s is not None else None
