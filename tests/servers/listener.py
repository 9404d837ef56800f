"""A listening socket of loopback, with a thread for each connection."""

import socket
import socketserver
from collections.abc import Callable


class Listener(socketserver.ThreadingTCPServer):
    """Hands every connection over as it is.

    Args:
        serve: Called with each connection, in a thread of its own.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)

    def finish_request(self, request: object, client_address: object) -> None:
        """Serve one connection."""
        assert isinstance(request, socket.socket)
        self._serve(request)
