"""WsgiDAV on cheroot: in this process, or as one of its own (`python -m tests.servers.wsgidav_server DIR
PORT`).

As its own process it prints `ready URL`, then each request as one JSON array a line.
"""

import argparse
import importlib.util
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, ClassVar

from tests.servers.server import (
    STOP_TIMEOUT_S,
    Request,
    Server,
    ServerFailedError,
    ServerMissingError,
    end,
    launch,
    wait_until,
)

if TYPE_CHECKING:
    from cheroot.wsgi import Server as CherootServer

_REPOSITORY = Path(__file__).parents[2]

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Wsgidav(Server):
    """WsgiDAV in threads of this process, its root at `/dav/`."""

    name: ClassVar[str] = "wsgidav"

    def __init__(self) -> None:
        _check_installed()
        super().__init__()
        self.root = self.home / "data"
        self.root.mkdir()
        self._requests: list[Request] = []
        self._server: CherootServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._server = _make_server(self.root, 0, self._requests.append)
        self._server.prepare()
        self.url = _url(self._server)
        self._thread = threading.Thread(target=self._server.serve, name="wsgidav", daemon=True)
        self._thread.start()
        wait_until(lambda: bool(self._server and self._server.ready), "WsgiDAV")

    def stop(self) -> None:
        # cheroot's workers are not daemons: left running they would keep the interpreter from ending.
        if self._server is not None:
            self._server.stop()
        if self._thread is not None:
            self._thread.join(STOP_TIMEOUT_S)

    def requests(self) -> list[Request]:
        return list(self._requests)

    def clear_requests(self) -> None:
        self._requests.clear()


class WsgidavProcess(Server):
    """The same as a process of its own, which can be killed, or be alive when the test's process is."""

    name: ClassVar[str] = "wsgidav-process"

    def __init__(self) -> None:
        _check_installed()
        super().__init__()
        self.root = self.home / "data"
        self.root.mkdir()
        self._log_start = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.servers.wsgidav_server", str(self.root), "0"]
        process = launch(command, self._log, cwd=_REPOSITORY)
        self.process = process
        wait_until(lambda: bool(self._lines()) or process.poll() is not None, "WsgiDAV")
        first = next(iter(self._lines()), "")
        if not first.startswith("ready "):
            raise ServerFailedError(f"WsgiDAV did not start:\n{self._log.read_text()}")
        self.url = first.removeprefix("ready ")
        self.clear_requests()

    def stop(self) -> None:
        end(self.process)

    def requests(self) -> list[Request]:
        return [
            Request(*json.loads(line)) for line in self._lines()[self._log_start :] if line.startswith("[")
        ]

    def clear_requests(self) -> None:
        self._log_start = len(self._lines())

    @property
    def _log(self) -> Path:
        return self.home / "output.log"

    def _lines(self) -> list[str]:
        """Whole lines of its output; one that is being written is not there yet."""
        return self._log.read_text(errors="replace").split("\n")[:-1]


def recording(app: WsgiApp, record: Callable[[Request], object]) -> WsgiApp:
    """`app`, telling of each request when its reply begins: before its client can see any of it."""

    def recorded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        begun = False
        # Read now: WsgiDAV adds headers of its own to what it was given, a Depth to each GET for one.
        path = environ.get("REQUEST_URI") or environ["PATH_INFO"]
        method, depth = environ["REQUEST_METHOD"], environ.get("HTTP_DEPTH")

        def tell(status: int) -> None:
            nonlocal begun
            if not begun:
                begun = True
                record(Request(method, path, status, depth))

        def start(status: str, *args: Any, **kwargs: Any) -> Any:
            tell(int(status.split()[0]))
            return start_response(status, *args, **kwargs)

        try:
            yield from app(environ, start)
        finally:
            tell(0)

    return recorded


def _check_installed() -> None:
    for package in ("cheroot", "wsgidav"):
        if importlib.util.find_spec(package) is None:
            raise ServerMissingError(f"{package} is not installed (pip install wsgidav cheroot)")


def _make_server(root: Path, port: int, record: Callable[[Request], object]) -> "CherootServer":
    from cheroot.wsgi import Server as CherootServer
    from wsgidav.wsgidav_app import WsgiDAVApp

    app = WsgiDAVApp(
        {
            "provider_mapping": {"/dav": str(root)},
            "simple_dc": {"user_mapping": {"*": True}},
            "logging": {"enable": False},
            "verbose": 0,
        }
    )
    server = CherootServer(("127.0.0.1", port), recording(app, record), numthreads=16, shutdown_timeout=2)
    # Connections that a test cuts are no news; by default they are printed into pytest's output.
    setattr(server, "error_log", lambda *_args, **_kwargs: None)  # noqa: B010 - mypy: it is a method
    return server


def _url(server: "CherootServer") -> str:
    port = server.bind_addr[1]
    return f"http://127.0.0.1:{port}/dav/"


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.wsgidav_server")
    parser.add_argument("directory", type=Path)
    parser.add_argument("port", type=int, help="0: any free one")
    options = parser.parse_args(arguments)

    def record(request: Request) -> None:
        # One write a line, or the lines of two threads would mingle.
        sys.stdout.write(json.dumps(request) + "\n")
        sys.stdout.flush()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    server = _make_server(options.directory, options.port, record)
    try:
        server.prepare()
        sys.stdout.write(f"ready {_url(server)}\n")
        sys.stdout.flush()
        server.serve()
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()


if __name__ == "__main__":
    main()
