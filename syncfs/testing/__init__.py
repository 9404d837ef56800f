"""What the tests of a program, or of a plugin, that syncs can use.

`trees` writes and reads directory trees as literals; `faulty` puts faults into any fsspec filesystem. These
need nothing that syncfs does not. The rest needs `pip install 'syncfs[testing]'` and is imported from where
it is:

- A suite of laws for each kind of plugin, to be subclassed: `comparators`, `policies`, `filters`, `guards`,
  `observers`, `executors`, `stores`, and `conformance` for endpoints.
- `strategies`: Hypothesis strategies for what plugins are given.

`world` plays whole runs on two sides in memory (`side`), as the core's own laws do.
"""

from syncfs.testing.faulty import (
    BreakAfter,
    Delay,
    Fault,
    FaultyFileSystem,
    FlipBit,
    Mishap,
    RaiseAfter,
    RaiseBefore,
    Repeat,
    ShortRead,
    ShortWrite,
)
from syncfs.testing.trees import Link, Node, Tree, read_tree, write_tree

__all__ = [
    "BreakAfter",
    "Delay",
    "Fault",
    "FaultyFileSystem",
    "FlipBit",
    "Link",
    "Mishap",
    "Node",
    "RaiseAfter",
    "RaiseBefore",
    "Repeat",
    "ShortRead",
    "ShortWrite",
    "Tree",
    "read_tree",
    "write_tree",
]
