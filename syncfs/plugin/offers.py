"""What plugins offer by name: collected once, chosen by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pluggy

from syncfs.errors import ConfigError, PluginError
from syncfs.plugin.options import made_with, split_word

__all__ = [
    "COMPARATOR",
    "EXECUTOR",
    "FILTER",
    "KINDS",
    "POLICY",
    "STATE_STORE",
    "Kind",
    "Offer",
    "Offers",
    "Origin",
    "call",
    "chosen",
    "offers_of",
    "words",
]


class Origin(NamedTuple):
    """Where a plugin comes from.

    Attributes:
        plugin: The name by which `-p no:NAME` leaves it out.
        distribution: The installed distribution; empty for an object that was given.
        version: The distribution's; empty likewise.
    """

    plugin: str
    distribution: str = ""
    version: str = ""

    def __str__(self) -> str:
        if not self.distribution:
            return f"plugin {self.plugin!r}"
        return f"plugin {self.plugin!r} of the distribution {self.distribution} {self.version}".rstrip()

    @property
    def remedy(self) -> str:
        """What to do about a plugin that stands in the way."""
        return f"leave it out with -p no:{self.plugin}"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of strategy: its words, its hook, and the method that does the work."""

    label: str
    plural: str
    hook: str
    method: str


COMPARATOR = Kind("comparator", "comparators", "syncfs_comparators", "compare")
POLICY = Kind("policy", "policies", "syncfs_conflict_policies", "resolve")
FILTER = Kind("filter", "filters", "syncfs_filters", "matches")
EXECUTOR = Kind("executor", "executors", "syncfs_executors", "open")
STATE_STORE = Kind("state store", "state stores", "syncfs_state_stores", "open")

KINDS = (COMPARATOR, POLICY, FILTER, EXECUTOR, STATE_STORE)
"""In the order in which they are listed."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""A strategy's name: nothing that `NAME:KEY=VALUE` or `PATTERN=NAME` could be taken apart at."""


class Offer(NamedTuple):
    """A strategy's class, and whose it is."""

    strategy: type[Any]
    origin: Origin


Offers = Mapping[str, Offer]
"""By the strategies' names, in the order of registration."""


def offers_of(kind: Kind, impls: Iterable[pluggy.HookImpl], origins: Mapping[str, Origin]) -> Offers:
    """Ask each implementation of a registration hook what it offers.

    Raises:
        PluginError: Two strategies have one name, one of them is none, or an implementation fails.
    """
    offers: dict[str, Offer] = {}
    for impl in impls:
        origin = origins[impl.plugin_name]
        for strategy in _registered(kind, impl, origin):
            if taken := offers.get(strategy.name):
                raise PluginError(
                    f"two {kind.plural} are named {strategy.name!r}: one in {taken.origin}, one in {origin};"
                    f" leave one of these plugins out with -p no:{origin.plugin}"
                )
            offers[strategy.name] = Offer(strategy, origin)
    return offers


def _registered(kind: Kind, impl: pluggy.HookImpl, origin: Origin) -> Iterator[type[Any]]:
    try:
        given = list(call(impl, {}) or ())
    except Exception as error:
        raise PluginError(f"{origin} failed in {kind.hook} ({words(error)}); {origin.remedy}") from error
    for each in given:
        name = getattr(each, "name", None)
        if not isinstance(each, type) or not isinstance(name, str) or not name:
            wanted = "a class with a name of type str"
        elif not _NAME.fullmatch(name):
            wanted = "a class whose name is made of letters, digits, dots and dashes"
        elif not callable(getattr(each, kind.method, None)):
            wanted = f"a class with a method {kind.method}"
        else:
            yield each
            continue
        raise PluginError(f"{origin}: {kind.hook} must yield {wanted}, not {each!r}; {origin.remedy}")


def chosen(kind: Kind, offers: Offers, spec: Any) -> Any:
    """A strategy of that name, with the options that follow it (`NAME:KEY=VALUE,...`); or the given object.

    Raises:
        ConfigError: Nothing has that name (the message lists what has one), it has no such option, or the
            object is no such strategy.
        PluginError: The strategy cannot be made without arguments.
    """
    if isinstance(spec, str):
        name, options = split_word(spec)
        offer = offers.get(name)
        if offer is None:
            import difflib

            close = difflib.get_close_matches(name, offers, n=1)
            guess = f" Did you mean {close[0]!r}?" if close else ""
            known = ", ".join(sorted(offers)) or "none; a plugin may offer one"
            raise ConfigError(f"no {kind.label} is named {name!r}.{guess} Known {kind.plural}: {known}")
        try:
            return made_with(offer.strategy, options, f"the {kind.label} {name!r}")
        except TypeError as error:
            raise PluginError(
                f"{offer.origin}: the {kind.label} {name!r} cannot be made without arguments ({error});"
                " give it as an object"
            ) from error
    if isinstance(spec, type):
        raise ConfigError(f"{spec.__name__} is a class: give an object, {spec.__name__}(...), or a name")
    if not callable(getattr(spec, kind.method, None)):
        raise ConfigError(f"{spec!r} is no {kind.label}: it has no method {kind.method}")
    return spec


def call(impl: pluggy.HookImpl, arguments: Mapping[str, Any]) -> Any:
    """Call one implementation with those arguments that it names."""
    return impl.function(*[arguments[name] for name in impl.argnames])


def words(error: BaseException) -> str:
    """An exception in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
