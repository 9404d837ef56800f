"""The npm package webdav-server 2.

`python -m tests.servers.npm_server` installs it and Azurite, into a cache folder.
"""

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
AZURITE = "azurite@3.35.0"
_SCRIPT = Path(__file__).with_name("npm_server.js")


# Outside the checkout, and kept from run to run. Looked up now: tests change HOME.
CACHE = Path(os.environ.get("SYNCFS_TESTCACHE") or platformdirs.user_cache_dir("syncfs-tests")) / "npm"
_INSTALLED = CACHE / "node_modules" / "webdav-server"


class Npm(ServerBehindProxy):
    """webdav-server over a plain directory. A header `If: (["x"])` ends its process."""

    name: ClassVar[str] = "npm"

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None:
            raise ServerMissingError("node is not installed (Debian: nodejs npm)")
        if not _INSTALLED.exists():
            raise ServerMissingError(
                f"{PACKAGE} is not installed (python -m tests.servers.npm_server installs it)"
            )
        self._node = node
        super().__init__()

    def command(self, port: int) -> list[str]:
        return [self._node, str(_SCRIPT), str(_INSTALLED), str(self.root), str(port)]


def main() -> int:
    """Install both packages unless they are there; the exit code is npm's."""
    missing = [] if _INSTALLED.exists() else [PACKAGE]
    missing += [] if (CACHE / "node_modules" / "azurite").exists() else [AZURITE]
    if not missing:
        return 0
    CACHE.mkdir(parents=True, exist_ok=True)
    npm = shutil.which("npm")
    if npm is None:
        sys.stderr.write("npm is not installed (Debian: npm)\n")
        return 1
    return subprocess.call([npm, "install", "--prefix", str(CACHE), "--no-audit", "--no-fund", *missing])


if __name__ == "__main__":
    sys.exit(main())
