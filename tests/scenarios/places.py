"""Where a scenario's trees live, seen as their users see them: edited and read behind syncfs's back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from syncfs.core.paths import temp_name
from syncfs.testing import Link, Node, Tree, read_tree, write_tree
from tests.scenarios.scenario import (
    Chmod,
    Edit,
    Exchange,
    Leftover,
    Move,
    Remove,
    Symlink,
    Touch,
    Unmount,
    Vanish,
    Write,
    as_edits,
)

STAMP = "20260101T000000"
"""The time in the names of kept losers."""

Stamps = dict[str, tuple[Any, ...]]
"""Path to what tells that nobody wrote there."""


def full(path: str) -> str:
    """A path of a table as it really is."""
    return path.replace(".conflict-src", f".conflict-{STAMP}-src").replace(
        ".conflict-dst", f".conflict-{STAMP}-dst"
    )


def short(path: str) -> str:
    """The inverse of `full`."""
    return path.replace(f".conflict-{STAMP}-", ".conflict-")


class Place(Protocol):
    """One directory.

    Attributes:
        given: What the Syncer is given for it.
        options: And as its `src_path` or `dst_path`.
        name: Its name, where the endpoint has none.
        src: The path of the source's root, without the slash before it: `{root}` in paths.
    """

    given: Any
    path: str
    name: str | None
    src: str

    def edit(self, edits: Iterable[Edit], at: Callable[[], int], run: str) -> None:
        """Do what users do; `at` gives each edit's time in nanoseconds, `run` is the last run's id."""

    def everything(self) -> Tree:
        """All that is there, our own directory too; paths as the tables write them."""

    def stamps(self) -> Stamps:
        """What changes when anybody writes."""


def visible(tree: Mapping[str, Node]) -> Tree:
    """What users see: all but our own directory."""
    return {path: node for path, node in tree.items() if path.partition("/")[0] != ".syncfs"}


class Disk:
    """A directory of this machine; what a WebDAV server shows is one too."""

    name: str | None = None
    path: str = ""

    def __init__(
        self,
        root: Path,
        given: Any,
        *,
        outside: Path,
        src: Path,
        adopt: Callable[[Path], None] = lambda path: None,
        lists_dotfiles: bool = True,
    ) -> None:
        self.root, self.given, self.outside, self.adopt = root, given, outside, adopt
        self.lists_dotfiles = lists_dotfiles
        self.src = str(src).strip("/")

    def edit(self, edits: Iterable[Edit], at: Callable[[], int], run: str) -> None:
        for edit in edits:
            self._edit(edit, at(), run)
        if self.root.exists():
            self.adopt(self.root)

    def _edit(self, edit: Edit, now_ns: int, run: str) -> None:
        match edit:
            case Write(path, content):
                target = self._at(path)
                target.parent.mkdir(parents=True, exist_ok=True)
                if path.endswith("/"):
                    target.mkdir(exist_ok=True)
                    return
                before_ns = target.stat().st_mtime_ns if edit.keeps_time else 0
                target.write_bytes(content.encode() if isinstance(content, str) else content)
                if edit.ago_s is not None:
                    now_ns -= int(edit.ago_s * 1e9)
                now_ns = before_ns or now_ns
                os.utime(target, ns=(now_ns, now_ns))
            case Remove(path):
                target = self._at(path)
                if target.is_dir() and not target.is_symlink():
                    shutil.rmtree(target)
                else:
                    target.unlink()
            case Move(path, to):
                self._at(to).parent.mkdir(parents=True, exist_ok=True)
                self._at(path).rename(self._at(to))
            case Touch(path, at_ns, shift_s):
                target = self._at(path)
                at_ns = target.stat().st_mtime_ns + shift_s * 10**9 if at_ns is None else at_ns
                os.utime(target, ns=(at_ns, at_ns))
            case Chmod(path, mode):
                self._at(path).chmod(mode)
            case Symlink(path, target_path):
                self._at(path).symlink_to(target_path.replace("{outside}", str(self.outside)))
            case Unmount():
                shutil.rmtree(self.root)
                self.root.mkdir()
            case Vanish():
                shutil.rmtree(self.root)
            case Exchange(tree):
                # The old one stays elsewhere: else the new one might get its inode.
                self.root.rename(self.root.with_name(f"{self.root.name}-before"))
                write_tree(self.root, tree)
            case Leftover(directory, ours):
                name = temp_name(f"{run if ours else '20200101T000000Zabc'}-7", hidden=self.lists_dotfiles)
                (self.root / directory / name).write_text("part")

    def _at(self, path: str) -> Path:
        path = path.replace("{root}", self.src)
        return self.root / full(path)

    def everything(self) -> Tree:
        if not self.root.exists():
            return {}
        return {
            self._told(path): Link(node.target.replace(str(self.outside), "{outside}"))
            if isinstance(node, Link)
            else node
            for path, node in read_tree(self.root).items()
        }

    def _told(self, path: str) -> str:
        """As the tables write it: they know only the one way to name a leftover."""
        if not self.lists_dotfiles:
            path = path.replace("/syncfs-tmp-", "/.syncfs-tmp-")
        return short(path).replace(self.src, "{root}")

    def stamps(self) -> Stamps:
        stamps: Stamps = {}
        for directory, _, names in os.walk(self.root):
            for path in (directory, *(os.path.join(directory, name) for name in names)):
                found = os.lstat(path)
                stamps[path] = (found.st_mode, found.st_size, found.st_mtime_ns, found.st_ino)
        return stamps


class Memory:
    """A directory of fsspec's filesystem in memory."""

    def __init__(self, root: str, src: str) -> None:
        from fsspec.implementations.memory import MemoryFileSystem

        self.given, self.path = MemoryFileSystem(), root
        self.name: str | None = f"memory:/{root}"
        self.given.mkdirs(root)
        self.src = src.strip("/")

    def edit(self, edits: Iterable[Edit], at: Callable[[], int], run: str) -> None:
        for edit in edits:
            self._edit(edit, at(), run)

    def _edit(self, edit: Edit, now_ns: int, run: str) -> None:
        fs = self.given
        match edit:
            case Write(path, content):
                target = self._at(path).rstrip("/")
                fs.makedirs(target.rpartition("/")[0], exist_ok=True)
                if path.endswith("/"):
                    fs.makedirs(target, exist_ok=True)
                    return
                before = fs.store[target].created if edit.keeps_time else None
                fs.pipe_file(target, content.encode() if isinstance(content, str) else content)
                if edit.ago_s is not None:
                    now_ns -= int(edit.ago_s * 1e9)
                self._stamp(target, before or _time(now_ns))
            case Remove(path):
                fs.rm(self._at(path), recursive=True)
            case Move(path, to):
                self._move(self._at(path), self._at(to))
            case Touch(path, at_ns, shift_s):
                before_ns = int(fs.store[self._at(path)].created.timestamp() * 1e6) * 1000
                self._stamp(self._at(path), _time(before_ns + shift_s * 10**9 if at_ns is None else at_ns))
            case Unmount():
                self._clear()
                fs.makedirs(self.path)
            case Vanish():
                self._clear()
            case Exchange(tree):
                self._clear()
                fs.makedirs(self.path)
                self.edit(as_edits(tree), lambda: now_ns, run)
            case Leftover(directory, ours):
                name = temp_name(f"{run if ours else '20200101T000000Zabc'}-7")
                fs.pipe_file("/".join(filter(None, (self.path, directory, name))), b"part")
            case Chmod() | Symlink():
                raise AssertionError("nothing of the kind in memory")

    def _move(self, path: str, to: str) -> None:
        fs = self.given
        fs.makedirs(to.rpartition("/")[0], exist_ok=True)
        for name in [each for each in fs.store if each == path or each.startswith(f"{path}/")]:
            fs.store[to + name[len(path) :]] = fs.store.pop(name)
        for name in [each for each in fs.pseudo_dirs if each == path or each.startswith(f"{path}/")]:
            fs.pseudo_dirs.remove(name)
            fs.pseudo_dirs.append(to + name[len(path) :])

    def _clear(self) -> None:
        self.given.rm(self.path, recursive=True)

    def _stamp(self, target: str, time: datetime) -> None:
        self.given.store[target].created = self.given.store[target].modified = time

    def _at(self, path: str) -> str:
        return f"{self.path}/{full(path.replace('{root}', self.src))}"

    def everything(self) -> Tree:
        fs, below = self.given, f"{self.path}/"
        tree: Tree = {}
        for name, file in fs.store.items():
            if name.startswith(below):
                content = file.getvalue()
                try:
                    tree[name[len(below) :]] = content.decode()
                except UnicodeDecodeError:
                    tree[name[len(below) :]] = content
        for name in fs.pseudo_dirs:
            if name.startswith(below) and not any(
                each.startswith(f"{name}/") for each in (*fs.store, *fs.pseudo_dirs)
            ):
                tree[f"{name[len(below) :]}/"] = None
        return {short(path).replace(self.src, "{root}"): node for path, node in sorted(tree.items())}

    def stamps(self) -> Stamps:
        fs = self.given
        files = {
            name: (file.getvalue(), file.created)
            for name, file in fs.store.items()
            if name.startswith(self.path)
        }
        return files | {name: () for name in fs.pseudo_dirs if name.startswith(self.path)}


def _time(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns / 1e9, UTC)
