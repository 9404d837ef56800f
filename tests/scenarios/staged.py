"""A Syncer whose endpoints are wrapped, in this process or in one that can be killed."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from syncfs import Syncer
from syncfs.core.settings import Settings
from syncfs.engine import opening
from syncfs.plugin import load
from tests.scenarios.folding import wrap
from tests.scenarios.places import STAMP
from tests.scenarios.wrapped import Hook, Rewrite


@functools.cache
def _plugins() -> Any:
    """One manager for all: to look for plugins takes longer than a small run."""
    return load(None)


def _no_hook(call: str, path: str, over: bool) -> None:
    """Nothing happens."""


def _as_it_is(path: str, listing: Any) -> Any:
    return listing


class Staged(Syncer):
    """A Syncer that calls hooks."""

    def __init__(
        self,
        src: Any,
        dst: Any,
        *,
        names: Sequence[str | None] = (None, None),
        hooks: Sequence[Hook] = (_no_hook, _no_hook),
        rewrites: Sequence[Rewrite] = (_as_it_is, _as_it_is),
        kind: str = "",
        **options: Any,
    ) -> None:
        super().__init__(src, dst, plugins=_plugins(), **options)
        left, right = (
            wrap(each, side, identity=name, hook=hook, rewrite=rewrite)
            for each, side, name, hook, rewrite in zip(
                ("", kind), self._choices.sides, names, hooks, rewrites, strict=True
            )
        )
        self._choices = replace(self._choices, sides=(left, right))

    @property
    def selection(self) -> Any:
        """Which paths are synced."""
        return self._choices.selection

    @property
    def identities(self) -> tuple[str | None, str | None]:
        """What the state is named after."""
        left, right = self._choices.sides
        return left.identity, right.identity


def stamped(settings: Callable[..., Settings]) -> Callable[..., Settings]:
    """What `syncfs.engine.opening._settings` makes, with one fixed time in the names of kept losers."""
    return lambda *arguments: replace(settings(*arguments), stamp=STAMP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """When the process is killed: at the `nth` call, of one kind on one side or of any that matters."""

    side: int | None = None
    call: str | None = None
    path: str | None = None
    nth: int = 1


def run_and_die(given: tuple[Any, Any], options: dict[str, Any], command: str, death: Death) -> int:
    """Run a command in a process of its own that is killed as with `kill -9`; its exit code.

    Forked from a server that has one thread: a fork of this process would take the locks of its threads with
    it.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=_live, args=(given, options, command, death), daemon=True)
    process.start()
    process.join(60)
    assert process.exitcode is not None, "the killed run hangs"
    return process.exitcode


def _live(given: tuple[Any, Any], options: dict[str, Any], command: str, death: Death) -> None:
    opening._settings = stamped(opening._settings)
    count = 0

    def hook_of(side: int) -> Hook:
        def hook(call: str, path: str, over: bool) -> None:
            nonlocal count
            if death.side is not None and side != death.side:
                return
            if call != death.call if death.call is not None else call in ("stat", "list"):
                return
            if death.path not in (None, path) or (death.call is not None and over):
                return
            count += 1
            if count >= death.nth:
                os.kill(os.getpid(), signal.SIGKILL)

        return hook

    syncer = Staged(*given, hooks=(hook_of(0), hook_of(1)), jobs=1 if death.call is None else 32, **options)
    getattr(syncer, command)()
