"""Take turns with other writers, where a server checks a condition some time before it acts upon it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from syncfs.endpoint.patience import between
from syncfs.endpoint.webdav.clock import SECOND_NS, parse_http_date
from syncfs.endpoint.webdav.properties import ask_properties
from syncfs.endpoint.webdav.remote import Remote
from syncfs.errors import SyncfsError

__all__ = ["turn"]

_log = logging.getLogger("syncfs")

_NAME = ".syncfs-turn"
"""A collection in the root: who makes it has the turn, who removes it gives it up."""
_TURN_S = 10.0
"""Whoever holds a turn for longer is taken for dead, and takes himself for that."""
_PATIENCE_S = 12.0
_PAUSE_S = (0.02, 0.1)
_LOOK_EVERY_S = 1.0
_REFUSALS = 3
"""So often a turn may be refused while nobody holds it, before none is to be had."""


@contextmanager
def turn(remote: Remote, cancel: threading.Event) -> Iterator[None]:
    """Hold the root's turn until the end of the block; go on without one where none is to be had.

    Args:
        remote: The root.
        cancel: Ends the wait when set.
    """
    held_since_s = time.monotonic() if _take(remote, cancel) else None
    try:
        yield
    finally:
        # After that time it may be another's, and who comes next will see that it is old.
        if held_since_s is not None and time.monotonic() - held_since_s < _TURN_S:
            _give_up(remote)


def _take(remote: Remote, cancel: threading.Event) -> bool:
    """Wait for the turn; False where it does not come."""
    target = remote.location.target(_NAME, collection=True)
    started_s, looked_s, refusals = time.monotonic(), float("-inf"), 0
    while not cancel.is_set() and time.monotonic() < started_s + _PATIENCE_S:
        try:
            status = remote.session.ask("MKCOL", target, {}).status
            if status == 201:
                return True
            if time.monotonic() >= looked_s + _LOOK_EVERY_S or status != 405:
                # Servers that met another's MKCOL half-way answer 403 or 500 instead of 405.
                looked_s = time.monotonic()
                age_s = _age_s(remote, target)
                refusals += age_s is None
                if refusals == _REFUSALS:
                    break
                if age_s is not None and age_s > _TURN_S:
                    _log.info("%s: a turn whose holder must have died is over", remote.location.url)
                    _give_up(remote)
                    continue
        except (OSError, SyncfsError) as error:
            _log.debug("%s: no turn: %s", remote.location.url, error)
            return False
        cancel.wait(between(*_PAUSE_S))
    _log.info("%s: nobody else is kept from writing meanwhile: no turn was to be had", remote.location.url)
    return False


def _age_s(remote: Remote, target: str) -> float | None:
    """How long ago the turn was taken, by the server's clock; None when nobody holds it."""
    told = ask_properties(remote.session, target, ("DAV: getlastmodified",))
    if not told:
        return None
    made_s = parse_http_date(told[0][1].get("DAV: getlastmodified", ""))
    skew_ns = remote.session.clock.skew_ns
    if made_s is None or skew_ns is None:
        return 0.0
    return (time.time_ns() + skew_ns) / SECOND_NS - made_s


def _give_up(remote: Remote) -> None:
    """Remove the collection; a turn that cannot be given up ends by itself, when it is old."""
    target = remote.location.target(_NAME, collection=True)
    try:
        remote.session.ask("DELETE", target, {})
    except (OSError, SyncfsError) as error:
        _log.info("%s: the turn could not be given up: %s", remote.location.url, error)
