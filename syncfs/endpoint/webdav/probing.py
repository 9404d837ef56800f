"""Find out by writing what a remote can do, in a scratch collection that goes away again."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from syncfs.endpoint.webdav.profile import UNKNOWN, Profile
from syncfs.endpoint.webdav.remote import Remote
from syncfs.errors import EndpointUnavailableError, PathError, SyncfsError

__all__ = ["NotProbedError", "probe", "scratches"]

_log = logging.getLogger("syncfs")

_PREFIXES = (".syncfs-probe-", "syncfs-tmp-probe-")
_DEAD_S = 600
"""A scratch collection that is older was left by a probe that was killed."""


class NotProbedError(Exception):
    """The remote lets nothing be found out; the message says why. Never leaves this package."""


def probe(remote: Remote, known: Profile | None, old: Sequence[str] = ()) -> Profile:
    """Find out what a remote can do; takes about 60 requests and three quarters of a second.

    Args:
        remote: Its root, which exists.
        known: What is known of its kind of server: its name, and what must not be asked.
        old: Scratch collections in the root; those of dead probes are removed.

    Returns:
        What was found. What could not be settled is as little as `UNKNOWN` trusts.

    Raises:
        NotProbedError: Nothing can be made there.
        EndpointUnavailableError: The server is gone.
    """
    from syncfs.endpoint.webdav.questions import Questions  # asked of unknown servers, once

    _collect(remote, old)
    known = known or UNKNOWN
    try:
        for prefix in _PREFIXES:
            with _scratch(remote, prefix) as scratch:
                lists_dotfiles = Questions(remote, scratch).lists_dotfiles()
                if lists_dotfiles or prefix is _PREFIXES[-1]:
                    return Questions(remote, scratch).everything(known, lists_dotfiles=lists_dotfiles)
    except EndpointUnavailableError:
        raise
    except (OSError, SyncfsError) as error:
        raise NotProbedError(str(error)) from error
    raise AssertionError("unreachable: the last form of name is taken")


@contextmanager
def _scratch(remote: Remote, prefix: str) -> Iterator[str]:
    """A collection of our own, gone afterwards."""
    name = f"{prefix}{int(time.time())}-{os.urandom(4).hex()}"
    target = remote.location.target(name, collection=True)
    try:
        answer = remote.session.ask("MKCOL", target, {})
        if answer.status not in (200, 201):
            raise PathError(f"a scratch collection cannot be made: status {answer.status}")
        yield name
    finally:
        _remove(remote, name)


def _remove(remote: Remote, name: str) -> None:
    """Remove a scratch collection; what cannot be removed now is collected by a later probe."""

    def delete() -> None:
        answer = remote.session.ask("DELETE", remote.location.target(name, collection=True), {})
        if answer.status not in (200, 202, 204, 404, 410):
            raise PathError(f"status {answer.status}", retryable=True)

    try:
        remote.session.repeat(delete)
    except (OSError, SyncfsError) as error:
        _log.warning("%s/%s could not be removed: %s", remote.location.url, name, error)


def scratches(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that are scratch collections."""
    return tuple(name for name in names if name.startswith(_PREFIXES))


def _collect(remote: Remote, old: Sequence[str]) -> None:
    """Remove what dead probes left."""
    for name in old:
        born_s = name.removeprefix(_PREFIXES[0]).removeprefix(_PREFIXES[1]).partition("-")[0]
        if born_s.isdecimal() and int(born_s) < time.time() - _DEAD_S:
            _remove(remote, name)
