"""What the tests of a program, or of a plugin, that syncs can use.

`trees` writes and reads directory trees as literals; `faulty` puts faults into any fsspec filesystem;
`conformance` is the suite that every endpoint has to pass. Suites and strategies need pytest and Hypothesis,
so they are imported by their own names only.
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
