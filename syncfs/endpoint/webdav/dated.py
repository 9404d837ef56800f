"""Give a file the mtime of its source, in whichever way the server takes one."""

from __future__ import annotations

from syncfs.core.entry import Entry
from syncfs.endpoint.webdav.clock import SECOND_NS
from syncfs.endpoint.webdav.profile import SetMtime
from syncfs.endpoint.webdav.properties import set_property
from syncfs.endpoint.webdav.remote import Remote

__all__ = ["Dated"]


class Dated:
    """The mtime of one file that is being written.

    That a server keeps what it is given is looked at once a run, with the first file: what stores its
    files may not be able to, whatever the server in front of it says.

    Attributes:
        headers: To be sent with its PUT.
    """

    def __init__(self, remote: Remote, mtime_ns: int | None) -> None:
        self._remote = remote
        self._way = remote.profile.sets_mtime
        seconds = None if mtime_ns is None else mtime_ns // SECOND_NS
        # Some servers take 0 and less for "not given".
        if self._way is SetMtime.NO or seconds is None or seconds <= 0:
            self._way, seconds = SetMtime.NO, 0
        self._seconds = seconds
        self.headers: dict[str, str] = {"X-OC-Mtime": str(seconds)} if self._way is SetMtime.HEADER else {}
        self._is_set = self._way is not SetMtime.NO

    @property
    def mtime_ns(self) -> int | None:
        """What the file will show; None when it will show the time of the write."""
        is_kept = self._is_set and self._remote.keeps_mtime is not False
        return self._seconds * SECOND_NS if is_kept else None

    def set(self, path: str) -> None:
        """Set it where that takes a request of its own, after the PUT."""
        if self._way in (SetMtime.GETLASTMODIFIED, SetMtime.LASTMODIFIED):
            by_date = self._way is SetMtime.GETLASTMODIFIED
            value = _date(self._seconds) if by_date else str(self._seconds)
            target = self._remote.location.target(path)
            if not set_property(self._remote.session, target, f"DAV: {self._way}", value):
                self._is_set = False

    @property
    def wants_a_look(self) -> bool:
        """Whether it is still to be seen that this server keeps an mtime."""
        return self.mtime_ns is not None and self._remote.keeps_mtime is None

    def check(self, seen: Entry | None) -> None:
        """Take a look's word for it."""
        if self.mtime_ns is None or seen is None:
            return
        if seen.mtime_ns == self.mtime_ns:
            self._remote.keeps_mtime = True
        elif self._remote.keeps_mtime is None:
            self._remote.keeps_mtime = False
            self._remote.knowledge.learn({"sets_mtime": SetMtime.NO})
        else:
            self._is_set = False


def _date(seconds: int) -> str:
    from email.utils import formatdate  # 7 ms, and few servers want it

    return formatdate(seconds, usegmt=True)
