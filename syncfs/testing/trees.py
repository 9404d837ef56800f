"""Directory trees as literals: `{"a/b.txt": "text", "c/": None}`.

A key is a path with slashes. Its value is a file's content, as `str` where it is UTF-8 and as `bytes` where
it is not; `None` for an empty directory, whose key ends with a slash; or a `Link`. Directories that hold
something have no key of their own: the paths below them say so.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Link", "Node", "Tree", "read_tree", "write_tree"]


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link; `target` as it is stored, not resolved."""

    target: str


Node = str | bytes | Link | None
Tree = dict[str, Node]


def write_tree(root: Path, tree: Mapping[str, Node]) -> None:
    """Write `tree` below `root`, making directories as needed, replacing files of the same names.

    What else is there stays. Modification times are whatever the clock says.
    """
    root.mkdir(parents=True, exist_ok=True)
    for name, node in tree.items():
        path = root / name
        if node is None:
            if not name.endswith("/"):
                raise ValueError(f"{name!r}: a directory's name ends with a slash")
            path.mkdir(parents=True, exist_ok=True)
            continue
        if not name or name.endswith("/"):
            raise ValueError(f"{name!r}: a directory has no content, its value is None")
        path.parent.mkdir(parents=True, exist_ok=True)
        match node:
            case Link(target):
                path.symlink_to(target)
            case str():
                # Not write_text: newlines must arrive as they are written here.
                path.write_bytes(node.encode())
            case bytes():
                path.write_bytes(node)


def read_tree(root: Path) -> Tree:
    """What is below `root`, in the shape of this module, sorted by path; nothing is left out.

    Returns:
        The tree; empty for an empty root.

    Raises:
        FileNotFoundError: The root is missing.
        ValueError: Something is neither a file, a directory nor a link.
    """
    tree: Tree = {}
    _read(root, "", tree)
    return tree


def _read(root: Path, prefix: str, tree: Tree) -> None:
    with os.scandir(root / prefix) as found:
        children = sorted(found, key=lambda child: child.name)
    if prefix and not children:
        tree[prefix] = None
    for child in children:
        name = prefix + child.name
        if child.is_symlink():
            tree[name] = Link(os.readlink(child.path))
        elif child.is_dir():
            _read(root, f"{name}/", tree)
        elif child.is_file():
            tree[name] = _text_if_utf8(Path(child.path).read_bytes())
        else:
            raise ValueError(f"{child.path}: neither a file, a directory nor a link")


def _text_if_utf8(content: bytes) -> str | bytes:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content
