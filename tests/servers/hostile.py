"""A server that says whatever a test wants, byte by byte: for what no real server and no proxy would do.

    def answer(request: Asked) -> Answered:
        return reply(207, multistatus(SELF)) if request.method == "PROPFIND" else reply(404)

    with HostileServer(answer) as server: ...

It is meant for replies that break HTTP, XML or manners; all others belong to the real servers.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from tests.servers.http_stream import Stream, content_of
from tests.servers.listener import Listener

Answered = bytes | Iterable[bytes]
"""A whole reply with its head, or its pieces as they are made, which may be without end."""


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class HostileServer:
    """The running server: use it as a context manager.

    Attributes:
        url: Its root, `http://127.0.0.1:PORT/dav/`.
        asked: The requests so far.
        stopping: Set at the end, for answers that wait.

    Args:
        answer: Makes the reply to a request. The connection is kept, unless a reply says `Connection: close`.
    """

    def __init__(self, answer: Callable[[Asked], Answered]) -> None:
        self._answer = answer
        self.asked: list[Asked] = []
        self.stopping = threading.Event()
        self._listener = Listener(self.serve)
        self.port: int = self._listener.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/dav/"
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._listener.shutdown()
        self._thread.join(10)
        self._listener.server_close()

    def serve(self, connection: socket.socket) -> None:
        """Answer all that comes over one connection."""
        stream = Stream(connection)
        # The client ends what it does not like; what the server thinks of that is nobody's business.
        with contextlib.suppress(OSError), contextlib.closing(stream):
            while (head := stream.head()) is not None:
                method, target, _ = head.start
                # A client that takes this for a proxy names the whole address.
                path = target if target.startswith("/") else urlsplit(target).path
                asked = Asked(method, path, head.headers, content_of(stream.request_body(head)))
                self.asked.append(asked)
                answer = self._answer(asked)
                closes = False
                for piece in [answer] if isinstance(answer, bytes) else answer:
                    closes |= b"Connection: close" in piece[:4096]
                    stream.send(piece)
                    if self.stopping.is_set():
                        return
                if closes:
                    return


_PHRASES = {200: "OK", 201: "Created", 204: "No Content", 207: "Multi-Status", 404: "Not Found"}


def reply(status: int, body: bytes = b"", **headers: str) -> bytes:
    """A reply; `Content_Length` and all other headers can be given, with `_` for `-`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, 'Whatever')}"]
    given = {"Content-Length": str(len(body)), "Date": "Sun, 22 Nov 2026 14:30:05 GMT", **given}
    lines += [f"{name}: {value}" for name, value in given.items() if value]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def endless(head: bytes, pieces: Iterable[bytes]) -> Iterable[bytes]:
    """A chunked reply that goes on as long as `pieces` do."""
    yield head
    for piece in pieces:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


OPENING = b'<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">\n'
CLOSING = b"</D:multistatus>\n"
_OK = "<D:status>HTTP/1.1 200 OK</D:status>"


def folder(href: str) -> str:
    """A collection in a listing."""
    inside = f"<D:prop><D:resourcetype><D:collection/></D:resourcetype></D:prop>{_OK}"
    return f"<D:response><D:href>{href}</D:href><D:propstat>{inside}</D:propstat></D:response>\n"


def file(
    href: str, size: object = 5, etag: str = '"5-64a"', modified: str = "Sun, 22 Nov 2026 10:30:05 GMT"
) -> str:
    """A file in a listing."""
    inside = (
        f"<D:prop><D:resourcetype/><D:getcontentlength>{size}</D:getcontentlength>"
        f"<D:getlastmodified>{modified}</D:getlastmodified><D:getetag>{etag}</D:getetag></D:prop>{_OK}"
    )
    return f"<D:response><D:href>{href}</D:href><D:propstat>{inside}</D:propstat></D:response>\n"


def multistatus(*responses: str) -> bytes:
    """A whole listing."""
    return OPENING + "".join(responses).encode() + CLOSING
