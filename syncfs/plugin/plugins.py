"""The plugins of one run: what they offer by name, and how guards and observers among them are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import MISSING
from functools import cached_property
from itertools import chain
from os import PathLike
from typing import Any, NamedTuple, cast

import pluggy

from syncfs.core.compare import Comparator
from syncfs.core.conflict import ConflictPolicy
from syncfs.core.event import Event
from syncfs.core.plan import Plan
from syncfs.core.report import Report
from syncfs.core.selection import Filter
from syncfs.core.settings import Settings
from syncfs.endpoint.endpoint import Endpoint
from syncfs.errors import ConfigError, PluginError, SyncfsError
from syncfs.plugin.composed import ByPattern, FromCallable
from syncfs.plugin.offers import (
    COMPARATOR,
    EXECUTOR,
    FILTER,
    KINDS,
    POLICY,
    STATE_STORE,
    Kind,
    Offers,
    Origin,
    call,
    chosen,
    offers_of,
    words,
)
from syncfs.plugin.options import options_of
from syncfs.plugin.strategies import ExecutorStrategy, StateStore

__all__ = ["PluginRow", "Plugins"]

_GUARD = "syncfs_check_plan"
_ENDPOINT = "syncfs_endpoint"
_OBSERVERS = ("syncfs_run_started", "syncfs_plan_ready", "syncfs_events", "syncfs_run_finished")
_PATTERNS = "gitignore"
"""The filter that takes plain patterns: a plugin like the others."""
_FILTER_PREFIX = "filter:"
_STORE_PREFIX = "store:"


class PluginRow(NamedTuple):
    """One thing that plugins offer, or one plugin that is left out.

    Attributes:
        kind: `comparator`, `policy`, `filter`, `executor`, `state store`, `endpoint`, `guard`, `observer`;
            `plugin` for one that is left out.
        name: By which it is chosen; for endpoints, guards, observers and plugins the plugin's name.
        distribution: Where it comes from; empty for an object that was given.
        version: The distribution's.
        enabled: False for a plugin that is left out: it was not even imported.
        summary: The first line of its docstring.
        plugin: The name by which `-p no:NAME` leaves it out.
        options: What may follow its name, with the defaults: `percent=5, floor=0`.
    """

    kind: str
    name: str
    distribution: str
    version: str
    enabled: bool
    summary: str
    plugin: str
    options: str = ""


class Plugins:
    """Plugins, loaded; made by `syncfs.plugin.load`. May be used by several threads at once.

    Args:
        manager: pluggy's manager, with every plugin registered.
        origins: Where each registered plugin comes from, by its name.
        left_out: The plugins that were left out.
    """

    def __init__(
        self, manager: pluggy.PluginManager, origins: Mapping[str, Origin], left_out: Iterable[Origin] = ()
    ) -> None:
        self._manager = manager
        self._origins = origins
        self._left_out = tuple(left_out)

    # -- strategies ------------------------------------------------------------------------------

    def comparators(self) -> dict[str, type[Comparator]]:
        """Every comparator class by its name.

        Raises:
            PluginError: Two have one name, or one is no comparator. The next four likewise.
        """
        return self._strategies(COMPARATOR)

    def policies(self) -> dict[str, type[ConflictPolicy]]:
        """Every conflict policy class by its name."""
        return self._strategies(POLICY)

    def filters(self) -> dict[str, type[Filter]]:
        """Every filter class by its name."""
        return self._strategies(FILTER)

    def executors(self) -> dict[str, type[ExecutorStrategy]]:
        """Every executor strategy's class by its name."""
        return self._strategies(EXECUTOR)

    def state_stores(self) -> dict[str, type[StateStore]]:
        """Every state store's class by its name."""
        return self._strategies(STATE_STORE)

    def comparator(self, spec: str | Comparator) -> Comparator:
        """The comparator of that name, with the options that follow it; or the given object itself.

        Args:
            spec: `NAME`, `NAME:KEY=VALUE,KEY=VALUE`, or an object.

        Raises:
            ConfigError: No plugin has that name (the message lists those that are known), it has no such
                option, or the object is no comparator.
        """
        return cast(Comparator, self._chosen(COMPARATOR, spec))

    def executor(self, spec: Any) -> Executor | ExecutorStrategy | None:
        """What `executor` means: a name like a comparator's, a strategy, an executor, or None for threads.

        Raises:
            ConfigError: As for a comparator.
        """
        if spec is None or (callable(getattr(spec, "submit", None)) and not isinstance(spec, type)):
            return cast("Executor | None", spec)
        return cast(ExecutorStrategy, self._chosen(EXECUTOR, spec))

    def state(self, spec: Any) -> Any:
        """What `state` means: `store:NAME` (with options) becomes that plugin's store, all else stays.

        Raises:
            ConfigError: As for a comparator.
        """
        if isinstance(spec, str) and spec.startswith(_STORE_PREFIX):
            return self._chosen(STATE_STORE, spec.removeprefix(_STORE_PREFIX))
        # A Path has a name and can be opened, and is no store all the same.
        return spec if isinstance(spec, str | PathLike | None) else self._chosen(STATE_STORE, spec)

    def endpoint(self, fs: Any, path: str) -> Endpoint | None:
        """Ask plugins for the endpoint of a filesystem that syncfs does not know; the first answer counts.

        Raises:
            PluginError: A plugin fails, or answers something that is no endpoint.
        """
        for impl in self._impls(_ENDPOINT):
            origin = self._origins[impl.plugin_name]
            try:
                made = call(impl, {"fs": fs, "path": path})
            except SyncfsError:
                raise  # it says itself what is wrong with the place
            except Exception as error:
                raise PluginError(
                    f"{origin} failed in {_ENDPOINT} ({words(error)}); {origin.remedy}"
                ) from error
            if made is None:
                continue
            if not isinstance(made, Endpoint):
                raise PluginError(
                    f"{origin}: {_ENDPOINT} gave {made!r}, which is no endpoint; {origin.remedy}"
                )
            return made
        return None

    def policy(self, spec: Any) -> ConflictPolicy:
        """The conflict policy that `on_conflict` means.

        Args:
            spec: A name (with options, as for a comparator), a policy object, a callable that takes a
                `Conflict` and returns a `Resolution` or its word, or a mapping of gitignore patterns to any
                of these: the first that matches
                decides, `newer` where none does.

        Raises:
            ConfigError: A name is unknown, a pattern is none, or the object is no policy.
        """
        if isinstance(spec, Mapping):
            policies = tuple((self._pattern((pattern,)), self.policy(each)) for pattern, each in spec.items())
            return ByPattern(policies, self.policy("newer"))
        if callable(spec) and not isinstance(spec, type) and not hasattr(spec, POLICY.method):
            return FromCallable(spec)
        return cast(ConflictPolicy, self._chosen(POLICY, spec))

    def selectors(self, specs: Sequence[str | Filter]) -> tuple[Filter, ...]:
        """The filters that `include` or `exclude` mean.

        Args:
            specs: Patterns in gitignore syntax, which together are like the lines of one file (so that a
                later `!` takes back); `filter:NAME` for a plugin's filter; filter objects.

        Raises:
            ConfigError: A pattern is none, a name is unknown, or an object is no filter.
        """
        if isinstance(specs, str):
            raise ConfigError(f"include, exclude: give a list of patterns, not the string {specs!r}")
        patterns: list[str] = []
        filters: list[Filter] = []
        for spec in specs:
            if isinstance(spec, str) and not spec.startswith(_FILTER_PREFIX):
                patterns.append(spec)
            else:
                name = spec.removeprefix(_FILTER_PREFIX) if isinstance(spec, str) else spec
                filters.append(self._chosen(FILTER, name))
        return (*((self._pattern(tuple(patterns)),) if patterns else ()), *filters)

    def listing(self) -> list[PluginRow]:
        """Everything that plugins offer, for `syncfs plugins`: by kind, then in the order of registration."""
        rows = [
            _row(kind.label, name, offer.origin, offer.strategy)
            for kind in KINDS
            for name, offer in self._offers[kind].items()
        ]
        watching = {impl.plugin_name: impl for impl in chain(*map(self._impls, _OBSERVERS))}
        for label, impls in (
            ("endpoint", self._impls(_ENDPOINT)),
            ("guard", self._impls(_GUARD)),
            ("observer", watching.values()),
        ):
            for impl in impls:
                origin = self._origins[impl.plugin_name]
                rows.append(_row(label, origin.plugin, origin, impl.plugin))
        rows += [PluginRow("plugin", *origin, False, "left out", origin.plugin) for origin in self._left_out]
        return rows

    # -- guards and observers --------------------------------------------------------------------

    def check_plan(self, plan: Plan, settings: Settings) -> tuple[str, ...]:
        """Ask every guard; the reasons to refuse the plan, empty to let it pass.

        A guard that raises refuses.
        """
        reasons: list[str] = []
        for impl in self._impls(_GUARD):
            try:
                answer = call(impl, {"plan": plan, "settings": settings})
                reasons += [answer] if isinstance(answer, str) else list(answer or ())
            except Exception as error:
                origin = self._origins[impl.plugin_name]
                reasons.append(
                    f"the guard in {origin} failed ({words(error)}), so nobody knows whether the plan is"
                    f" safe: {origin.remedy}"
                )
        return tuple(reasons)

    @cached_property
    def has_observers(self) -> bool:
        """Whether anyone watches; where nobody does, events need not be made."""
        return any(map(self._impls, _OBSERVERS))

    def run_started(self, mode: str, src: str, dst: str) -> tuple[str, ...]:
        """Tell observers that a run began.

        Returns:
            One sentence for each observer that raised: the text of a `Problem`. The others were told all the
            same. The next three likewise; sentences repeat, and whoever calls keeps one of each.
        """
        return self._tell("syncfs_run_started", {"mode": mode, "src": src, "dst": dst})

    def plan_ready(self, plan: Plan) -> tuple[str, ...]:
        """Tell observers that the plan is made."""
        return self._tell("syncfs_plan_ready", {"plan": plan})

    def events(self, events: Sequence[Event]) -> tuple[str, ...]:
        """Tell observers what happened since the last call."""
        return self._tell("syncfs_events", {"events": events})

    def run_finished(self, report: Report) -> tuple[str, ...]:
        """Tell observers that the run ended."""
        return self._tell("syncfs_run_finished", {"report": report})

    # -- inside ----------------------------------------------------------------------------------

    @cached_property
    def _offers(self) -> Mapping[Kind, Offers]:
        return {kind: offers_of(kind, self._impls(kind.hook), self._origins) for kind in KINDS}

    def _strategies(self, kind: Kind) -> dict[str, type[Any]]:
        return {name: offer.strategy for name, offer in self._offers[kind].items()}

    def _chosen(self, kind: Kind, spec: Any) -> Any:
        return chosen(kind, self._offers[kind], spec)

    def _impls(self, hook: str) -> list[pluggy.HookImpl]:
        return cast("pluggy.HookCaller", getattr(self._manager.hook, hook)).get_hookimpls()

    def _pattern(self, patterns: tuple[str, ...]) -> Filter:
        try:
            made: Filter = self._offers[FILTER][_PATTERNS].strategy(patterns)
        except KeyError:
            raise ConfigError(f"patterns need the filter {_PATTERNS!r}, and its plugin is left out") from None
        return made

    def _tell(self, hook: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
        failures: list[str] = []
        for impl in self._impls(hook):
            try:
                call(impl, arguments)
            except Exception as error:
                origin = self._origins[impl.plugin_name]
                failures.append(
                    f"the observer in {origin} failed in {hook} ({words(error)}); {origin.remedy}"
                )
        return tuple(failures)


def _row(kind: str, name: str, origin: Origin, what: Any) -> PluginRow:
    lines = (what.__doc__ or "").strip().splitlines()
    options = options_of(what) if isinstance(what, type) else {}
    return PluginRow(
        kind=kind,
        name=name,
        distribution=origin.distribution,
        version=origin.version,
        enabled=True,
        summary=lines[0] if lines else "",
        plugin=origin.plugin,
        options=", ".join(
            key if default is MISSING else f"{key}={default}" for key, default in options.items()
        ),
    )
