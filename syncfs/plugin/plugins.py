"""The plugins of one run: what they offer by name, and how guards and observers among them are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple, cast

import pluggy

from syncfs.core.compare import Comparator
from syncfs.core.conflict import ConflictPolicy
from syncfs.core.event import Event
from syncfs.core.plan import Plan
from syncfs.core.report import Report
from syncfs.core.selection import Filter
from syncfs.core.settings import Settings
from syncfs.errors import ConfigError
from syncfs.plugin.composed import ByPattern, FromCallable
from syncfs.plugin.offers import (
    COMPARATOR,
    FILTER,
    POLICY,
    Kind,
    Offers,
    Origin,
    call,
    chosen,
    offers_of,
    words,
)

__all__ = ["PluginRow", "Plugins"]

_GUARD = "syncfs_check_plan"
_OBSERVERS = ("syncfs_run_started", "syncfs_plan_ready", "syncfs_events", "syncfs_run_finished")
_PATTERNS = "gitignore"
"""The filter that takes plain patterns: a plugin like the others."""
_FILTER_PREFIX = "filter:"


class PluginRow(NamedTuple):
    """One thing that plugins offer, or one plugin that is left out.

    Attributes:
        kind: `comparator`, `policy`, `filter`, `guard`, `observer`; `plugin` for one that is left out.
        name: By which it is chosen; for guards, observers and plugins the plugin's name.
        distribution: Where it comes from; empty for an object that was given.
        version: The distribution's.
        enabled: False for a plugin that is left out: it was not even imported.
        summary: The first line of its docstring.
        plugin: The name by which `-p no:NAME` leaves it out.
    """

    kind: str
    name: str
    distribution: str
    version: str
    enabled: bool
    summary: str
    plugin: str


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
            PluginError: Two have one name, or one is no comparator. The next two likewise.
        """
        return {name: offer.strategy for name, offer in self._comparators.items()}

    def policies(self) -> dict[str, type[ConflictPolicy]]:
        """Every conflict policy class by its name."""
        return {name: offer.strategy for name, offer in self._policies.items()}

    def filters(self) -> dict[str, type[Filter]]:
        """Every filter class by its name."""
        return {name: offer.strategy for name, offer in self._filters.items()}

    def comparator(self, spec: str | Comparator) -> Comparator:
        """The comparator of that name, with its default options; or the given object itself.

        Raises:
            ConfigError: No plugin has that name (the message lists those that are known), or the object is
                no comparator.
        """
        return cast(Comparator, chosen(COMPARATOR, self._comparators, spec))

    def policy(self, spec: Any) -> ConflictPolicy:
        """The conflict policy that `on_conflict` means.

        Args:
            spec: A name, a policy object, a callable that takes a `Conflict` and returns a `Resolution` or
                its word, or a mapping of gitignore patterns to any of these: the first that matches
                decides, `newer` where none does.

        Raises:
            ConfigError: A name is unknown, a pattern is none, or the object is no policy.
        """
        if isinstance(spec, Mapping):
            policies = tuple((self._pattern((pattern,)), self.policy(each)) for pattern, each in spec.items())
            return ByPattern(policies, self.policy("newer"))
        if callable(spec) and not isinstance(spec, type) and not hasattr(spec, POLICY.method):
            return FromCallable(spec)
        return cast(ConflictPolicy, chosen(POLICY, self._policies, spec))

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
                filters.append(chosen(FILTER, self._filters, name))
        return (*((self._pattern(tuple(patterns)),) if patterns else ()), *filters)

    def listing(self) -> list[PluginRow]:
        """Everything that plugins offer, for `syncfs plugins`: by kind, then in the order of registration."""
        rows = [
            _row(kind.label, name, offer.origin, offer.strategy)
            for kind, offers in (
                (COMPARATOR, self._comparators),
                (POLICY, self._policies),
                (FILTER, self._filters),
            )
            for name, offer in offers.items()
        ]
        watching = {impl.plugin_name: impl for impl in chain(*map(self._impls, _OBSERVERS))}
        for label, impls in (("guard", self._impls(_GUARD)), ("observer", watching.values())):
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
    def _comparators(self) -> Offers:
        return self._offers(COMPARATOR)

    @cached_property
    def _policies(self) -> Offers:
        return self._offers(POLICY)

    @cached_property
    def _filters(self) -> Offers:
        return self._offers(FILTER)

    def _offers(self, kind: Kind) -> Offers:
        return offers_of(kind, self._impls(kind.hook), self._origins)

    def _impls(self, hook: str) -> list[pluggy.HookImpl]:
        return cast("pluggy.HookCaller", getattr(self._manager.hook, hook)).get_hookimpls()

    def _pattern(self, patterns: tuple[str, ...]) -> Filter:
        try:
            made: Filter = self._filters[_PATTERNS].strategy(patterns)
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


def _row(kind: str, name: str, origin: Origin, what: object) -> PluginRow:
    lines = (what.__doc__ or "").strip().splitlines()
    return PluginRow(
        kind, name, origin.distribution, origin.version, True, lines[0] if lines else "", origin.plugin
    )
