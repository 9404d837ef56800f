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
    **`syncfs_endpoint` is asked only about protocols that syncfs does not know.** Installing a plugin then
    cannot change what a sync of a known place does; a URL of the plugin's own protocol chooses it. An
    endpoint of one's own for a known filesystem is given as an object.
    **A strategy's options follow its name in one word** (`size-band:percent=5`): the command line, a plan's
    options and a pipeline's JSON hold words only. `store:` marks a state store, as `filter:` does a filter,
    because a bare word is a file's name there.
    **All registration hooks are asked at the first choice**, not each kind at its own: a name that is taken
    twice is found at once, whichever kind is wanted.
    **A taken name is an error.** pluggy drops the second of two plugins of one name silently.
    **A guard that raises refuses.** It was installed to make runs safer, and cannot tell that this one is.
"""

from syncfs.plugin.hookspecs import PROJECT, hookimpl
from syncfs.plugin.manager import load
from syncfs.plugin.plugins import PluginRow, Plugins
from syncfs.plugin.strategies import Elsewhere, ElsewhereExecutor, ExecutorStrategy, StateStore

__all__ = [
    "PROJECT",
    "Elsewhere",
    "ElsewhereExecutor",
    "ExecutorStrategy",
    "PluginRow",
    "Plugins",
    "StateStore",
    "hookimpl",
    "load",
]
