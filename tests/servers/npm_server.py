"""The npm package webdav-server 2. `python -m tests.servers.npm_server` installs it, into a cache folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import platformdirs

from tests.servers.behind import ServerBehindProxy
from tests.servers.server import ServerMissingError

PACKAGE = "webdav-server@2.6.3"
_SCRIPT = Path(__file__).with_name("npm_server.js")


def cache_folder() -> Path:
    """Where npm puts it: outside the checkout, and kept from run to run."""
    chosen = os.environ.get("SYNCFS_TEST_CACHE")
    return (Path(chosen) if chosen else Path(platformdirs.user_cache_dir("syncfs-tests"))) / "npm"


class Npm(ServerBehindProxy):
    """webdav-server over a plain directory. A header `If: (["x"])` ends its process."""

    name: ClassVar[str] = "npm"

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None:
            raise ServerMissingError("node is not installed (Debian: nodejs npm)")
        self._package = _installed()
        if not self._package.exists():
            raise ServerMissingError(
                f"{PACKAGE} is not installed (python -m tests.servers.npm_server installs it)"
            )
        self._node = node
        super().__init__()

    def command(self, port: int) -> list[str]:
        return [self._node, str(_SCRIPT), str(self._package), str(self.root), str(port)]


def _installed() -> Path:
    return cache_folder() / "node_modules" / "webdav-server"


def main() -> int:
    """Install the package unless it is there; the exit code is npm's."""
    if _installed().exists():
        return 0
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    npm = shutil.which("npm")
    if npm is None:
        sys.stderr.write("npm is not installed (Debian: npm)\n")
        return 1
    return subprocess.call([npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", PACKAGE])


if __name__ == "__main__":
    sys.exit(main())
