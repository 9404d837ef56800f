"""A directory in a bucket of S3, whose writes are conditional where the service heeds conditions."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from syncfs.core.entry import Entry
from syncfs.endpoint.conditional import create_if, put_if, remove_if
from syncfs.endpoint.endpoint import Content, Finding
from syncfs.endpoint.explained import explained
from syncfs.endpoint.generic import GenericEndpoint, Placed
from syncfs.errors import EndpointUnavailableError, PathError, StaleEntryError

__all__ = ["S3Endpoint"]

_PUT, _DELETE = "PUT", "DELETE"
_SCRATCH = ".syncfs-probe-"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heeded:
    """Which conditions a service refuses to write against.

    Attributes:
        if_none_match: A PUT that may not replace anything.
        if_match: The methods that may only replace, or remove, one version.
    """

    if_none_match: bool = False
    if_match: tuple[str, ...] = ()


class S3Endpoint(GenericEndpoint):
    """See `Endpoint`, and `Learning`: which conditions a service heeds is found out before the first write.

    Others ignore conditions, or refuse every request that bears one (501), so none is sent before that. Where
    one is heeded, the look just before the write is left out.
    """

    _heeded: _Heeded | None = None

    def __repr__(self) -> str:
        return f"S3Endpoint({self.url!r})"

    def make_root(self) -> None:
        """Make the root; nothing happens when it is there already. A bucket is never made."""
        super().make_root()
        self.learn()

    def recall(self, facts: Mapping[str, Any] | None) -> None:
        """Take what an earlier run learnt: see `Learning`."""
        if facts is not None and self._heeded is None:
            self._settle(
                _Heeded(
                    if_none_match=facts.get("if_none_match") is True,
                    if_match=tuple(m for m in (_PUT, _DELETE) if m in (facts.get("if_match") or ())),
                )
            )

    def learn(self, *, anew: bool = False) -> bool:
        """Find out which conditions are heeded, on an object that is removed again: see `Learning`."""
        if self.is_settled and not anew:
            return False
        before = self.capabilities
        try:
            self._settle(self._tried())
        except EndpointUnavailableError:
            raise
        except OSError as error:
            if anew:
                raise PathError(f"{self.url} tells nothing about itself: {error}") from None
        return self.capabilities != before

    @property
    def is_settled(self) -> bool:
        """Whether enough is known: see `Learning`."""
        return self._heeded is not None

    @property
    def facts(self) -> Mapping[str, Any] | None:
        """What the next run should be told: see `Learning`."""
        return None if self._heeded is None else asdict(self._heeded)

    @property
    def findings(self) -> Sequence[Finding]:
        """What is known, for people: see `Learning`."""
        heeded = self._heeded or _Heeded()
        new = "a new file overwrites nothing" if heeded.if_none_match else "a look before each new file"
        guarded = f"{' and '.join(heeded.if_match)} guarded by the entity tag" if heeded.if_match else ""
        looked = [method for method in (_PUT, _DELETE) if method not in heeded.if_match]
        look = f"{' and '.join(looked)} by a look just before" if looked else ""
        return (
            Finding("if_none_match", heeded.if_none_match, new),
            Finding("if_match", list(heeded.if_match), "; ".join(filter(None, (guarded, look)))),
            *explained(self.capabilities),
        )

    def _settle(self, heeded: _Heeded) -> None:
        self._heeded = heeded
        self.capabilities = replace(
            self.capabilities,
            creates_exclusively=heeded.if_none_match,
            replaces_exclusively=set(heeded.if_match) == {_PUT, _DELETE},
        )

    def _tried(self) -> _Heeded:
        """Try every condition on an object of our own, with a tag that no object has."""
        full, other = self._full(f"{_SCRATCH}{uuid.uuid4().hex}"), '"' + "0" * 32 + '"'
        create_if(self._connection, full, "", {})
        try:
            return _Heeded(
                if_none_match=_is_refused(
                    lambda: create_if(self._connection, full, "", {"IfNoneMatch": "*"})
                ),
                if_match=tuple(
                    method
                    for method, act in (
                        (_PUT, lambda: create_if(self._connection, full, "", {"IfMatch": other})),
                        (_DELETE, lambda: remove_if(self._connection, full, "", {"IfMatch": other})),
                    )
                    if _is_refused(act)
                ),
            )
        finally:
            with suppress(OSError):
                self._connection.remove(full, "")

    def _place(
        self, path: str, content: Content, demand: Callable[[], None], *, expect: Entry | None, token: str
    ) -> Placed:
        heeded = self._heeded or _Heeded()
        condition = {}
        if expect is None and heeded.if_none_match:
            condition = {"IfNoneMatch": "*"}
        elif expect is not None and expect.etag and _PUT in heeded.if_match:
            condition = {"IfMatch": f'"{expect.etag}"'}
        etag = put_if(self._connection, self._full(path), path, content, demand, condition)
        return Placed(etag=etag)

    def _take(self, path: str, expect: Entry) -> None:
        condition = {}
        if expect.etag and _DELETE in (self._heeded or _Heeded()).if_match:
            condition = {"IfMatch": f'"{expect.etag}"'}
        remove_if(self._connection, self._full(path), path, condition)


def _is_refused(act: Callable[[], object]) -> bool:
    """Whether a service says that the condition does not hold; that it knows none is no such answer."""
    try:
        act()
    except StaleEntryError:
        return True
    except EndpointUnavailableError:
        raise
    except OSError as error:
        if getattr(error, "retryable", False) or isinstance(error, ConnectionError | TimeoutError):
            raise  # nothing is known yet
        return False
    return False
