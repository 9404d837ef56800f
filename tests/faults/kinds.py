"""Every way in which one request is disturbed, and which requests it can disturb at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.servers.faults import (
    Action,
    Corrupt,
    CutHead,
    CutReply,
    CutRequest,
    Delay,
    DropAfter,
    DropBefore,
    Repeat,
    ReplaceBody,
    Reply,
)
from tests.servers.server import Request

_UPLOADS = frozenset({"PUT", "PROPFIND"})
_DOWNLOADS = frozenset({"GET", "PROPFIND"})


@dataclass(frozen=True)
class Kind:
    """One way.

    Attributes:
        name: For the command line and the report.
        action: What the proxy does.
        methods: Only these have what it needs (a body to cut); empty: all.
        sticks: Also to what the client sends again.
    """

    name: str
    action: Action
    methods: frozenset[str] = frozenset()
    sticks: bool = False

    @property
    def is_corruption(self) -> bool:
        """Whether it flips a bit."""
        return isinstance(self.action, Corrupt)

    def can_disturb(self, request: Request) -> bool:
        """Whether it makes sense for a request."""
        return not self.methods or request.method in self.methods


def _statuses() -> Sequence[Kind]:
    plain = [400, 401, 403, 404, 405, 409, 412, 413, 423, 429, 500, 502, 503, 507]
    return [
        *(Kind(str(status), Reply(status, b"<p>no</p>")) for status in plain),
        Kind("429 retry-after", Reply(429, headers={"Retry-After": "1"})),
        Kind("503 retry-after", Reply(503, headers={"Retry-After": "1"})),
    ]


ONCE: Sequence[Kind] = (
    *_statuses(),
    Kind("500 after acting", ReplaceBody(b"", status=500)),
    Kind("504 after acting", ReplaceBody(b"", status=504)),
    Kind("delay", Delay(0.7)),
    Kind("drop before", DropBefore()),
    Kind("drop after", DropAfter()),
    Kind("cut head", CutHead(20)),
    Kind("cut reply", CutReply(150), _DOWNLOADS),
    Kind("cut reply at its end", CutReply(400), _DOWNLOADS),
    Kind("cut upload", CutRequest(10), _UPLOADS),
    Kind("cut large upload", CutRequest(1 << 20), frozenset({"PUT"})),
    Kind("repeat", Repeat()),
    Kind("corrupt", Corrupt(0.5), _DOWNLOADS),
    Kind("corrupt early", Corrupt(0.1, bit=3), _DOWNLOADS),
    Kind("corrupt late", Corrupt(0.9, bit=1), _DOWNLOADS),
)
"""What happens to one request only; the client may send it again."""

STICKY: Sequence[Kind] = (
    *(Kind(f"sticky {status}", Reply(status), sticks=True) for status in (403, 404, 412, 423, 500, 503)),
    Kind("sticky 500 after acting", ReplaceBody(b"", status=500), sticks=True),
    Kind("sticky drop before", DropBefore(), sticks=True),
    Kind("sticky drop after", DropAfter(), sticks=True),
    Kind("sticky cut reply", CutReply(150), _DOWNLOADS, sticks=True),
    Kind("sticky cut upload", CutRequest(10), _UPLOADS, sticks=True),
    Kind("sticky corrupt", Corrupt(0.5, bit=2), _DOWNLOADS, sticks=True),
)
"""What happens to a request and to all that repeat it in the same run."""
