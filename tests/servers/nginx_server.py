"""nginx with its own DAV module for what changes files and dav-ext for PROPFIND."""

import os
import shutil
from pathlib import Path
from typing import ClassVar

from tests.servers.behind import ServerBehindProxy
from tests.servers.server import ServerMissingError

_MODULES = [Path(p) for p in ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules")]
_MODULE = "ngx_http_dav_ext_module.so"

_CONFIGURATION = """\
load_module {module};
{user}
daemon off;
worker_processes 2;
pid {home}/pid;
error_log {home}/error.log warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path {home}/tmp/body;
    proxy_temp_path {home}/tmp/proxy;
    fastcgi_temp_path {home}/tmp/fastcgi;
    uwsgi_temp_path {home}/tmp/uwsgi;
    scgi_temp_path {home}/tmp/scgi;
    dav_ext_lock_zone zone=locks:1m;
    server {{
        listen 127.0.0.1:{port};
        root {home}/data;
        location / {{
            dav_methods PUT DELETE MKCOL COPY MOVE;
            dav_ext_methods PROPFIND OPTIONS LOCK UNLOCK;
            dav_ext_lock zone=locks;
            dav_access user:rw group:r all:r;
        }}
    }}
}}
"""


class Nginx(ServerBehindProxy):
    """nginx; started by root it also works as root, so everything a test writes is its own."""

    name: ClassVar[str] = "nginx"

    def __init__(self) -> None:
        self._binary, self._module = _find()
        super().__init__()
        (self.home / "tmp").mkdir()

    def command(self, port: int) -> list[str]:
        configuration = self.home / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                module=self._module,
                user="user root;" if os.geteuid() == 0 else "",
                home=self.home,
                port=port,
            )
        )
        return [self._binary, "-c", str(configuration), "-p", str(self.home), "-e", f"{self.home}/error.log"]


def _find() -> tuple[str, Path]:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    binary = shutil.which("nginx", path=path)
    module = next((d / _MODULE for d in _MODULES if (d / _MODULE).exists()), None)
    if binary is None or module is None:
        raise ServerMissingError(
            "nginx with dav-ext is not installed (Debian: nginx libnginx-mod-http-dav-ext)"
        )
    return binary, module
