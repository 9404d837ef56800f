"""One request through the proxy, with what a fault makes of it."""

import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus

from tests.servers.faults import (
    Action,
    Corrupt,
    CutHead,
    CutReply,
    CutRequest,
    Delay,
    DropAfter,
    DropBefore,
    Meanwhile,
    Repeat,
    ReplaceBody,
    Reply,
)
from tests.servers.http_stream import Head, Piece, Stream, content_of, cut
from tests.servers.server import Request


class Exchange:
    """One request and its reply.

    Attributes:
        ends: Whether the connection must end after it.
    """

    def __init__(
        self,
        client: Stream,
        head: Head,
        action: Action | None,
        record: Callable[[Request], object],
        stopping: threading.Event,
    ) -> None:
        self.client, self.head, self.action = client, head, action
        self._record, self._stopping = record, stopping
        self.method, self.path, _ = head.start
        self.ends = head.closes
        self._recorded = False
        self._body: Iterator[Piece] | None = None

    def record(self, status: int) -> None:
        """Put it on the proxy's list, once; before the client can see the reply, so that counts are exact."""
        if not self._recorded:
            self._recorded = True
            self._record(Request(self.method, self.path, status, self.head.headers.get("depth")))

    def reaches_the_server(self) -> bool:
        """Do what comes before the server's turn; whether it gets one."""
        match self.action:
            case DropBefore():
                self.ends = True
                return False
            case Reply():
                self._reply(self.action)
                return False
            case Delay(seconds):
                self._stopping.wait(seconds)
            case Meanwhile(call, after=False):
                call()
        return True

    def _reply(self, reply: Reply) -> None:
        if self._waits_for_continue:
            self.ends = True
        else:
            # To answer before the body has come is allowed, but not every client would read the answer.
            for _piece in self.client.request_body(self.head):
                pass
        self._send(reply.status, dict(reply.headers), reply.body)

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        known = {entry.value: entry.phrase for entry in HTTPStatus}
        headers.setdefault("Content-Length", str(len(body)))
        lines = [f"HTTP/1.1 {status} {known.get(status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.record(status)
        self.client.send("\r\n".join([*lines, "", ""]).encode("latin-1"))
        self.client.send(b"" if self.method == "HEAD" else body)

    @property
    def _waits_for_continue(self) -> bool:
        return self.head.headers.get("expect", "").lower() == "100-continue"

    def forward(self, upstream: Stream, connect: Callable[[], Stream]) -> None:
        """Pass the request to the server and its reply to the client.

        Args:
            upstream: The connection to the server that belongs to the client's.
            connect: Makes another, whose end somebody else sees to.
        """
        if isinstance(self.action, Repeat) and not self._waits_for_continue:
            self._repeat(connect)
        upstream.send(self.head.raw)
        early = self._interim(upstream) if self._waits_for_continue else None
        if early is None:
            self._forward_body(upstream)
            if isinstance(self.action, CutRequest):
                self.ends = True
                return
            early = self._interim(upstream)
            while early is None:
                early = self._interim(upstream)
        else:
            # A final answer instead of "100 Continue": whether the client still sends its body is up to the
            # client.
            self.ends = True
        self._forward_reply(upstream, early)

    def _repeat(self, connect: Callable[[], Stream]) -> None:
        """Let the server act on the request once, on a connection of its own; its reply goes nowhere."""
        body = list(self.client.request_body(self.head))
        elsewhere = connect()
        elsewhere.send(self.head.raw)
        for data, _content in body:
            elsewhere.send(data)
        while (reply := elsewhere.head()) is not None:
            if reply.status >= 200:
                content_of(elsewhere.reply_body(reply, self.method))
                break
        elsewhere.close()
        self._body = iter(body)

    def _interim(self, upstream: Stream) -> Head | None:
        """Read one head of the server's; pass on an interim one and return None, return a final one."""
        reply = upstream.head()
        if reply is None:
            raise ConnectionError("the server ended the connection without a reply")
        if reply.status >= 200:
            return reply
        self.client.send(reply.raw)
        return None

    def _forward_body(self, upstream: Stream) -> None:
        body = self.client.request_body(self.head) if self._body is None else self._body
        if isinstance(self.action, CutRequest):
            body = cut(body, self.action.after_bytes)
        for data, _content in body:
            try:
                upstream.send(data)
            except OSError:
                # The server has had enough; what it said before it closed is still there to be read.
                self.ends = True
                return

    def _forward_reply(self, upstream: Stream, reply: Head) -> None:
        body = upstream.reply_body(reply, self.method)
        self.ends |= reply.closes
        match self.action:
            case DropAfter():
                content_of(body)
                self.ends = True
                return
            case CutHead(after_bytes):
                content_of(body)
                self.ends = True
                self.client.send(reply.raw[: min(after_bytes, len(reply.raw) - 1)])
                return
            case ReplaceBody():
                self._replace(reply, content_of(body), self.action)
                return
            case Corrupt() if self.method != "HEAD":
                self._replace(reply, content_of(body), ReplaceBody(self.action))
                return
            case CutReply(after_bytes):
                body = cut(body, after_bytes)
                self.ends = True
            case Meanwhile(call, after=True):
                call()
        self.record(reply.status)
        self.client.send(reply.raw)
        for data, _content in body:
            self.client.send(data)
        # A body without an announced length ends with the connection.
        if reply.length is None and not reply.chunked and reply.status not in (204, 304):
            self.ends = self.ends or self.method != "HEAD"

    def _replace(self, reply: Head, content: bytes, replacement: ReplaceBody) -> None:
        body = replacement.body if isinstance(replacement.body, bytes) else replacement.body(content)
        dropped = {"content-length", "transfer-encoding"}
        headers = {name: value for name, value in reply.headers.items() if name not in dropped}
        if replacement.content_type is not None:
            headers["content-type"] = replacement.content_type
        status = reply.status if replacement.status is None else replacement.status
        self._send(status, headers, body)
