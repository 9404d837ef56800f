"""Requests through a user's httpx client, for what only httpx can do."""

from __future__ import annotations

import errno
import time
import weakref
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from syncfs.endpoint.translate import translating
from syncfs.endpoint.webdav.wire import (
    LEAST_BYTES,
    USER_AGENT,
    Body,
    Reply,
    Timeouts,
    announced_bytes,
    measured,
)
from syncfs.errors import PathError

if TYPE_CHECKING:
    import httpx

__all__ = ["HttpxWire", "timeouts_of"]

_DEFAULT_TIMEOUT_S = 5.0
"""httpx's own, for every operation: too short for a server that computes or a disk that spins up."""


def timeouts_of(timeout: httpx.Timeout) -> Timeouts | None:
    """What a client's times mean; None where they tell reading from writing."""
    import httpx

    if timeout == httpx.Timeout(_DEFAULT_TIMEOUT_S):
        return Timeouts()
    return Timeouts(timeout.connect, timeout.read) if timeout.read == timeout.write else None


class HttpxWire:
    """Requests through the httpx client inside the user's webdav4 client: see `Wire`.

    So its credentials, TLS settings, proxies, headers and event hooks hold.
    """

    def __init__(
        self, http: httpx.Client, origin: str, auth: httpx.Auth | None = None, *, owned: bool = False
    ) -> None:
        """Wrap a client.

        Args:
            http: The client.
            origin: `scheme://host:port`, without userinfo: httpx logs URLs.
            auth: Credentials for a client that has none itself (they were in its URL); None otherwise.
            owned: Whether to close the client with this wire; else it stays the user's.
        """
        import httpx

        self._http = http
        self._origin = origin
        self._auth: httpx.Auth | httpx._client.UseClientDefault = auth or httpx.USE_CLIENT_DEFAULT
        self._timeouts = timeouts_of(http.timeout)
        self._headers: dict[str, str] = {"Accept-Encoding": "identity"}
        if http.headers.get("User-Agent", "").startswith("python-httpx/"):
            self._headers["User-Agent"] = USER_AGENT
        if owned:
            weakref.finalize(self, http.close)

    def send(self, method: str, target: str, headers: Mapping[str, str], body: Body) -> Reply:
        """Send one request: see `Wire.send`."""
        import httpx

        with translating():
            announced = announced_bytes(headers, body)
            timeout = self._http.timeout
            if self._timeouts is not None:
                timeout = httpx.Timeout(
                    self._timeouts.operation_s,
                    connect=self._timeouts.connect_s,
                    read=self._timeouts.reply_s(announced or 0),
                )
            if body is not None and not isinstance(body, bytes):
                body = measured(body, announced or 0)
            request = self._http.build_request(
                method,
                self._origin + target,
                headers={**self._headers, **headers},
                content=body,
                timeout=timeout,
            )
            try:
                response = self._http.send(request, stream=True, auth=self._auth, follow_redirects=False)
            except httpx.StreamConsumed:
                # Digest: the server wants a fresh nonce, and the body went with the stale one.
                raise PathError(
                    "the server asked for the credentials again while a file was sent",
                    code=errno.EAGAIN,
                    retryable=True,
                ) from None
        return _HttpxReply(response, timeout.read)


class _HttpxReply:
    """A streamed httpx response."""

    __slots__ = ("_operation_s", "_response", "status")

    def __init__(self, response: httpx.Response, operation_s: float | None) -> None:
        self._response = response
        self._operation_s = operation_s
        self.status = response.status_code

    def header(self, name: str) -> str | None:
        value: str | None = self._response.headers.get(name)
        return value

    def pieces(self) -> Iterator[bytes]:
        pieces = self._response.iter_raw()
        waited_s, came_bytes = 0.0, 0
        while True:
            asked_s = time.monotonic()
            with translating():
                piece = next(pieces, None)
            if piece is None:
                return
            # httpx waits so long for each byte: a reply that comes byte by byte would never end.
            waited_s, came_bytes = waited_s + time.monotonic() - asked_s, came_bytes + len(piece)
            if came_bytes >= LEAST_BYTES:
                waited_s, came_bytes = 0.0, 0
            elif self._operation_s is not None and waited_s > self._operation_s:
                raise TimeoutError(errno.ETIMEDOUT, "no answer in time: it comes too slowly")
            yield piece

    def close(self) -> None:
        self._response.close()
