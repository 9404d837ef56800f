"""What the two sides hold before a disturbed run: about forty actions of every kind between them.

Every content is unlike all others, in its bytes and in its size, so that a lost, a mixed and a half-written
one can be told by looking at the bytes alone.
"""

import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from syncfs.core.paths import is_temporary

Files = dict[str, bytes]

BIG_BYTES = 2 << 20
"""Of a large file: more than one chunk, so that it takes the ways of large files."""
_STAMP = re.compile(r"\.conflict-\d{8}T\d{6}")
_BASE_AGE_S, _EDIT_AGE_S = 7200, 600


def content(what: str, size_bytes: int = 0) -> bytes:
    """The bytes of one version of one file; `size_bytes` of them or a few dozen."""
    line = f"{what}.\n".encode()
    return line * (size_bytes // len(line) + 1)


def base() -> Files:
    """What both sides hold when they were last in step."""
    names = [f"keep/{n}.txt" for n in range(4)]
    names += [f"{kind} {n}.txt" for kind in ("edited here", "edited there", "both edited") for n in range(3)]
    names += [f"gone/{where} {n}.txt" for where in ("here", "there") for n in range(2)]
    names += [
        "renamed/here.txt",
        "renamed/there.txt",
        "moved/a.txt",
        "moved/below/b.txt",
        "moved there/c.txt",
    ]
    names += ["edited here, gone there.txt", "gone here, edited there.txt"]
    names += ["file to directory", "directory to file/x.txt", "größe #100%+;&.txt"]
    files = {name: content(f"{name} as it was") for name in names}
    return files | {
        name: content(f"{name} as it was", BIG_BYTES) for name in ("big here.bin", "big there.bin")
    }


def edit_here(root: Path) -> None:
    """What the user does at the left."""
    put(root, {f"edited here {n}.txt": content(f"edit {n} made here") for n in range(3)})
    put(root, {f"both edited {n}.txt": content(f"edit {n} here, of both") for n in range(3)}, late=(0, 2))
    put(root, {f"new here/{n}.txt": content(f"new file {n} from here") for n in range(3)})
    put(root, {"big here.bin": content("big one edited here", BIG_BYTES + 70_000)})
    put(root, {"new big here.bin": content("new big one from here", BIG_BYTES + 140_000)})
    put(root, {"empty here.txt": b"", "edited here, gone there.txt": content("edited here, but gone there")})
    put(root, {"größe #100%+;&.txt": content("größe edited here")})
    for name in ("gone/here 0.txt", "gone/here 1.txt", "gone here, edited there.txt", "file to directory"):
        (root / name).unlink()
    (root / "renamed/here.txt").rename(root / "renamed/here, new name.txt")
    (root / "moved").rename(root / "moved away")
    put(root, {"file to directory/inside.txt": content("inside what was a file")})
    (root / "empty directory here").mkdir()


def edit_there(root: Path) -> None:
    """What another user does at the right."""
    put(root, {f"edited there {n}.txt": content(f"edit {n} made over there") for n in range(3)})
    put(root, {f"both edited {n}.txt": content(f"edit {n} over there, of both") for n in range(3)}, late=(1,))
    put(root, {f"new there/{n}.txt": content(f"new file {n} from over there") for n in range(3)})
    put(root, {"big there.bin": content("big one edited over there", BIG_BYTES + 210_000)})
    put(root, {"empty there.txt": b""})
    put(root, {"gone here, edited there.txt": content("edited over there, but gone here")})
    for name in ("gone/there 0.txt", "gone/there 1.txt", "edited here, gone there.txt"):
        (root / name).unlink()
    (root / "renamed/there.txt").rename(root / "renamed/there, new name.txt")
    (root / "moved there").rename(root / "moved there, away")
    shutil.rmtree(root / "directory to file")
    put(root, {"directory to file": content("a file where a directory was")})


def write_base(root: Path) -> None:
    """Put the base at a root, two hours old."""
    put(root, base(), age_s=_BASE_AGE_S)


def put(root: Path, files: Files, *, age_s: int = _EDIT_AGE_S, late: tuple[int, ...] = ()) -> None:
    """Write files whose mtimes are so old; those at the positions `late` five minutes younger.

    None is so young that it could change again within its clock's grain.
    """
    now_s = time.time()
    for position, (name, data) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        then_s = now_s - age_s - position + (300 if position in late else 0)
        os.utime(path, (then_s, then_s))


def unstamped(files: Files) -> Files:
    """Files by name, without the time in the names of conflict copies."""
    return {_STAMP.sub(".conflict", path): data for path, data in files.items()}


class Seen(NamedTuple):
    """What is at a root.

    Attributes:
        files: What users see.
        directories: Those that users see; with a slash at the end.
        trash: Contents in our trash.
        temporary: Names of our files in the making.
    """

    files: Files
    directories: frozenset[str]
    trash: tuple[bytes, ...]
    temporary: tuple[str, ...]

    @property
    def names(self) -> set[str]:
        """All that users see."""
        return {*self.files, *self.directories}


def see(root: Path) -> Seen:
    """Look at a root, behind everybody's back; what a server moves meanwhile is seen or not."""
    files: Files = {}
    directories: set[str] = set()
    trash: list[bytes] = []
    temporary: list[str] = []
    for directory, below, names in os.walk(root):
        place = Path(directory).relative_to(root)
        ours = place.parts[:1] == (".syncfs",)
        if not ours:
            directories |= {f"{(place / name).as_posix()}/" for name in below if name != ".syncfs"}
        for name in names:
            path = (place / name).as_posix()
            with suppress(FileNotFoundError):
                if is_temporary(name):
                    temporary.append(path)
                elif ours:
                    trash.append((root / path).read_bytes())
                elif not name.startswith(".davfs.tmp"):  # mod_dav_fs's own files in the making
                    files[path] = (root / path).read_bytes()
    return Seen(files, frozenset(directories), tuple(trash), tuple(temporary))
