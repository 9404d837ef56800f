"""ASGIWebDAV, as a process of its own."""

import importlib.util
import json
import sys
from typing import ClassVar

from tests.servers.behind import ServerBehindProxy
from tests.servers.server import ServerMissingError


class AsgiWebdav(ServerBehindProxy):
    """ASGIWebDAV over a plain directory, open to anyone."""

    name: ClassVar[str] = "asgi"

    def __init__(self) -> None:
        for package in ("asgi_webdav", "uvicorn"):
            if importlib.util.find_spec(package) is None:
                raise ServerMissingError("ASGIWebDAV is not installed (pip install ASGIWebDAV uvicorn)")
        super().__init__()

    def command(self, port: int) -> list[str]:
        configuration = self.home / "asgi.json"
        configuration.write_text(
            json.dumps(
                {
                    "anonymous": {"enable": True},
                    "provider_mapping": [{"prefix": "/", "uri": f"file://{self.root}"}],
                    "logging": {"level": "WARNING"},
                }
            )
        )
        options = ["--config", str(configuration), "--host", "127.0.0.1", "--port", str(port)]
        return [sys.executable, "-m", "asgi_webdav", *options]
