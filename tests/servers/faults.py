"""What the proxy can do to a request, and to which one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer instead of the server, which never hears of the request."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReplaceBody:
    """Let the server act and put another body into its reply; `body` may be made from the one it sent.

    Content-Length fits the new body: nothing tells the client but what it reads.
    """

    body: bytes | Callable[[bytes], bytes]
    status: int | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class CutReply:
    """Send the reply's head and that much of its body, then end the connection."""

    after_bytes: int


@dataclass(frozen=True, slots=True)
class CutHead:
    """Let the server act, send that much of its reply's head, then end the connection."""

    after_bytes: int


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Flip one bit of the reply's body; its length, and every header, stay.

    Attributes:
        at: Where, as a fraction of the body: 0.0 is its first byte.
        bit: Which bit of that byte, 0 to 7.
    """

    at: float
    bit: int = 0

    def __call__(self, body: bytes) -> bytes:
        """The body that the client gets; an empty one cannot be corrupted."""
        if not body:
            return body
        place = min(int(self.at * len(body)), len(body) - 1)
        return body[:place] + bytes([body[place] ^ 1 << self.bit]) + body[place + 1 :]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Send the server the same request twice; the client gets the second reply."""


@dataclass(frozen=True, slots=True)
class CutRequest:
    """Send the server the request's head and that much of its body, then end both connections."""

    after_bytes: int


@dataclass(frozen=True, slots=True)
class DropBefore:
    """End the connection; the server never hears of the request."""


@dataclass(frozen=True, slots=True)
class DropAfter:
    """Let the server act, then end the connection without a reply."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Hold the request back, then let it through."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Call something just before the server gets the request (or just after it answered): a stranger's edit,
    say."""

    call: Callable[[], object]
    after: bool = False


Action = (
    Reply
    | ReplaceBody
    | CutReply
    | CutHead
    | Corrupt
    | Repeat
    | CutRequest
    | DropBefore
    | DropAfter
    | Delay
    | Meanwhile
)


@dataclass
class Fault:
    """What happens to which request.

    Attributes:
        action: What happens.
        method: Only to requests with this method; None: any.
        path_regex: Only where this is found in the path, as it was sent (percent-encoded).
        nth: To the first, second, ... matching request, counted from 1 since the fault was added.
        every: From the `nth` on to all of them.
        sticks: From the `nth` on to all that have its method and path: what a client repeats fails again.
        seen: How many requests matched so far.
        fired: How often it happened so far.
        hit: Method and path of the request that was the `nth`; None before it came.
    """

    action: Action
    method: str | None = None
    path_regex: str = ""
    nth: int = 1
    every: bool = False
    sticks: bool = False
    seen: int = field(default=0, init=False)
    fired: int = field(default=0, init=False)
    hit: tuple[str, str] | None = field(default=None, init=False)

    def matches(self, method: str, path: str) -> bool:
        """Whether it is about this request, whichever of the matching ones it be."""
        return self.method in (None, method) and re.search(self.path_regex, path) is not None

    def is_due(self, method: str, path: str) -> bool:
        """Count a request; whether it is one to which this happens."""
        if not self.matches(method, path):
            return False
        self.seen += 1
        if self.seen == self.nth:
            self.hit = (method, path)
            return True
        return self.seen > self.nth and (self.every or (self.sticks and self.hit == (method, path)))
