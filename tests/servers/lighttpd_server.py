"""lighttpd's mod_webdav."""

import os
import shutil
from pathlib import Path
from typing import ClassVar

from tests.servers.behind import ServerBehindProxy
from tests.servers.server import ServerMissingError

_MODULES = [Path(p) for p in ("/usr/lib/lighttpd", "/usr/lib64/lighttpd", "/usr/local/lib/lighttpd")]

_CONFIGURATION = """\
server.modules = ( "mod_webdav" )
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{home}/data"
server.errorlog = "{home}/error.log"
server.pid-file = "{home}/pid"
server.upload-dirs = ( "{home}/tmp" )
server.max-keep-alive-requests = 100000
server.stat-cache-engine = "disable"
mimetype.assign = ( "" => "application/octet-stream" )
webdav.activate = "enable"
webdav.is-readonly = "disable"
webdav.sqlite-db-name = "{home}/webdav.db"
webdav.opts = ( "propfind-depth-infinity" => "enable" )
"""


class Lighttpd(ServerBehindProxy):
    """lighttpd, with locks and properties in its SQLite file, and `Depth: infinity` allowed.

    It remembers for a second what `stat` told; that is off here, since tests change files behind its back.
    """

    name: ClassVar[str] = "lighttpd"

    def __init__(self) -> None:
        self._binary, self._modules = _find()
        super().__init__()
        (self.home / "tmp").mkdir()

    def command(self, port: int) -> list[str]:
        configuration = self.home / "lighttpd.conf"
        configuration.write_text(_CONFIGURATION.format(home=self.home, port=port))
        return [self._binary, "-D", "-f", str(configuration), "-m", str(self._modules)]


def _find() -> tuple[str, Path]:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    binary = shutil.which("lighttpd", path=path)
    modules = next((d for d in _MODULES if (d / "mod_webdav.so").exists()), None)
    if binary is None or modules is None:
        raise ServerMissingError(
            "lighttpd with mod_webdav is not installed (Debian: lighttpd lighttpd-mod-webdav)"
        )
    return binary, modules
