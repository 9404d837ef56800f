"""What servers have in common that run as a process of their own and keep no list of requests.

Our proxy stands in front of them, lets everything through, and keeps the list: exact, and the same for all.
"""

import subprocess
import uuid
from abc import abstractmethod
from pathlib import Path

from tests.servers.proxy import Proxy
from tests.servers.server import (
    Request,
    Server,
    ServerFailedError,
    end,
    free_port,
    get,
    launch,
    wait_until,
)

_ATTEMPTS = 5


class ServerBehindProxy(Server):
    """A process that serves `root` at `/` or below, with the recording proxy before it.

    Attributes:
        direct_url: Without the proxy between.
        process: The server's; None before `start`.
    """

    base_path = "/"
    """Where below the server's address `root` is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.root = self.home / "data"
        self.root.mkdir()
        self.process: subprocess.Popen[bytes] | None = None
        self.direct_url = ""
        self._proxy: Proxy | None = None

    @abstractmethod
    def command(self, port: int) -> list[str]:
        """Write what configuration there is and return the command that serves on `port`."""

    def start(self) -> None:
        # None of them can be asked to take any free port and tell which, and another process may take the
        # one that was found free.
        for _attempt in range(_ATTEMPTS):
            if self._answers(free_port()):
                break
        else:
            raise ServerFailedError(f"{self.name} did not start:\n{self._said()}")
        self._proxy = Proxy(self.direct_url)
        self._proxy.start()
        self.url = self._proxy.url

    def _answers(self, port: int) -> bool:
        process = launch(self.command(port), self.home / "output.log", cwd=self.home)
        self.process = process
        self.direct_url = f"http://127.0.0.1:{port}{self.base_path}"
        # It has to show a file of ours: so it is this server that answers, and its root is the right one.
        token = uuid.uuid4().hex
        witness = self.root / f"started-{token}"
        witness.write_text(token)

        def ready() -> bool:
            if process.poll() is not None:
                return True
            try:
                return get(f"{self.direct_url}{witness.name}", 2.0) == (200, token)
            except OSError:
                return False

        try:
            wait_until(ready, self.name)
        except ServerFailedError as error:
            raise ServerFailedError(f"{error}\n{self._said()}") from None
        finally:
            witness.unlink()
        return process.poll() is None

    def stop(self) -> None:
        if self._proxy is not None:
            self._proxy.stop()
        end(self.process)

    def requests(self) -> list[Request]:
        return self._proxy.requests() if self._proxy else []

    def clear_requests(self) -> None:
        if self._proxy:
            self._proxy.clear_requests()

    def logs(self) -> list[Path]:
        """Files in which the server says what is wrong."""
        return [self.home / "output.log", self.home / "error.log"]

    def _said(self) -> str:
        return "".join(path.read_text(errors="replace")[-4000:] for path in self.logs() if path.exists())
