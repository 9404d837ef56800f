"""The one plugin surface: what a plugin may register, and how plugins are found and asked.

Installing a plugin never changes what a sync does; choosing it by name may. The two exceptions only make a
run safer or watch it: a guard can refuse a plan, an observer is told what happens. `hookspecs` holds every
hook, each with a complete example. A plugin is a module (or any object) that is given as `plugins=` or found
by an entry point:

.. code-block:: toml

    [project.entry-points.syncfs]
    size-parity = "syncfs_size_parity"

Decisions:
    **Hooks register, objects work.** A pluggy call costs 1.6-3.2 µs, a strategy's method 0.08: no hook is
    called for each file. What a registration hook yields is asked for once and kept.
    **The manager is built and passed in.** A module-global one would let two programs in one process, or two
    tests, change each other's syncs.
    **Hook implementations are called one by one**, not through pluggy's caller: it stops at the first that
    raises and does not say whose it was. So hook wrappers do not exist here.
    **Builtins are loaded by name like an entry point**, not imported: they lie a layer above and use the same
    hooks as anyone's. They are no entry point, so that a checkout works without being installed.
    **A taken name is an error.** pluggy drops the second of two plugins of one name silently.
    **A guard that raises refuses.** It was installed to make runs safer, and cannot tell that this one is.
"""

from syncfs.plugin.hookspecs import PROJECT, hookimpl
from syncfs.plugin.manager import load
from syncfs.plugin.plugins import PluginRow, Plugins

__all__ = ["PROJECT", "PluginRow", "Plugins", "hookimpl", "load"]
