"""What the tests of a program, or of a plugin, that syncs can use.

`trees` writes and reads directory trees as literals; `faulty` puts faults into any fsspec filesystem.
Conformance suites and strategies come here as they are made for others to use.
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
