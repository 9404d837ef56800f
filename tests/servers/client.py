"""A bare HTTP client, one kept connection, for the tests of the servers themselves."""

import http.client
from typing import Self
from urllib.parse import urlsplit


class Client:
    """The standard library's client; `base` is the folder's address, names are sent as they are given."""

    def __init__(self, base: str) -> None:
        self.base = base
        parts = urlsplit(base)
        self.path = parts.path
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def do(
        self, method: str, name: str = "", body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        """One exchange: status, body, headers with names in lower case."""
        sent = {header.replace("_", "-"): value for header, value in headers.items()}
        self.connection.request(method, self.path + name, body, sent)
        reply = self.connection.getresponse()
        return reply.status, reply.read(), {k.lower(): v for k, v in reply.getheaders()}
