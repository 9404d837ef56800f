"""Find plugins and load them."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pluggy

from syncfs._version import __version__
from syncfs.errors import ConfigError, PluginError
from syncfs.plugin import hookspecs
from syncfs.plugin.offers import Origin, words
from syncfs.plugin.plugins import Plugins

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["NO_AUTOLOAD", "Plugins", "installed", "load"]

NO_AUTOLOAD = "SYNCFS_DISABLE_PLUGIN_AUTOLOAD"
"""The environment variable which, set to 1, keeps installed plugins from being loaded."""

_BUILTINS = "syncfs.builtins"
_PLAIN_FINDERS = frozenset(
    {"_frozen_importlib", "_frozen_importlib_external", "_virtualenv", "_distutils_hack"}
)
"""Whose classes on `sys.meta_path` find distributions nowhere but in the directories of `sys.path`."""


def load(plugins: Iterable[object] | Plugins | None = None, *, disabled: Collection[str] = ()) -> Plugins:
    """Load plugins: what is shipped, what is installed, what is given, in this order.

    Args:
        plugins: Modules or objects with hook implementations; an object's `name`, `__name__` or class name
            is its plugin's name. Plugins that are loaded already are given back as they are.
        disabled: Names of plugins to leave out, unimported. A name that no plugin has is no error, so that
            one command serves machines with unlike plugins.

    Returns:
        The plugins; nothing global changes.

    Raises:
        PluginError: A plugin does not import, misspells a hook or its arguments, or two have one name. The
            message names the distribution and the flag that leaves the plugin out.
        ConfigError: A given plugin is a string or a class.
    """
    if isinstance(plugins, Plugins):
        return plugins
    loading = _Loading(frozenset(disabled))
    for name, plugin in _builtins().items():
        loading.add(plugin, Origin(name, "syncfs", __version__))
    if os.environ.get(NO_AUTOLOAD) != "1":
        for origin, entry_point in installed():
            loading.add_installed(entry_point, origin)
    for plugin in plugins or ():
        loading.add(plugin, Origin(_name_of(plugin)))
    return loading.done()


class _Loading:
    """Plugins while they are being loaded."""

    def __init__(self, disabled: frozenset[str]) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._disabled = disabled
        self._origins: dict[str, Origin] = {}
        self._left_out: list[Origin] = []

    def add_installed(self, entry_point: EntryPoint, origin: Origin) -> None:
        """Import an installed plugin, unless it is disabled or its name is taken."""
        if not self._is_wanted(origin):
            return
        try:
            plugin = entry_point.load()
        except Exception as error:
            raise PluginError(f"{origin} does not load ({words(error)}); {origin.remedy}") from error
        self._register(plugin, origin)

    def add(self, plugin: object, origin: Origin) -> None:
        """Register a plugin that is there already, unless it is disabled or its name is taken."""
        if self._is_wanted(origin):
            self._register(plugin, origin)

    def done(self) -> Plugins:
        """Give what was loaded."""
        return Plugins(self._manager, self._origins, self._left_out)

    def _is_wanted(self, origin: Origin) -> bool:
        if origin.plugin in self._disabled:
            self._left_out.append(origin)
            return False
        if taken := self._origins.get(origin.plugin):
            raise PluginError(
                f"two plugins are named {origin.plugin!r}: {taken}, and {origin}; uninstall one, or leave"
                f" both out with -p no:{origin.plugin}"
            )
        return True

    def _register(self, plugin: object, origin: Origin) -> None:
        try:
            self._manager.register(plugin, origin.plugin)
            self._manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            raise PluginError(f"{origin}: {' '.join(str(error).split())}; {origin.remedy}") from error
        self._origins[origin.plugin] = origin


def _builtins() -> Mapping[str, object]:
    # By name, as an entry point would: the layer above cannot be imported from here.
    plugins: Mapping[str, object] = importlib.import_module(_BUILTINS).PLUGINS
    return plugins


def installed() -> Iterator[tuple[Origin, EntryPoint]]:
    """Every plugin that is installed, with where it comes from; none is imported."""
    if not _may_have_plugins(sys.path):
        return
    # Imported here: it costs up to 60 ms, which who has no plugin need not pay.
    from importlib.metadata import entry_points

    for entry_point in entry_points(group=hookspecs.PROJECT):
        distribution = entry_point.dist
        name, version = (distribution.name, distribution.version) if distribution else ("", "")
        yield Origin(entry_point.name, name, version), entry_point


def _may_have_plugins(places: Iterable[str]) -> bool:
    """Whether some distribution speaks of our entry points, found out without reading what they are.

    True also where that cannot be told: distributions may lie in archives, or be found by other means.
    """
    if any(
        finder.__module__.partition(".")[0] not in _PLAIN_FINDERS for finder in map(_class_of, sys.meta_path)
    ):
        return True
    group = f"[{hookspecs.PROJECT}]".encode()
    for place in places:
        try:
            with os.scandir(place or ".") as found:
                names = [
                    each.name for each in found if each.name.lower().endswith((".dist-info", "egg-info"))
                ]
        except NotADirectoryError:
            return True  # a zip file
        except OSError:
            continue
        for name in names:
            try:
                with open(os.path.join(place, name, "entry_points.txt"), "rb") as file:
                    if group in file.read():
                        return True
            except OSError:
                continue
    return False


def _class_of(finder: object) -> type:
    return finder if isinstance(finder, type) else type(finder)


def _name_of(plugin: Any) -> str:
    if isinstance(plugin, str | type):
        raise ConfigError(f"plugins: {plugin!r} is no plugin; give a module or an object with hooks")
    for attribute in ("name", "__name__"):
        if isinstance(name := getattr(plugin, attribute, None), str) and name:
            return name
    return type(plugin).__name__
