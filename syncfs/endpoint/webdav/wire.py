"""The narrow seam through which every request goes."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from syncfs.endpoint.translate import translating
from syncfs.errors import PathError

if TYPE_CHECKING:
    import httpx

__all__ = ["HttpxWire", "Reply", "Wire"]

_DEFAULT_TIMEOUT_S = 5.0
"""httpx's own, for every operation: too short for a server that computes or a disk that spins up."""


class Reply(Protocol):
    """The reply to one request; to be closed.

    Attributes:
        status: The status code.
    """

    status: int

    def header(self, name: str) -> str | None:
        """One header, whatever its case; None when it is missing."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """The body as it arrives, once, undecoded, in pieces of a few ten KiB.

        Raises:
            ConnectionError: It broke off.
            TimeoutError: Nothing came for too long.
        """
        ...

    def close(self) -> None:
        """Let go: the connection is kept when the body was read to its end, else dropped."""
        ...


class Wire(Protocol):
    """Sends requests; used by many threads at once."""

    def send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None,
    ) -> Reply:
        """Send one request and wait for the head of its reply; redirects are not followed.

        Args:
            method: HTTP's or WebDAV's.
            target: The quoted path.
            headers: To be added to the client's own.
            body: Bytes; or pieces, sent as they come, with `Content-Length` among the headers.

        Raises:
            EndpointUnavailableError: The server's certificate is not trusted.
            ConnectionError: It cannot be reached, or hung up.
            TimeoutError: No answer in time.
        """
        ...


class HttpxWire:
    """Requests through the httpx client inside the user's webdav4 client.

    So its credentials, TLS settings, proxies, headers and event hooks hold.
    """

    def __init__(self, http: httpx.Client, origin: str, auth: httpx.Auth | None) -> None:
        """Wrap a client.

        Args:
            http: The client; it stays the user's and is never closed.
            origin: `scheme://host:port`, without userinfo: httpx logs URLs.
            auth: Credentials for a client that has none itself (they were in its URL); None otherwise.
        """
        import httpx

        self._http = http
        self._origin = origin
        self._auth: httpx.Auth | httpx._client.UseClientDefault = auth or httpx.USE_CLIENT_DEFAULT
        timeout = http.timeout
        if timeout == httpx.Timeout(_DEFAULT_TIMEOUT_S):
            timeout = httpx.Timeout(60.0, connect=10.0)
        self._timeout = timeout

    def send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None,
    ) -> Reply:
        """Send one request: see `Wire.send`."""
        from httpx import StreamConsumed

        with translating():
            request = self._http.build_request(
                method, self._origin + target, headers=headers, content=body, timeout=self._timeout
            )
            try:
                response = self._http.send(request, stream=True, auth=self._auth, follow_redirects=False)
            except StreamConsumed:
                # Digest: the server wants a fresh nonce, and the body went with the stale one.
                raise PathError(
                    "the server asked for the credentials again while a file was sent",
                    code=errno.EAGAIN,
                    retryable=True,
                ) from None
        return _HttpxReply(response)


class _HttpxReply:
    """A streamed httpx response."""

    __slots__ = ("_response", "status")

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status = response.status_code

    def header(self, name: str) -> str | None:
        value: str | None = self._response.headers.get(name)
        return value

    def pieces(self) -> Iterator[bytes]:
        pieces = self._response.iter_raw()
        while True:
            with translating():
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    def close(self) -> None:
        self._response.close()
