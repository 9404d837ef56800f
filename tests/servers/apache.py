"""Apache's mod_dav, as stock Debian sets it up.

mod_dir is loaded, so a collection without its slash answers 301; `DavDepthInfinity` is off; the tuning values
are those of Debian's own files. mod_status and mod_setenvif (stock too) serve only to make the list of
requests exact.
"""

import base64
import hashlib
import os
import pwd
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Literal

from tests.servers.server import (
    Request,
    Server,
    ServerFailedError,
    ServerMissingError,
    end,
    free_port,
    get,
    launch,
    wait_until,
)

MODULES = [
    "mpm_event",
    *("authz_core", "authn_core", "authn_file", "authz_user", "auth_basic", "auth_digest"),
    *("mime", "dir", "dav", "dav_fs"),
    *("setenvif", "status"),
]
_MODULE_DIRECTORIES = [Path(p) for p in ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules")]
_ATTEMPTS = 5
_SETTLE_S = 2.0

_CONFIGURATION = """\
ServerName 127.0.0.1
ServerRoot "{home}"
DefaultRuntimeDir "{home}"
PidFile "{home}/pid"
Mutex "file:{home}/lock" default
Listen 127.0.0.1:{port}
{load}
{user}
Timeout 300
KeepAlive On
MaxKeepAliveRequests 100
KeepAliveTimeout 5
StartServers 2
MinSpareThreads 25
MaxSpareThreads 75
ThreadLimit 64
ThreadsPerChild 25
MaxRequestWorkers 150
ServerTokens OS
HostnameLookups Off
LogLevel warn
ErrorLog "{home}/error.log"
LogFormat "%>s\\t%{{Depth}}i\\t%r" requests
SetEnvIf Request_URI "^/server-status" unlogged
CustomLog "{home}/access.log" requests env=!unlogged
TypesConfig "{home}/mime.types"
DocumentRoot "{home}/www"
<Directory />
    AllowOverride None
    Require all denied
</Directory>
<Directory "{home}/www">
    Require all granted
</Directory>
<Location /server-status>
    SetHandler server-status
    Require all granted
</Location>
DavLockDB "{home}/lock/db"
<Location /dav>
    Dav On
    DirectoryIndex disabled
    DavDepthInfinity {depth_infinity}
{auth}
</Location>
{extra}
"""

_AUTH = """\
    AuthType {kind}
    AuthName "syncfs"
    {provider} file
    AuthUserFile "{home}/users"
    Require valid-user
"""


class Apache(Server):
    """Apache with its DAV root at `/dav/`.

    When root starts it, it runs as www-data, which owns the data: what a test writes there itself must be
    handed over with `adopt` (`Folder.write` does) before Apache can change it.

    Args:
        auth: Which authentication to ask for; None for none.
        user: The only user, with `password`.
        password: Of `user`.
        depth_infinity: Whether `Depth: infinity` is answered, which stock Debian refuses.
        extra: More lines of configuration, after all others.
    """

    name: ClassVar[str] = "apache"

    def __init__(
        self,
        *,
        auth: Literal["basic", "digest"] | None = None,
        user: str = "user",
        password: str = "secret",
        depth_infinity: bool = False,
        extra: str = "",
    ) -> None:
        self._binary, self._modules = _find()
        super().__init__()
        self.root = self.home / "www" / "dav"
        self.root.mkdir(parents=True)
        (self.home / "lock").mkdir()
        (self.home / "mime.types").write_text("text/html html\ntext/plain txt\napplication/xml xml\n")
        self._owner = _unprivileged_owner() if os.geteuid() == 0 else None
        self.adopt(self.root)
        self.adopt(self.home / "lock")
        self._options = {
            "home": str(self.home),
            "load": "\n".join(f'LoadModule {m}_module "{self._modules}/mod_{m}.so"' for m in MODULES),
            "user": f"User #{self._owner[0]}\nGroup #{self._owner[1]}" if self._owner else "",
            "depth_infinity": "On" if depth_infinity else "Off",
            "auth": self._write_users(auth, user, password) if auth else "",
            "extra": extra,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._base = ""
        self._log_start = 0

    def _write_users(self, auth: Literal["basic", "digest"], user: str, password: str) -> str:
        users = self.home / "users"
        if auth == "basic":
            digest = base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()
            users.write_text(f"{user}:{{SHA}}{digest}\n")
        else:
            secret = hashlib.md5(f"{user}:syncfs:{password}".encode()).hexdigest()
            users.write_text(f"{user}:syncfs:{secret}\n")
        provider = {"basic": "AuthBasicProvider", "digest": "AuthDigestProvider"}[auth]
        return _AUTH.format(kind=auth, provider=provider, home=self.home)

    def adopt(self, path: Path) -> None:
        if self._owner is None:
            return
        os.lchown(path, *self._owner)
        for directory, directories, files in os.walk(path):
            for child in directories + files:
                with suppress(FileNotFoundError):  # a file that Apache itself had in the making
                    os.lchown(os.path.join(directory, child), *self._owner)

    def start(self) -> None:
        # Apache cannot be asked to pick a port itself, and another process may take the one found free.
        for _attempt in range(_ATTEMPTS):
            if self._started(free_port()):
                return
        raise ServerFailedError(f"Apache did not start:\n{self._complaints()}")

    def _started(self, port: int) -> bool:
        configuration = self.home / "apache.conf"
        configuration.write_text(_CONFIGURATION.format(port=port, **self._options))
        process = launch(
            [str(self._binary), "-f", str(configuration), "-DFOREGROUND"], self.home / "output.log"
        )
        self._process = process
        self._base = f"http://127.0.0.1:{port}"
        self.url = f"{self._base}/dav/"

        def answers() -> bool:
            # The pid file comes after the port is bound, so it is this Apache that answers and no other
            # server.
            if process.poll() is not None:
                return True
            try:
                return (self.home / "pid").exists() and self._busy_workers() > 0
            except OSError:
                return False

        wait_until(answers, "Apache")
        return process.poll() is None

    def stop(self) -> None:
        end(self._process)

    def requests(self) -> list[Request]:
        self._settle()
        with self._log().open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode("latin-1").splitlines()
        return [_parse(line) for line in lines]

    def clear_requests(self) -> None:
        self._settle()
        self._log_start = self._log().stat().st_size

    def _log(self) -> Path:
        return self.home / "access.log"

    def _settle(self) -> None:
        """Wait until no worker but our own is busy: a line is written only after the reply was sent.

        A request that hangs (a client that was stopped while it uploads) is not waited for beyond a bound.
        """
        try:
            wait_until(lambda: self._busy_workers() <= 1, "Apache's workers", _SETTLE_S)
        except ServerFailedError:
            if self._process is None or self._process.poll() is not None:
                raise ServerFailedError(f"Apache died:\n{self._complaints()}") from None

    def _busy_workers(self) -> int:
        status, text = get(f"{self._base}/server-status?auto")
        lines = [line for line in text.splitlines() if line.startswith("BusyWorkers:")]
        if status != 200 or not lines:
            raise ServerFailedError(f"Apache's status page answered {status}: {text[:200]!r}")
        return int(lines[0].partition(":")[2])

    def _complaints(self) -> str:
        found = [self.home / "output.log", self.home / "error.log"]
        return "".join(path.read_text(errors="replace") for path in found if path.exists())


class ApacheInfinity(Apache):
    """The same with `DavDepthInfinity on`: one request can list a whole tree."""

    name: ClassVar[str] = "apache-infinity"

    def __init__(self) -> None:
        super().__init__(depth_infinity=True)


class ApacheIndex(Apache):
    """Apache that shows directories to browsers too, as a plain web server does."""

    name: ClassVar[str] = "apache-index"

    def __init__(self) -> None:
        load = f'LoadModule autoindex_module "{_find()[1]}/mod_autoindex.so"'
        super().__init__(extra=f"{load}\n<Location /dav>\n    Options +Indexes\n</Location>")


def _parse(line: str) -> Request:
    status, depth, request_line = line.split("\t", 2)
    method, _, rest = request_line.partition(" ")
    path = rest.rpartition(" ")[0] or rest
    return Request(method, path, int(status), None if depth == "-" else depth)


def _find() -> tuple[Path, Path]:
    """The server's program and the directory of its modules."""
    # /usr/sbin is on few users' PATH.
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    binary = shutil.which("apache2", path=path) or shutil.which("httpd", path=path)
    modules = next((d for d in _MODULE_DIRECTORIES if (d / "mod_dav_fs.so").exists()), None)
    if binary is None or modules is None:
        raise ServerMissingError("Apache with mod_dav_fs is not installed (Debian: apache2-bin)")
    return Path(binary), modules


def _unprivileged_owner() -> tuple[int, int]:
    """User and group as which Apache serves when root starts it; it refuses to serve as root."""
    for name in ("www-data", "apache", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise ServerMissingError("no user to run Apache as: www-data, apache, nobody")
