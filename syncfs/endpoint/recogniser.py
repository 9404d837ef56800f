"""Ask a process of its own which directories of a local tree still bear their marks.

Under one interpreter's lock two trees are looked at one after the other, on machines whose cores wait; and
the lock changes hands at every `lstat` where threads are used. A process for each side looks at both at once.

Decisions:
    It is only ever believed when it says that a directory bears its mark: that it does not, that something
    went wrong, that there is no such process, is all one, and the walk looks for itself. So nothing can be
    lost by it, and everything that has to be said is said by one and the same code.

    The process is begun afresh (posix_spawn) and not forked: forking copies whatever locks other threads of
    the program hold. It has a process group of its own, so that a Ctrl-C in a terminal reaches the run alone,
    and it ends when its input does, so also when the run is killed.

    Not on Windows, which opens directories in another way (`beneath`); there the walk looks for itself.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import sys
from collections import deque
from collections.abc import Sequence
from typing import Self

from syncfs.endpoint import glance
from syncfs.endpoint.beneath import HAS_DESCRIPTORS

__all__ = ["ProcessRecogniser"]


class ProcessRecogniser:
    """The process, and what it has told; see `Recogniser`.

    Args:
        root: The root, every symlink in it resolved.
        pinned: Its device and inode; of any other directory under that path nothing is told.
    """

    def __init__(self, root: str, pinned: tuple[int, int]) -> None:
        self._asked: deque[list[str]] = deque()
        self._told: dict[str, bool] = {}
        self._pid = self._requests = self._answers = -1
        with contextlib.suppress(OSError, ValueError):
            self._start(root, pinned)

    def _start(self, root: str, pinned: tuple[int, int]) -> None:
        program = glance.__file__
        # Embedded in another program, `sys.executable` may be that program.
        is_python = os.path.basename(sys.executable or "").lower().startswith(("python", "pypy"))
        if not (HAS_DESCRIPTORS and is_python and hasattr(os, "posix_spawn") and os.path.isfile(program)):
            return
        encoding = "utf8=1" if sys.getfilesystemencoding() == "utf-8" else "utf8=0"
        words = [sys.executable, "-I", "-S", "-X", encoding, program, root, *map(str, pinned)]
        read_requests, requests = os.pipe()
        answers, write_answers = os.pipe()
        try:
            self._pid = os.posix_spawn(
                sys.executable,
                words,
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, read_requests, 0),
                    (os.POSIX_SPAWN_DUP2, write_answers, 1),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                ],
                setpgroup=0,
            )
            self._requests, self._answers = requests, answers
        except BaseException:
            os.close(requests)
            os.close(answers)
            raise
        finally:
            os.close(read_requests)
            os.close(write_answers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @property
    def waiting(self) -> int:
        """How many askings are not answered yet."""
        return len(self._asked)

    def ask(self, marked: Sequence[tuple[str, bytes]]) -> None:
        """Ask of some directories whether they bear these marks; does not wait."""
        if self._pid < 0:
            return
        try:
            data = memoryview(marshal.dumps(list(marked), 2))
            while data:
                data = data[os.write(self._requests, data) :]
            self._asked.append([directory for directory, _ in marked])
        except OSError:
            self._end()

    def bears_mark(self, directory: str) -> bool:
        """Whether a directory that was asked about bears its mark; waits for the answer, told once."""
        while directory not in self._told and self._asked:
            self._take()
        return self._told.pop(directory, False)

    def _take(self) -> None:
        directories = self._asked.popleft()
        told = b""
        while len(told) < len(directories):
            try:
                more = os.read(self._answers, len(directories) - len(told))
            except OSError:
                more = b""
            if not more:
                self._end()
                return
            told += more
        self._told.update(zip(directories, map((1).__eq__, told), strict=True))

    def _end(self) -> None:
        """Let the process go; what it has told stays true."""
        self._asked.clear()
        if self._pid < 0:
            return
        pid, self._pid = self._pid, -1
        os.close(self._requests)
        os.close(self._answers)
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(OSError):  # the program may wait for all its children itself
            os.waitpid(pid, 0)
