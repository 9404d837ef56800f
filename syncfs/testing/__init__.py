"""What the tests of a program, or of a plugin, that syncs can use.

`trees` writes and reads directory trees as literals. Conformance suites, strategies and fault injection
come here as they are made for others to use.
"""

from syncfs.testing.trees import Link, Node, Tree, read_tree, write_tree

__all__ = ["Link", "Node", "Tree", "read_tree", "write_tree"]
