"""A wire that proves who we are, over any other wire."""

from __future__ import annotations

import errno
import logging
from collections.abc import Mapping

from syncfs.endpoint.webdav.login import Login
from syncfs.endpoint.webdav.wire import Body, Reply, Wire, drain
from syncfs.errors import PathError

__all__ = ["AuthenticatedWire"]

_log = logging.getLogger("syncfs")

_TRIES = 3
"""Without a proof, with one, and with one for a newer nonce."""


class AuthenticatedWire:
    """Requests with an `Authorization`, made anew when the server asks for another: see `Wire`."""

    def __init__(self, wire: Wire, login: Login, root: str) -> None:
        """Put a login before a wire.

        Args:
            wire: Sends no credentials itself.
            login: Who we are.
            root: The target of a collection that can be asked about.
        """
        self._wire = wire
        self._login = login
        self._root = root

    def send(self, method: str, target: str, headers: Mapping[str, str], body: Body) -> Reply:
        """Send one request: see `Wire.send`.

        Raises:
            PathError: The server wants another proof, and the body cannot be sent again.
        """
        can_repeat = body is None or isinstance(body, bytes)
        if not can_repeat and not self._login.is_sure:
            # A small request first, to learn what the server wants; its answer is of no interest.
            asked = self.send("PROPFIND", self._root, {"Depth": "0"}, None)
            drain(asked)
            asked.close()
        for tries_left in reversed(range(_TRIES)):
            proof = self._login.proof(method, target)
            sent = headers if proof is None else {**headers, "Authorization": proof}
            reply = self._wire.send(method, target, sent, body)
            if reply.status != 401:
                if reply.status < 400:
                    self._login.accepted(proof)
                return reply
            if not tries_left or not self._login.refused(proof, reply.header("WWW-Authenticate") or ""):
                return reply
            _log.debug("%s %s is asked for a proof of who we are", method, target)
            if not can_repeat:
                reply.close()
                raise PathError(
                    "the server asked for the credentials again while a file was sent",
                    code=errno.EAGAIN,
                    retryable=True,
                )
            drain(reply)
            reply.close()
        raise AssertionError("unreachable")
